import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createOriginCa, type OriginCa } from '../../simulator/ca/authority.ts';
import { element, integer, read } from '../../simulator/ca/der.ts';
import { signLeaf } from '../../simulator/ca/leaf.ts';

const { publicKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = key.export({ type: 'spki', format: 'der' });
const NOW = Date.UTC(2026, 10, 21, 12, 30);

let originCa: OriginCa;
beforeAll(async () => {
  originCa = await createOriginCa();
});

describe('signLeaf', () => {
  test('writes what OpenSSL reads, whatever serial, dates and number of names', () => {
    const name = fc.stringMatching(/^(\*\.)?[a-z][a-z0-9]{0,60}\.example\.com$/);
    const content = fc.record({
      hostnames: fc.uniqueArray(name, { minLength: 1, maxLength: 100 }),
      serial: fc.uint8Array({ minLength: 20, maxLength: 20 }).filter(([first = 0]) => first > 0),
      notBefore: fc
        .integer({ min: 0, max: 40 * 365 * 24 * 60 })
        .map((minutes) => Date.UTC(2020, 0) + minutes * 60_000),
      days: fc.constantFrom(7, 90, 5475),
      algorithm: fc.constantFrom('rsa' as const, 'ecc' as const),
    });
    fc.assert(
      fc.property(content, ({ hostnames, serial, notBefore, days, algorithm }) => {
        const notAfter = notBefore + days * 86_400_000;
        const leaf = new X509Certificate(
          signLeaf({ publicKey, hostnames, notBefore, notAfter, serial }, originCa[algorithm]),
        );
        expect(BigInt(`0x${leaf.serialNumber}`)).toBe(BigInt(`0x${Buffer.from(serial).toString('hex')}`));
        expect([leaf.validFromDate.getTime(), leaf.validToDate.getTime()]).toEqual([notBefore, notAfter]);
        expect(leaf.subjectAltName).toBe(hostnames.map((hostname) => `DNS:${hostname}`).join(', '));
        const root = new X509Certificate(originCa[algorithm].certificate);
        expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('makes an authority only when asked to', () => {
    const content = {
      publicKey,
      hostnames: ['a.example.com'],
      notBefore: NOW,
      notAfter: NOW + 60_000,
      serial: Buffer.from([1]),
    };
    const isCa = [false, true].map(
      (wanted) => new X509Certificate(signLeaf({ ...content, isCa: wanted }, originCa.rsa)).ca,
    );
    expect(isCa).toEqual([false, true]);
  });
});

describe('the roots', () => {
  test('bear the names, dates and path length of the real ones, and sign themselves', () => {
    const [rsa, ecc] = [originCa.rsa, originCa.ecc].map(
      ({ certificate }) => new X509Certificate(certificate),
    );
    expect(rsa!.subject).toBe(
      'C=US\nO=CloudFlare\\, Inc.\nOU=CloudFlare Origin SSL Certificate Authority\nL=San Francisco\nST=California',
    );
    expect(ecc!.subject).toBe(
      'C=US\nST=California\nL=San Francisco\nO=CloudFlare\\, Inc.\nOU=CloudFlare Origin SSL ECC Certificate Authority',
    );
    for (const root of [rsa!, ecc!]) {
      expect(root.validToDate).toEqual(new Date('2029-08-15T17:00:00Z'));
      expect(root.ca && root.checkIssued(root) && root.verify(root.publicKey)).toBe(true);
    }
  });
});

describe('DER', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000])(
    'reads back contents of %d bytes',
    (length) => {
      const contents = Buffer.alloc(length, 7);
      const written = element(0x04, contents);
      expect(read(written)).toEqual({ contents, next: written.length });
    },
  );

  test('keeps integers positive', () => {
    expect([integer(Buffer.from([0x7f])), integer(Buffer.from([0x80]))]).toEqual([
      Buffer.from([2, 1, 0x7f]),
      Buffer.from([2, 2, 0, 0x80]),
    ]);
  });
});
