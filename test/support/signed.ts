import { createPublicKey, X509Certificate } from 'node:crypto';
import { generateKey, type KeySpec, DEFAULT_KEY } from '../../src/pki/keys.ts';
import type { TrustedRoots } from '../../src/secret-facts.ts';
import { createOriginCa, type OriginCa } from '../simulator/ca/authority.ts';
import { issue, type IssueRequest } from '../simulator/ca/issue.ts';

/** Both Origin CA roots of the simulator, made anew, and what the operator would trust by them. */
export async function originRoots(): Promise<{ ca: OriginCa; roots: TrustedRoots }> {
  const ca = await createOriginCa();
  const pem = ca.rsa.certificate + ca.ecc.certificate;
  const certificates = [ca.rsa, ca.ecc].map(({ certificate }) => new X509Certificate(certificate));
  return { ca, roots: { certificates, pem } };
}

/** A key and a certificate for it, both in PEM, signed by one of the roots. */
export async function signedBy(
  ca: OriginCa,
  request: Partial<IssueRequest> & { readonly key?: KeySpec; readonly privateKeyPem?: string } = {},
): Promise<{ id: string; certificate: string; privateKey: string }> {
  const spec = request.key ?? DEFAULT_KEY;
  const privateKey = request.privateKeyPem ?? (await generateKey(spec)).privateKeyPem;
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const { id, certificate } = await issue(
    {
      publicKey,
      hostnames: ['example.com', '*.example.com'],
      requestType: spec.algorithm === 'RSA' ? 'origin-rsa' : 'origin-ecc',
      notBefore: now,
      notAfter: now + 90 * 86_400_000,
      ...request,
    },
    ca,
  );
  return { id, certificate, privateKey };
}
