// @peculiar/x509 resolves its services through decorators and throws at import without this polyfill before it.
import 'reflect-metadata';
import { type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { certificateKeyDigest, generateKey, type KeySpec, publicKeyDigest } from './keys.ts';
import { readPrivateKey } from './private-key.ts';

/** A certificate and its private key (PKCS#8), both in PEM. */
export interface PemPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A CA that can sign: its certificate and key, found to belong together. */
export interface SigningAuthority {
  readonly certificate: X509Certificate;
  readonly privateKey: KeyObject;
}

const DAY_MS = 86_400_000;
const CA_LIFETIME_MS = 3652 * DAY_MS;
const LEAF_LIFETIME_MS = 90 * DAY_MS;
/** Clocks differ: what is signed now must be valid at an edge or origin whose clock is slow. */
const BACKDATED_MS = 3_600_000;

/**
 * RSA, because all that Cloudflare documents of origin pulls is RSA with SHA-256 (its instructions, its answers'
 * `SHA256WithRSA`, its own shared CA), and every TLS server takes it. The CA's key lasts ten years, the leaf's 90 days.
 */
const CA_KEY: KeySpec = { algorithm: 'RSA', size: 3072 };
const LEAF_KEY: KeySpec = { algorithm: 'RSA', size: 2048 };

/** Common names longer than this are refused by OpenSSL. */
const MAX_NAME = 64;

/** A self-signed CA for ten years that signs leaves only. Its name is its own: servers look CAs up by name. */
export async function createAuthority(zoneName: string, nowMs: number): Promise<PemPair> {
  const { keys, privateKeyPem } = await generateKey(CA_KEY);
  const notBefore = wholeSeconds(nowMs - BACKDATED_MS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: subject(`Origin Pull CA ${randomBytes(4).toString('hex')} ${zoneName}`),
    notBefore: new Date(notBefore),
    notAfter: new Date(notBefore + CA_LIFETIME_MS),
    keys,
    signingAlgorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), privateKey: privateKeyPem };
}

/** A client certificate for 90 days, or until the CA ends if that is sooner, with a key of its own. */
export async function issueClientCertificate(
  authority: SigningAuthority,
  zoneName: string,
  nowMs: number,
): Promise<PemPair> {
  const { keys, privateKeyPem } = await generateKey(LEAF_KEY);
  const signer = await signerOf(authority.privateKey);
  const issuer = new x509.X509Certificate(authority.certificate.raw);
  const notBefore = wholeSeconds(nowMs - BACKDATED_MS);
  const notAfter = Math.min(notBefore + LEAF_LIFETIME_MS, authority.certificate.validToDate.getTime());
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: subject(`Origin Pull ${zoneName}`),
    issuer: issuer.subjectName,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    publicKey: keys.publicKey,
    signingKey: signer.key,
    signingAlgorithm: signer.algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pemOf(certificate), privateKey: privateKeyPem };
}

/**
 * The CA of a certificate and key in PEM, or what is wrong with them, as the end of a sentence that begins with the
 * place they came from.
 */
export function readAuthority(
  certificatePem: string | undefined,
  privateKeyPem: string | undefined,
): SigningAuthority | { readonly problem: string } {
  if (!certificatePem || !privateKeyPem) return { problem: 'lacks tls.crt or tls.key' };
  const certificate = readCertificate(certificatePem);
  if (certificate === undefined) return { problem: 'has no certificate in PEM under tls.crt' };
  const privateKey = readPrivateKey(privateKeyPem);
  if (privateKey === undefined) return { problem: 'has no private key in PEM under tls.key' };
  if (publicKeyDigest(privateKey) !== certificateKeyDigest(certificate))
    return { problem: 'has a tls.key that is not the key of tls.crt' };
  if (!certificate.ca) return { problem: 'has a certificate under tls.crt that is no CA' };
  // ingress-nginx looks one step up from the client certificate, and OpenSSL trusts only what is self-signed.
  if (!certificate.checkIssued(certificate) || !certificate.verify(certificate.publicKey))
    return { problem: 'has an intermediate CA under tls.crt; origins need a self-signed one' };
  if (signingAlgorithmOf(privateKey) === undefined)
    return { problem: `has a key of type ${privateKey.asymmetricKeyType ?? 'unknown'}; use RSA or ECDSA` };
  return { certificate, privateKey };
}

/** The first certificate of a PEM text; undefined where there is none. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // Undefined is the finding; the caller names the place it came from.
  }
}

/** One certificate as the PEM text that is published and stored. */
export function pemText(certificate: X509Certificate): string {
  return `${certificate.toString().trimEnd()}\n`;
}

type SigningAlgorithm = (webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams) & {
  readonly hash: string;
};

const ECDSA_BY_CURVE: Readonly<Record<string, { namedCurve: string; hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function signingAlgorithmOf(key: KeyObject): SigningAlgorithm | undefined {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  if (key.asymmetricKeyType !== 'ec') return undefined;
  const curve = ECDSA_BY_CURVE[key.asymmetricKeyDetails?.namedCurve ?? ''];
  return curve && { name: 'ECDSA', ...curve };
}

async function signerOf(
  privateKey: KeyObject,
): Promise<{ key: webcrypto.CryptoKey; algorithm: SigningAlgorithm }> {
  const algorithm = signingAlgorithmOf(privateKey);
  if (algorithm === undefined) throw new TypeError('a CA key that can sign no certificate');
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  return { key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']), algorithm };
}

/** A common name alone: organisation and country would be made up. */
function subject(commonName: string): x509.JsonName {
  return [{ CN: [commonName.slice(0, MAX_NAME)] }];
}

/** 16 random bytes, positive and without leading zeros. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
