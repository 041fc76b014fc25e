import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { issuingRoot } from '../../../src/pki/chain.ts';
import { inspectCertificate, inspectPair } from '../../../src/pki/inspect.ts';
import { DEFAULT_KEY, generateKey, privateKeyDigest } from '../../../src/pki/keys.ts';
import type { OriginCa } from '../../simulator/ca/authority.ts';
import { originRoots, signedBy } from '../../support/signed.ts';

let ca: OriginCa;
let roots: readonly X509Certificate[];
let pair: Awaited<ReturnType<typeof signedBy>>;

beforeAll(async () => {
  const made = await originRoots();
  ca = made.ca;
  roots = made.roots.certificates;
  pair = await signedBy(ca);
});

describe('the facts of a certificate', () => {
  test('are those that OpenSSL sees', () => {
    const facts = inspectCertificate(pair.certificate, roots);
    const seen = new X509Certificate(pair.certificate);
    expect(facts).toMatchObject({
      id: pair.id,
      serialNumber: seen.serialNumber,
      fingerprintSHA256: seen.fingerprint256,
      hostnames: ['*.example.com', 'example.com'],
      hasOtherNames: false,
      algorithm: 'ECDSA',
      size: 256,
      publicKeyDigest: privateKeyDigest(pair.privateKey),
      isCa: false,
      notBefore: seen.validFromDate.getTime(),
      notAfter: seen.validToDate.getTime(),
      issuer: 'CloudFlare Origin SSL ECC Certificate Authority',
      trusted: true,
    });
  });

  test('tell both roots apart, and a root of the same name that is none of ours', async () => {
    const rsa = await signedBy(ca, { key: { algorithm: 'RSA', size: 2048 } });
    const stranger = await signedBy(ca, { variant: 'unknownRoot' });
    const rootOf = (text: string) => issuingRoot(new X509Certificate(text), roots);
    expect([rsa, pair, stranger].map(({ certificate }) => rootOf(certificate))).toEqual([
      roots[0],
      roots[1],
      undefined,
    ]);
    expect(inspectCertificate(stranger.certificate, roots)?.trusted).toBe(false);
  });

  test('are of the first block, and of no text that is none', () => {
    const two = `${pair.certificate}\n${ca.rsa.certificate}`;
    expect(inspectCertificate(two, roots)?.id).toBe(pair.id);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(inspectCertificate(text, roots)).toBeUndefined();
        const block = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
        expect(inspectCertificate(block, roots)).toBeUndefined();
      }),
    );
  });
});

describe('a pair', () => {
  test('is judged by what is there', async () => {
    const { certificate, privateKey } = pair;
    const { privateKeyPem: other } = await generateKey(DEFAULT_KEY);
    const states = [
      inspectPair(certificate, privateKey, roots),
      inspectPair(undefined, privateKey, roots),
      inspectPair(certificate, '', roots),
      inspectPair('', undefined, roots),
      inspectPair('nonsense', privateKey, roots),
      inspectPair(certificate, 'nonsense', roots),
      inspectPair(certificate, other, roots),
    ];
    expect(
      states.map((facts) => (facts.state === 'Matching' ? facts.state : `${facts.state}: ${facts.problem}`)),
    ).toEqual([
      'Matching',
      'MissingData: tls.crt missing or empty',
      'MissingData: tls.key missing or empty',
      'MissingData: tls.crt and tls.key missing or empty',
      'InvalidCertificate: tls.crt holds no certificate in PEM',
      'InvalidKeyPair: tls.key holds no private key in PEM',
      'InvalidKeyPair: tls.key is not the key of the certificate in tls.crt',
    ]);
  });
});
