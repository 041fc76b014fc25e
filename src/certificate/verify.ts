import { type CertificateFacts, inspectCertificate, pemCertificates } from '../pki/inspect.ts';
import type { TrustedRoots } from '../secret-facts.ts';
import { lifetimeDays, type Need, sameNames } from './need.ts';

/** What an answer is held against. */
export interface Expected {
  readonly keyDigest: string;
  readonly need: Need;
  /** When the POST was sent, ms since the epoch. */
  readonly postedAt: number;
  readonly now: number;
  readonly roots: TrustedRoots;
}

export type Verdict =
  | { readonly ok: true; readonly certificate: CertificateFacts; readonly pem: string }
  /** `ours`: it bears the pending key, so it is a certificate of this issuance, to be revoked. */
  | { readonly ok: false; readonly problem: string; readonly ours: CertificateFacts | undefined };

const HOUR_MS = 3_600_000;
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Whether a certificate that Cloudflare gave may be put in place of what serves. Nothing unchecked ever is. */
export function verifyAnswer(text: string, expected: Expected): Verdict {
  const blocks = pemCertificates(text);
  const certificate = inspectCertificate(text, expected.roots.certificates);
  if (certificate === undefined)
    return { ok: false, problem: 'the answer holds no certificate in PEM', ours: undefined };
  if (certificate.publicKeyDigest !== expected.keyDigest) {
    return {
      ok: false,
      problem: 'the certificate is for another key than the one in the request',
      ours: undefined,
    };
  }
  const problem =
    blocks.length === 1
      ? problemOf(certificate, expected)
      : `the answer holds ${blocks.length} certificates, not one`;
  if (problem !== undefined) return { ok: false, problem, ours: certificate };
  return { ok: true, certificate, pem: `${blocks[0] ?? ''}\n` };
}

function problemOf(certificate: CertificateFacts, { need, postedAt, now }: Expected): string | undefined {
  const { hostnames, algorithm, size, notBefore, notAfter } = certificate;
  if (certificate.hasOtherNames || !sameNames(need.hostnames, hostnames)) {
    return `the certificate is for ${hostnames.join(', ') || 'no hostname'}, not for ${need.hostnames.join(', ')}`;
  }
  if (need.algorithm !== algorithm || need.size !== size) {
    return `the certificate has a key of ${algorithm} ${size}, not of ${need.algorithm} ${need.size}`;
  }
  if (certificate.isCa) return 'the certificate is a CA';
  if (!certificate.trusted) {
    return (
      `the certificate was issued by "${certificate.issuer}", which is none of the trusted Origin CA roots; ` +
      'if Cloudflare has new roots, give them by --origin-ca-roots'
    );
  }
  if (notAfter <= now) return `the certificate expired at ${new Date(notAfter).toISOString()}`;
  if (notBefore > now + CLOCK_TOLERANCE_MS)
    return `the certificate is not valid before ${new Date(notBefore).toISOString()}`;
  if (notBefore < postedAt - HOUR_MS)
    return `the certificate is older than the request: valid from ${new Date(notBefore).toISOString()}`;
  const days = lifetimeDays(certificate);
  return days === need.validityDays
    ? undefined
    : `the certificate is valid for ${days} days, not for ${need.validityDays}`;
}
