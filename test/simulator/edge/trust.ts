import type { X509Certificate } from 'node:crypto';

/** What a presented certificate is judged against. */
export interface TrustQuestion {
  readonly hostname: string;
  /** Simulated milliseconds since the Unix epoch. */
  readonly now: number;
  readonly roots: readonly X509Certificate[];
  /** Whether the certificate of this decimal serial number is revoked. */
  readonly isRevoked: (serial: string) => boolean;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const LONGEST_CHAIN = 8;

/** Why a visitor who verifies would not accept the certificate; undefined when it is fine. */
export function distrust(leaf: X509Certificate, question: TrustQuestion): string | undefined {
  if (question.now < leaf.validFromDate.getTime()) return `it is not valid before ${leaf.validFrom}`;
  if (question.now > leaf.validToDate.getTime()) return `it expired on ${leaf.validTo}`;
  if (leaf.checkHost(question.hostname) === undefined) {
    return `it is for ${leaf.subjectAltName ?? leaf.subject}, not for ${question.hostname}`;
  }
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(SERVER_AUTH)) return 'it is not for servers';
  if (!chains(leaf, question.roots)) return 'it comes from no authority that is trusted';
  if (question.isRevoked(serialOf(leaf))) return 'it is revoked';
  return undefined;
}

/** The serial number in decimal: the certificate's id at Cloudflare. */
export function serialOf(certificate: X509Certificate): string {
  return BigInt(`0x${certificate.serialNumber}`).toString(10);
}

/**
 * Whether the presented chain leads to a root. A root's own end does not count: the simulated time may run
 * past the roots' last day in 2029, by when Cloudflare will have others.
 */
function chains(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  let current = leaf;
  for (let length = 0; length < LONGEST_CHAIN; length += 1) {
    if (roots.some((root) => signed(root, current))) return true;
    const issuer = current.issuerCertificate;
    if (
      issuer === undefined ||
      !issuer.ca ||
      issuer.fingerprint256 === current.fingerprint256 ||
      !signed(issuer, current)
    ) {
      return false;
    }
    current = issuer;
  }
  return false;
}

function signed(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
