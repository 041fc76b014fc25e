import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
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

/** The ECC root as a CA makes it anew: the same name and key, other dates. */
async function eccRootUntil({ ecc }: OriginCa, notAfter: Date): Promise<X509Certificate> {
  const former = new x509.X509Certificate(ecc.certificate);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const der = ecc.privateKey.export({ type: 'pkcs8', format: 'der' });
  const renewed = await x509.X509CertificateGenerator.create({
    serialNumber: '01',
    subject: former.subjectName,
    issuer: former.issuerName,
    notBefore: former.notBefore,
    notAfter,
    publicKey: await former.publicKey.export(algorithm, ['verify']),
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: former.extensions,
  });
  return new X509Certificate(renewed.toString('pem'));
}

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
      rootNotAfter: Date.parse('2029-08-15T17:00:00Z'),
    });
  });

  test('know no end of a root that is none of ours', () => {
    expect(inspectCertificate(pair.certificate, [])).toMatchObject({
      trusted: false,
      rootNotAfter: undefined,
    });
  });

  test('tell the last end where a root was made anew with its old key', async () => {
    const renewed = await eccRootUntil(ca, new Date('2044-08-15T17:00:00Z'));
    for (const both of [
      [...roots, renewed],
      [renewed, ...roots],
    ])
      expect(inspectCertificate(pair.certificate, both)?.rootNotAfter).toBe(Date.UTC(2044, 7, 15, 17));
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

  test('shows the certificate that is there, whatever has become of its key', async () => {
    const { id, certificate } = pair;
    const { privateKeyPem: other } = await generateKey(DEFAULT_KEY);
    for (const key of ['', 'nonsense', other])
      expect(inspectPair(certificate, key, roots)).toMatchObject({ certificate: { id } });
    expect(inspectPair('', other, roots)).not.toHaveProperty('certificate');
  });
});
