import type { X509Certificate } from 'node:crypto';
import type { CertificateFacts, PairFacts } from '../../src/pki/inspect.ts';
import type { KeySpec } from '../../src/pki/keys.ts';

/**
 * Stands in for `src/pki` in the explored protocol: keys and certificates are lines of text, so that a million of them
 * cost nothing and the same steps always make the same ones. What the protocol decides from them is unchanged.
 */

/** All that the protocol ever reads in a certificate. */
export interface PaperCertificate {
  readonly id: string;
  readonly key: string;
  readonly hostnames: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Signed by its own key: nobody trusts it, and Cloudflare does not know it. */
  readonly isTemporary?: true;
}

const CERTIFICATE = 'CERTIFICATE ';
const KEY = 'KEY ';

/** A certificate as the text that Secrets and answers carry. */
export function certificateText(certificate: PaperCertificate): string {
  return `${CERTIFICATE}${JSON.stringify(certificate)}`;
}

/** A key as the text that Secrets carry. */
export function keyText(key: string): string {
  return `${KEY}${key}`;
}

/** The certificate in a text that may be anything. */
export function certificateOf(text: string): PaperCertificate | undefined {
  const [line] = pemCertificates(text);
  if (line === undefined) return undefined;
  return JSON.parse(line.slice(CERTIFICATE.length)) as PaperCertificate;
}

const DAY_MS = 86_400_000;
/** Serial numbers of temporary certificates begin with it; those of Cloudflare here never come so far. */
const TEMPORARY_ID = '700';

/** Whether it is the serial number of a temporary certificate. */
export function isTemporaryId(id: string): boolean {
  return id.startsWith(TEMPORARY_ID);
}

/** Whose turn it is names the next key: the same steps make the same keys. */
let nextKey = (): string => {
  throw new Error('a key is made outside of a step');
};

/** Sets who names the keys that are made from now on. */
export function makeKeysBy(source: () => string): void {
  nextKey = source;
}

// What follows bears the names of src/pki/keys.ts, csr.ts, inspect.ts and temporary.ts.

/** In the place of the one of that name. */
export const DEFAULT_KEY: KeySpec = { algorithm: 'ECDSA', size: 256 };

/** @public In the place of the one of that name. */
export function generateKey(): Promise<{ keys: string; privateKeyPem: string }> {
  const keys = nextKey();
  return Promise.resolve({ keys, privateKeyPem: keyText(keys) });
}

/** @public In the place of the one of that name. */
export function createCsr(keys: string): Promise<string> {
  return Promise.resolve(keys);
}

/** In the place of the one of that name. */
export function privateKeyDigest(privateKeyPem: string): string | undefined {
  return privateKeyPem.startsWith(KEY) ? privateKeyPem.slice(KEY.length) : undefined;
}

/** @public Only asked of real certificates, which nobody has here. */
export function publicKeyDigest(): never {
  throw new Error('a real key is asked for');
}

/** In the place of the one of that name. */
export function pemCertificates(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(CERTIFICATE));
}

/** In the place of the one of that name. */
export function inspectCertificate(
  text: string,
  _roots?: readonly X509Certificate[],
): CertificateFacts | undefined {
  const certificate = certificateOf(text);
  if (certificate === undefined) return undefined;
  const { id, key, hostnames, notBefore, notAfter, isTemporary: isSelfSigned = false } = certificate;
  return {
    id,
    serialNumber: id,
    fingerprintSHA256: id,
    hostnames: hostnames.toSorted(),
    hasOtherNames: false,
    algorithm: DEFAULT_KEY.algorithm,
    size: DEFAULT_KEY.size,
    publicKeyDigest: key,
    isCa: false,
    notBefore,
    notAfter,
    issuer: isSelfSigned ? 'itself' : 'Origin CA',
    trusted: !isSelfSigned,
    rootNotAfter: undefined,
  };
}

/** @public In the place of the one of that name. */
export function inspectPair(
  certificatePem: string | undefined,
  privateKeyPem: string | undefined,
): PairFacts {
  if (!certificatePem || !privateKeyPem) return { state: 'MissingData', problem: 'missing' };
  const certificate = inspectCertificate(certificatePem);
  if (certificate === undefined) return { state: 'InvalidCertificate', problem: 'no certificate' };
  if (privateKeyDigest(privateKeyPem) !== certificate.publicKeyDigest)
    return { state: 'InvalidKeyPair', problem: 'another key', certificate };
  return { state: 'Matching', certificate };
}

/** @public In the place of the one of that name. */
export function createTemporaryCertificate(
  key: string,
  _spec: KeySpec,
  hostnames: readonly string[],
  now: number,
): Promise<string> {
  const id = `${TEMPORARY_ID}${key.replaceAll(/\D/g, '0')}`;
  const notAfter = now + 365 * DAY_MS;
  return Promise.resolve(
    certificateText({ id, key, hostnames, notBefore: now, notAfter, isTemporary: true }),
  );
}

/** @public In the place of the one of that name: nobody else's certificate is without trust here. */
export function isTemporary({ trusted }: Pick<CertificateFacts, 'trusted'>): boolean {
  return !trusted;
}
