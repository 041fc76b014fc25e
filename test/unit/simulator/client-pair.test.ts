import { beforeAll, describe, expect, test } from 'vitest';
import { createPair, type Pair } from '../../simulator/ca/pair.ts';
import { issuerOf, readPair, signatureOf, type ClientPair } from '../../simulator/rules/client-pair.ts';

let pair: Pair;
let other: Pair;

function newPair(): Promise<Pair> {
  return createPair({
    caName: [{ CN: ['Some CA'] }, { O: ['Some Company, Inc.'] }],
    name: 'CN=client',
    usage: 'clients',
    lifetimeMs: 86_400_000,
  });
}

beforeAll(async () => {
  [pair, other] = await Promise.all([newPair(), newPair()]);
});

function read(certificate: string, key = pair.key): ClientPair {
  const result = readPair(certificate, key);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

describe('an uploaded pair', () => {
  test('is kept without the newline at its end', () => {
    expect(read(`${pair.certificate}\n\n`).certificate).toBe(pair.certificate.trimEnd());
  });

  test('may bring its chain, in any order', () => {
    const { fingerprint256 } = read(pair.certificate).leaf;
    for (const chain of [pair.certificate + pair.ca, pair.ca + pair.certificate])
      expect(read(chain).leaf.fingerprint256).toBe(fingerprint256);
  });

  test('tells issuer and algorithm as Cloudflare would', () => {
    const { leaf } = read(pair.certificate);
    expect([issuerOf(leaf), signatureOf(leaf)]).toEqual(['Some Company, Inc.', 'ECDSAWithSHA256']);
  });

  test.each<[string, (a: Pair, b: Pair) => readonly [string, string]]>([
    ['noCertificate', ({ key }) => ['', key]],
    ['noCertificate', ({ key }) => ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', key]],
    ['noLeaf', ({ ca, key }) => [ca, key]],
    ['noKey', ({ certificate }) => [certificate, '']],
    ['noKey', ({ certificate }) => [certificate, certificate]],
    ['otherKey', ({ certificate }, { key }) => [certificate, key]],
  ])('is refused for %s', (problem, make) => {
    expect(readPair(...make(pair, other))).toBe(problem);
  });
});
