import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { inspectPair } from '../../../src/pki/inspect.ts';
import { generateKey, type KeySpec } from '../../../src/pki/keys.ts';
import { createTemporaryCertificate, isTemporary } from '../../../src/pki/temporary.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const specs: KeySpec[] = [
  { algorithm: 'ECDSA', size: 384 },
  { algorithm: 'RSA', size: 2048 },
];

test.each(specs)(
  'a temporary certificate is one of its key for its names, by nobody: $algorithm',
  async (spec) => {
    const { keys, privateKeyPem } = await generateKey(spec);
    const hostnames = ['*.example.com', 'example.com'];
    const pem = await createTemporaryCertificate(keys, spec, hostnames, NOW);
    const pair = inspectPair(pem, privateKeyPem, []);
    if (pair.state !== 'Matching') throw new Error(pair.problem);
    const { certificate } = pair;
    expect(certificate).toMatchObject({
      ...spec,
      hostnames,
      hasOtherNames: false,
      isCa: false,
      trusted: false,
    });
    expect(certificate.notBefore).toBeLessThan(NOW);
    expect(certificate.notAfter).toBeGreaterThan(NOW + 300 * 86_400_000);
    expect(isTemporary(certificate)).toBe(true);
    const x509 = new X509Certificate(pem);
    expect(x509.verify(x509.publicKey)).toBe(true);
  },
);

test.each([
  ['one that an Origin CA root signed, whatever its name', { trusted: true }],
  ['one of another maker', { issuer: 'Kubernetes Ingress Controller Fake Certificate' }],
])('no temporary certificate is %s', (_, change) => {
  const temporary = { trusted: false, issuer: 'origin-ca-operator temporary certificate' };
  expect(isTemporary(temporary)).toBe(true);
  expect(isTemporary({ ...temporary, ...change })).toBe(false);
});
