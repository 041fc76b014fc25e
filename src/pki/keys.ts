import { createPublicKey, hash, type KeyObject, webcrypto, type X509Certificate } from 'node:crypto';
import { readPrivateKey } from './private-key.ts';

/** What a private key may be. Source: the CRD's `privateKey`; Cloudflare documents no other sizes. */
export type KeySpec =
  | { readonly algorithm: 'ECDSA'; readonly size: 256 | 384 }
  | { readonly algorithm: 'RSA'; readonly size: 2048 | 3072 | 4096 };

export const DEFAULT_KEY: KeySpec = { algorithm: 'ECDSA', size: 256 };

/**
 * Makes a key pair off the main thread (RSA generation takes tens of milliseconds) and returns it in the two
 * forms needed: WebCrypto for the CSR, PKCS#8 PEM for the Secret.
 */
export async function generateKey(
  spec: KeySpec,
): Promise<{ keys: webcrypto.CryptoKeyPair; privateKeyPem: string }> {
  const keys = await webcrypto.subtle.generateKey(generationParameters(spec), true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { keys, privateKeyPem: toPem('PRIVATE KEY', der) };
}

/** The algorithm that WebCrypto and the CSR builder sign with for such a key: always with SHA-256 or better. */
export function signingAlgorithm(spec: KeySpec): { name: string; hash: string } {
  return spec.algorithm === 'RSA'
    ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    : { name: 'ECDSA', hash: spec.size === 384 ? 'SHA-384' : 'SHA-256' };
}

/** SHA-256, hex, of a public key's SubjectPublicKeyInfo: one issuance, one key, so this names the issuance. */
export function publicKeyDigest(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex');
}

/** The digest of the public half of a PEM private key, or undefined where the text is no private key. */
export function privateKeyDigest(privateKeyPem: string): string | undefined {
  const key = readPrivateKey(privateKeyPem);
  return key && publicKeyDigest(key);
}

/** The digest of a certificate's key; undefined where the certificate can be read and its key cannot. */
export function certificateKeyDigest(certificate: X509Certificate): string | undefined {
  try {
    return publicKeyDigest(certificate.publicKey);
  } catch {
    return undefined; // A key that nothing can be done with: that is the finding.
  }
}

/** DER of a public key that is looked into, bytes: one of RSA with 16,384 bits fits. */
const MAX_DETAILED = 2200;

/** Algorithm and size of a public or private key; undefined for kinds that the operator never makes. */
export function keySpecOf(key: KeyObject): { algorithm: string; size: number } | undefined {
  const type = key.asymmetricKeyType;
  if (type !== 'rsa' && type !== 'ec') return undefined;
  // Node takes a minute for the details of a key that fills a Secret.
  const der = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  if (der.length > MAX_DETAILED) return undefined;
  const details = key.asymmetricKeyDetails;
  if (type === 'rsa') return { algorithm: 'RSA', size: details?.modulusLength ?? 0 };
  return { algorithm: 'ECDSA', size: CURVE_SIZE[details?.namedCurve ?? ''] ?? 0 };
}

const CURVE_SIZE: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

function generationParameters(spec: KeySpec): webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams {
  if (spec.algorithm === 'ECDSA') return { name: 'ECDSA', namedCurve: `P-${spec.size}` };
  const publicExponent = new Uint8Array([1, 0, 1]);
  return { ...signingAlgorithm(spec), modulusLength: spec.size, publicExponent };
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
