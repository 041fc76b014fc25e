import type { Condition, ServedReason } from '../api/conditions.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import type { Verdict } from '../probe/types.ts';
import { asSeenFromHere, withoutIdleRoutes } from '../probe/ways.ts';

/** The pair that origins should serve, and what they may serve still. */
export interface ServedPair {
  readonly certificate: CertificateFacts;
  /** For what to do: `Secret web/shop-tls`. */
  readonly place: string;
  /** Ids of certificates that this one replaced. */
  readonly formerIds: ReadonlySet<string>;
  /** Whether the certificate of that id is in use by another object. */
  readonly isOthers: (id: string) => boolean;
  /** Monotonic ms: a look that began earlier may have met what was served before the pair was written. */
  readonly freshMs: number;
}

export type ServedSaid = Pick<Condition, 'status' | 'message'> & { readonly reason: ServedReason };

export type ServedFinding =
  /** Nobody looks at origins of these names. */
  | { readonly type: 'unknown' }
  /** All that speaks against the certificate may have been seen before its pair was written. */
  | { readonly type: 'awaited' }
  | { readonly type: 'found'; readonly said: ServedSaid };

/** What one verdict says of the pair. */
type Finding =
  | 'Served'
  | 'ServesAnother'
  | 'ServesOldCertificate'
  | 'NotServed'
  /** A good one all the same, from elsewhere. */
  | 'ServesGoodOne'
  | 'Unverifiable'
  /** It speaks of something else. */
  | 'Nothing';

/** The name that stands for what a wildcard record answers: no certificate is asked for it. */
const MADE_UP = 'originca-probe.';

/**
 * Worst first: a wrong certificate is met by visitors, an old one will be, and what is down is seen elsewhere too. A
 * good one of another object or authority hurts nobody, and may be meant: it is told, and no reason for an alarm.
 */
const WORST = [
  { finding: 'ServesAnother', status: 'False', reason: 'ServesAnother' },
  { finding: 'ServesOldCertificate', status: 'False', reason: 'ServesOldCertificate' },
  { finding: 'NotServed', status: 'False', reason: 'NotServed' },
  { finding: 'ServesGoodOne', status: 'Unknown', reason: 'ServesAnother' },
  { finding: 'Unverifiable', status: 'Unknown', reason: 'Unverifiable' },
] as const;

/** Whether origins serve the pair of the Secret, by what the probe last saw at each of them. */
export function servedBy(verdicts: readonly Verdict[], pair: ServedPair): ServedFinding {
  const deciding = asSeenFromHere(withoutIdleRoutes(verdicts));
  const judged = deciding
    .map((verdict) => ({ verdict, finding: findingOf(verdict, pair) }))
    .filter(({ finding }) => finding !== 'Nothing');
  if (judged.length === 0) return { type: 'unknown' };
  const against = judged.filter(({ finding }) => finding !== 'Served');
  if (against.length === 0) {
    const isDeciding = new Set(deciding);
    const unseen = verdicts.filter((verdict) => verdict.fromRecord && !isDeciding.has(verdict));
    const seen = judged.map(({ verdict }) => verdict);
    return { type: 'found', said: served(seen, unseen) };
  }
  const fresh = against.filter(({ verdict }) => verdict.beganMs >= pair.freshMs);
  for (const { finding: bad, status, reason } of WORST) {
    const [worst, ...others] = fresh
      .filter(({ finding }) => finding === bad)
      .map(({ verdict }) => verdict)
      .toSorted(byPlace);
    if (worst === undefined) continue;
    const more = others.length === 0 ? '' : ` The same holds for ${countOf(others.length, 'more address')}.`;
    const message = `${sentenceOf(bad, worst, pair)}${more}`;
    return { type: 'found', said: { status, reason, message } };
  }
  return { type: 'awaited' };
}

function findingOf(verdict: Verdict, pair: ServedPair): Finding {
  const { hostname, result, presented } = verdict;
  if (result === 'NoOrigin' || hostname.startsWith(MADE_UP)) return 'Nothing';
  if (presented === undefined) return result === 'Unverifiable' ? 'Unverifiable' : 'NotServed';
  if (presented.fingerprintSHA256 === pair.certificate.fingerprintSHA256) return 'Served';
  if (isFormer(presented, pair)) return 'ServesOldCertificate';
  if (result !== 'Valid') return 'ServesAnother';
  // A name that only a wildcard covers may well have a certificate of its own.
  return pair.certificate.hostnames.includes(hostname) ? 'ServesGoodOne' : 'Nothing';
}

/** One that this replaced: by its id, or an older one of the same names by the same authority that nobody else has. */
function isFormer(
  presented: NonNullable<Verdict['presented']>,
  { certificate, formerIds, isOthers }: ServedPair,
): boolean {
  if (formerIds.has(presented.id)) return true;
  if (isOthers(presented.id)) return false;
  const names = new Set(presented.names);
  return (
    presented.notBefore < certificate.notBefore &&
    presented.issuer.includes(certificate.issuer) &&
    names.size === certificate.hostnames.length &&
    certificate.hostnames.every((hostname) => names.has(hostname))
  );
}

/** @param unseen where DNS records lead and nobody gets from here. */
function served(verdicts: readonly Verdict[], unseen: readonly Verdict[]): ServedSaid {
  const names = new Set(verdicts.map(({ hostname }) => hostname));
  const where = `${countOf(verdicts.length, 'address')}, ${countOf(names.size, 'hostname')}`;
  const [first, ...others] = [...new Set(unseen.map(({ address }) => address))].toSorted();
  const more = others.length === 0 ? '' : ` and ${countOf(others.length, 'more address')}`;
  const beyond = first === undefined ? '' : ` Out of reach from here: ${first}${more} of the DNS records.`;
  return {
    status: 'True',
    reason: 'Served',
    message: `Origins serve it wherever they were looked at: ${where}.${beyond}`,
  };
}

function sentenceOf(
  finding: (typeof WORST)[number]['finding'],
  { hostname, address, message, presented }: Verdict,
  { place }: ServedPair,
): string {
  switch (finding) {
    case 'ServesOldCertificate':
      return (
        `Renewed, but ${address} still serves certificate ${presented?.id} for ${hostname}. Ingress controllers take a ` +
        `renewed Secret within seconds; ingress-nginx that refused it once keeps the old certificate until it is restarted. ` +
        `Look for warnings about ${place} in the log of what listens there, then restart it.`
      );
    case 'ServesAnother':
      return `${address} does not serve the certificate of ${place} for ${hostname}. ${message}`;
    case 'ServesGoodOne':
      return (
        `${address} serves another certificate than that of ${place} for ${hostname}, and a good one: of another object or ` +
        `authority. If that is meant, take ${hostname} off one of the two. ${message}`
      );
    case 'NotServed':
      return `${address} serves nothing for ${hostname}. ${message}`;
    case 'Unverifiable':
      return `What ${address} serves for ${hostname} cannot be seen from here. ${message}`;
  }
}

function byPlace(a: Verdict, b: Verdict): number {
  return a.hostname.localeCompare(b.hostname, 'en') || a.address.localeCompare(b.address, 'en');
}

function countOf(count: number, what: string): string {
  const plural = what.endsWith('s') ? 'es' : 's';
  return `${count} ${what}${count === 1 ? '' : plural}`;
}
