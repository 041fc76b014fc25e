import 'reflect-metadata';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { describe, expect, test } from 'vitest';
import { createCsr } from '../../../src/pki/csr.ts';
import { generateKey, type KeySpec, keySpecOf, privateKeyDigest } from '../../../src/pki/keys.ts';

const SUBJECT_ALTERNATIVE_NAMES = '2.5.29.17';
const SPECS: readonly KeySpec[] = [
  { algorithm: 'ECDSA', size: 256 },
  { algorithm: 'ECDSA', size: 384 },
  { algorithm: 'RSA', size: 2048 },
];

describe.each(SPECS)('a key of $algorithm $size', (spec) => {
  test('is stored as PKCS#8 that Node reads as such a key', async () => {
    const { privateKeyPem } = await generateKey(spec);
    expect(privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(keySpecOf(createPrivateKey(privateKeyPem))).toEqual(spec);
  });

  test('signs a request for its names, with the key that the digest is of', async () => {
    const { keys, privateKeyPem } = await generateKey(spec);
    const names = ['example.com', '*.example.com'];
    const request = new Pkcs10CertificateRequest(await createCsr(keys, spec, names));
    expect(await request.verify()).toBe(true);
    expect(request.subject).toBe('');
    const { rawData } = request.getExtension(SUBJECT_ALTERNATIVE_NAMES) ?? { rawData: new ArrayBuffer(0) };
    const inRequest = new SubjectAlternativeNameExtension(rawData).names.toJSON();
    expect(inRequest).toEqual(names.map((value) => ({ type: 'dns', value })));
    const spki = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
    expect(Buffer.from(request.publicKey.rawData)).toEqual(spki);
    expect(privateKeyDigest(privateKeyPem)).toBe(createHash('sha256').update(spki).digest('hex'));
  });
});

test.each(['', 'no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'])(
  'what is no private key has no digest (%j)',
  (text) => {
    expect(privateKeyDigest(text)).toBeUndefined();
  },
);
