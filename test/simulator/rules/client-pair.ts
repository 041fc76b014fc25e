import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';

/** A pair that origins can be shown, read from its PEM. */
export interface ClientPair {
  readonly leaf: X509Certificate;
  /** As it is given back: without the newline at its end. */
  readonly certificate: string;
  readonly privateKey: string;
}

export type PairProblem = 'noCertificate' | 'noLeaf' | 'noKey' | 'otherKey';

/** Reads a pair, or says what Cloudflare would not take of it. A chain may follow the leaf. */
export function readPair(certificate: string, privateKey: string): ClientPair | PairProblem {
  const certificates = certificatesIn(certificate);
  if (certificates === undefined || certificates.length === 0) return 'noCertificate';
  const leaf = certificates.find(({ ca }) => !ca);
  if (leaf === undefined) return 'noLeaf';
  const key = keyIn(privateKey);
  if (key === undefined) return 'noKey';
  if (!leaf.checkPrivateKey(key)) return 'otherKey';
  return { leaf, certificate: certificate.trimEnd(), privateKey };
}

/** The names that Go gives signature algorithms. */
const GO_NAMES: Readonly<Record<string, string>> = {
  sha256WithRSAEncryption: 'SHA256WithRSA',
  sha384WithRSAEncryption: 'SHA384WithRSA',
  sha512WithRSAEncryption: 'SHA512WithRSA',
  'ecdsa-with-SHA256': 'ECDSAWithSHA256',
  'ecdsa-with-SHA384': 'ECDSAWithSHA384',
  'ecdsa-with-SHA512': 'ECDSAWithSHA512',
  ED25519: 'Ed25519',
};

/** How Cloudflare names the algorithm that a certificate is signed with. */
export function signatureOf({ signatureAlgorithm }: X509Certificate): string {
  return GO_NAMES[signatureAlgorithm ?? ''] ?? 'UnknownSignatureAlgorithm';
}

/** Who issued it, in a word: the organization, else the common name. */
export function issuerOf({ issuer }: X509Certificate): string {
  const part = (name: string): string | undefined =>
    issuer
      .split('\n')
      .find((line) => line.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/\\(.)/g, '$1'); // Node escapes commas.
  return part('O') ?? part('CN') ?? '';
}

function certificatesIn(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined; // The finding: Cloudflare gives no cause either.
  }
}

function keyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // As above; a cause could quote the key.
  }
}
