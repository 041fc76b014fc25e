import type { X509Certificate } from 'node:crypto';
import { issuingRoot } from '../pki/chain.ts';
import { nameCovers, namesOn } from './names.ts';
import { clean, formatTime } from './present.ts';
import { hasUsualKey } from './strain.ts';
import type { ProbeResult, TrustSet } from './types.ts';

export interface Question {
  readonly hostname: string;
  /** Milliseconds since the Unix epoch: what the dates are judged by. */
  readonly now: number;
  readonly trust: Required<TrustSet>;
}

export interface Judgement {
  readonly result: Extract<ProbeResult, 'Valid' | 'Untrusted' | 'Expired' | 'NameMismatch'>;
  /** Everything that is wrong, as ends of the sentence "the certificate …"; the first decides the result. */
  readonly problems: readonly string[];
  /** Whose root it leads to, as `the Cloudflare Origin CA`; undefined for none. */
  readonly authority: string | undefined;
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY_PURPOSE = '2.5.29.37.0';

/** Presented certificates that are looked at; real chains have four at most. */
const MOST_PRESENTED = 16;

/**
 * Judges a presented chain (leaf first) as Cloudflare's edge does in mode strict. Not judged, because node:crypto
 * shows neither: path lengths and name constraints of authorities.
 */
export function judge(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  question: Question,
): Judgement {
  const [leaf, ...rest] = chain;
  const { hostname, now } = question;
  const path = authorityOf(leaf, rest.slice(0, MOST_PRESENTED), question);
  const untrusted = path.authority === undefined ? path.why : purposeProblem(leaf);
  const expired = dateProblem(leaf, now);
  const mismatch = namesOn(leaf).some((name) => nameCovers(name, hostname))
    ? undefined
    : `is not for ${hostname}`;
  const result = untrusted ? 'Untrusted' : expired ? 'Expired' : mismatch ? 'NameMismatch' : 'Valid';
  return {
    result,
    problems: [untrusted, expired, mismatch].filter((problem) => problem !== undefined),
    authority: path.authority,
  };
}

type Path = { readonly authority: string } | { readonly authority: undefined; readonly why: string };

/**
 * Finds a root above the leaf: an Origin CA root one step up, or a public or custom root over the presented
 * intermediates, in whatever order they came. Each is looked at once, so the work is bounded. An Origin CA root's
 * own end does not count, because its leaves may outlive it.
 */
function authorityOf(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  { now, trust }: Question,
): Path {
  if (signs(trust.originCa, leaf)) return { authority: 'the Cloudflare Origin CA' };
  const inDate = (certificate: X509Certificate): boolean => dateProblem(certificate, now) === undefined;
  const custom = trust.custom.filter(inDate);
  const publicRoots = trust.publicRoots.filter(inDate);
  const left = new Set(presented);
  let late: X509Certificate | undefined;
  const toClimb = [leaf];
  for (let current = toClimb.shift(); current !== undefined; current = toClimb.shift()) {
    if (signs(custom, current)) return { authority: 'the trusted CA of this zone' };
    if (signs(publicRoots, current)) return { authority: 'a public authority' };
    for (const upper of left) {
      if (!upper.ca || !hasUsualKey(upper) || !signs([upper], current)) continue;
      left.delete(upper);
      if (inDate(upper)) toClimb.push(upper);
      else late = upper;
    }
  }
  return { authority: undefined, why: whyUntrusted(leaf, presented, late) };
}

function whyUntrusted(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  late: X509Certificate | undefined,
): string {
  if (late) return `comes with an intermediate certificate outside its dates (${clean(late.subject)})`;
  if (hasUsualKey(leaf) && signs([leaf], leaf)) return 'is self-signed';
  const alone = presented.length === 0 ? '; no intermediate certificate was presented with it' : '';
  return `leads neither to the Cloudflare Origin CA nor to a public or trusted root${alone}`;
}

function purposeProblem(leaf: X509Certificate): string | undefined {
  // Node calls the extended key usage so, and leaves it undefined where the extension is absent.
  const purposes: readonly string[] | undefined = leaf.keyUsage;
  if (purposes === undefined || purposes.includes(SERVER_AUTH) || purposes.includes(ANY_PURPOSE))
    return undefined;
  return 'is not for servers (extended key usage)';
}

function dateProblem(certificate: X509Certificate, now: number): string | undefined {
  const notBefore = certificate.validFromDate.getTime();
  const notAfter = certificate.validToDate.getTime();
  if (notBefore < now && now < notAfter) return undefined;
  if (now <= notBefore) return `is not valid before ${formatTime(notBefore)}`;
  return `expired at ${formatTime(notAfter)}`;
}

/** Whether one of the issuers signed it. */
function signs(issuers: readonly X509Certificate[], subject: X509Certificate): boolean {
  try {
    return issuingRoot(subject, issuers) !== undefined;
  } catch {
    return false; // A presented key that OpenSSL cannot read: it proves nothing, which is the finding.
  }
}
