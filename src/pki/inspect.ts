import { X509Certificate } from 'node:crypto';
import { issuingRoot } from './chain.ts';
import { keySpecOf, privateKeyDigest, publicKeyDigest } from './keys.ts';

/** What the operator needs to know of a certificate; plain data, safe to keep, log and compare. */
export interface CertificateFacts {
  /** The serial number in decimal: what Cloudflare calls the certificate's id. */
  readonly id: string;
  /** The serial number in upper-case hex, as X.509 tools print it. */
  readonly serialNumber: string;
  readonly fingerprintSHA256: string;
  /** DNS names, lower case, sorted, without duplicates. */
  readonly hostnames: readonly string[];
  /** True when a subject alternative name of another kind (IP, e-mail, URI) stands beside the DNS names. */
  readonly hasOtherNames: boolean;
  readonly algorithm: string;
  /** Key size in bits. */
  readonly size: number;
  readonly publicKeyDigest: string;
  readonly isCa: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Common name, else organizational unit, of the issuer. */
  readonly issuer: string;
  /** Whether one of the trusted Origin CA roots signed it. */
  readonly trusted: boolean;
  /** When that root ends, milliseconds since the Unix epoch; the certificate may outlive it. */
  readonly rootNotAfter: number | undefined;
}

/** A pair as found in a Secret. Every state but `Matching` is a reason to issue. */
export type PairFacts =
  | { readonly state: 'MissingData'; readonly problem: string; readonly certificate?: CertificateFacts }
  | { readonly state: 'InvalidCertificate'; readonly problem: string }
  | { readonly state: 'InvalidKeyPair'; readonly problem: string; readonly certificate?: CertificateFacts }
  | { readonly state: 'Matching'; readonly certificate: CertificateFacts };

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The PEM certificate blocks of a text, in order. */
export function pemCertificates(text: string): readonly string[] {
  return text.match(PEM_BLOCK) ?? [];
}

/** Facts of the first certificate in a PEM text; undefined when there is none that parses. */
export function inspectCertificate(
  pem: string,
  roots: readonly X509Certificate[],
): CertificateFacts | undefined {
  const [first] = pemCertificates(pem);
  if (first === undefined) return undefined;
  try {
    const facts = factsOf(new X509Certificate(first), roots);
    // A date that cannot be read is none to judge by, and no text can be made of it.
    return Number.isFinite(facts.notBefore) && Number.isFinite(facts.notAfter) ? facts : undefined;
  } catch {
    return undefined; // Undefined is the finding; the caller names the place it came from.
  }
}

/** Facts of a certificate and private key in PEM, empty or absent strings included. */
export function inspectPair(
  certificatePem: string | undefined,
  privateKeyPem: string | undefined,
  roots: readonly X509Certificate[],
): PairFacts {
  const missing = [...(certificatePem ? [] : ['tls.crt']), ...(privateKeyPem ? [] : ['tls.key'])];
  const certificate = inspectCertificate(certificatePem ?? '', roots);
  if (!certificatePem || !privateKeyPem) {
    const problem = `${missing.join(' and ')} missing or empty`;
    return { state: 'MissingData', problem, ...(certificate && { certificate }) };
  }
  if (certificate === undefined)
    return { state: 'InvalidCertificate', problem: 'tls.crt holds no certificate in PEM' };
  const digest = privateKeyDigest(privateKeyPem);
  if (digest === undefined)
    return { state: 'InvalidKeyPair', problem: 'tls.key holds no private key in PEM', certificate };
  if (digest !== certificate.publicKeyDigest) {
    return {
      state: 'InvalidKeyPair',
      problem: 'tls.key is not the key of the certificate in tls.crt',
      certificate,
    };
  }
  return { state: 'Matching', certificate };
}

function factsOf(certificate: X509Certificate, roots: readonly X509Certificate[]): CertificateFacts {
  const key = keySpecOf(certificate.publicKey);
  const names = subjectAltNames(certificate.subjectAltName);
  const root = issuingRoot(certificate, roots);
  return {
    id: BigInt(`0x${certificate.serialNumber}`).toString(10),
    serialNumber: certificate.serialNumber,
    fingerprintSHA256: certificate.fingerprint256,
    ...names,
    algorithm: key?.algorithm ?? certificate.publicKey.asymmetricKeyType ?? 'unknown',
    size: key?.size ?? 0,
    publicKeyDigest: publicKeyDigest(certificate.publicKey),
    isCa: certificate.ca,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    issuer: nameOf(certificate.issuer),
    trusted: root !== undefined,
    rootNotAfter: root?.validToDate.getTime(),
  };
}

/**
 * Node prints subject alternative names as `DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1`, and quotes a
 * value with odd characters. A quoted name is never one of ours, so it only counts as "another name".
 */
function subjectAltNames(text: string | undefined): Pick<CertificateFacts, 'hostnames' | 'hasOtherNames'> {
  const parts = (text ?? '').split(', ').filter((part) => part !== '');
  const dns = parts.filter((part) => part.startsWith('DNS:') && !part.includes('"'));
  const hostnames = [...new Set(dns.map((part) => part.slice('DNS:'.length).toLowerCase()))].toSorted();
  return { hostnames, hasOtherNames: dns.length !== parts.length };
}

/** It comes to stand in messages, and anybody can put a certificate of their own making into a Secret. */
const MAX_ISSUER = 200;

/** The issuer's common name or, as Cloudflare's roots have none, its organizational unit. */
function nameOf(distinguishedName: string): string {
  const lines = distinguishedName.split('\n');
  const value = (attribute: string): string | undefined =>
    lines.find((line) => line.startsWith(`${attribute}=`))?.slice(attribute.length + 1);
  const name = value('CN') ?? value('OU') ?? value('O') ?? lines.join(', ');
  return name.slice(0, MAX_ISSUER).replaceAll(/\p{C}/gu, ' ');
}
