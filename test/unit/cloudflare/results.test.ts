import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { builtInRoots } from '../../../src/cloudflare/roots.ts';
import { certificateOf, parseTime, tokenStateOf, zoneOfResult } from '../../../src/cloudflare/results.ts';
import { publicKeyDigest } from '../../../src/pki/keys.ts';

const [root] = builtInRoots();
const PEM = root!.toString();

describe('parseTime', () => {
  const moment = Date.parse('2040-04-05T13:40:00Z');
  test.each([
    ['2040-04-05 13:40:00 +0000 UTC', moment],
    ['2040-04-05 13:40:00.123456789 +0000 UTC', moment + 123],
    ['2040-04-05 15:40:00 +0200 CEST', moment],
    ['2040-04-05 15:40:00 +0200 +0200', moment],
    ['2040-04-05T13:40:00Z', moment],
    ['2040-04-05T13:40:00.12345Z', moment + 123],
    ['2040-04-05t11:40:00-02:00', moment],
    ['0001-01-01T00:00:00Z', undefined],
    ['0001-01-01 00:00:00 +0000 UTC', undefined],
    ['2040-13-05T13:40:00Z', undefined],
    ['2040-04-05', undefined],
    ['tomorrow', undefined],
    ['', undefined],
    [null, undefined],
    [2_217_246_000, undefined],
  ])('%j', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  test('both forms of any moment are the same moment', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const iso = date.toISOString();
          const go = `${iso.slice(0, 10)} ${iso.slice(11, -1)} +0000 UTC`;
          expect(parseTime(iso)).toBe(date.getTime());
          expect(parseTime(go)).toBe(date.getTime());
        },
      ),
    );
  });
});

describe('certificateOf', () => {
  const id = '328578533902268680212849205732770752308931942346';

  test('keeps the decimal id as text and computes the key digest from the certificate', () => {
    const read = certificateOf({
      id,
      certificate: PEM,
      hostnames: ['*.example.com'],
      expires_on: '2040-04-05 13:40:00 +0000 UTC',
    });
    expect(read).toEqual({
      id,
      certificate: PEM,
      hostnames: ['*.example.com'],
      publicKeyDigest: publicKeyDigest(root!.publicKey),
      expiresOn: Date.parse('2040-04-05T13:40:00Z'),
      notBefore: root!.validFromDate.getTime(),
      notAfter: root!.validToDate.getTime(),
      revokedAt: undefined,
    });
  });

  test('takes the id from the certificate where the answer wrote it as a number', () => {
    expect(certificateOf({ id: 3.28e47, certificate: PEM })?.id).toBe(
      BigInt(`0x${root!.serialNumber}`).toString(10),
    );
  });

  test('keeps a certificate that cannot be read, without a digest', () => {
    expect(
      certificateOf({ id, certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }),
    ).toMatchObject({
      id,
      publicKeyDigest: undefined,
      hostnames: [],
    });
  });

  test.each([null, 'text', [], {}, { id: 5 }, { id: '' }])('%j names no certificate', (value) => {
    expect(certificateOf(value)).toBeUndefined();
  });

  test.each([
    ['2014-01-02T05:20:00.12345Z', '2014-01-02T05:20:00.12345Z'],
    ['some day', 'some day'],
    ['0001-01-01T00:00:00Z', undefined],
    ['', undefined],
    [null, undefined],
  ])('revoked_at %j is %j', (text, revokedAt) => {
    expect(certificateOf({ id, revoked_at: text })?.revokedAt).toBe(revokedAt);
  });
});

describe('zones and tokens', () => {
  test('a zone is read leniently', () => {
    expect(zoneOfResult({ id: 'z1', name: 'Example.com', status: 'active', account: { id: 'a1' } })).toEqual({
      id: 'z1',
      name: 'example.com',
      status: 'active',
      paused: false,
      account: { id: 'a1', name: undefined },
    });
    expect(zoneOfResult({ id: 'z1' })).toBeUndefined();
    expect(zoneOfResult({ id: 'z1', name: 'a.b', paused: true })).toMatchObject({
      paused: true,
      status: 'unknown',
    });
  });

  test('a token without an end has none', () => {
    expect(tokenStateOf({ id: 't', status: 'active' })).toEqual({
      id: 't',
      status: 'active',
      expiresOn: undefined,
    });
    expect(tokenStateOf({ status: 'active', expires_on: '2030-01-01T00:00:00Z' }).expiresOn).toBe(
      Date.parse('2030-01-01'),
    );
    expect(tokenStateOf(null).status).toBe('unknown');
  });
});
