import { rfc3339 } from '../api/conditions.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import type { Known } from '../known-certificates.ts';

export type InventoryStatus = NonNullable<NonNullable<OriginZone['status']>['inventory']>;

/** What a certificate of a zone is to this cluster. */
export type CertificateState =
  /** A Secret of ours holds it, or it is on its way into one. */
  | 'Managed'
  /** A Secret or status names it: it was replaced, or is about to go. */
  | 'Known'
  /** It bears a key of ours under an id that nothing here names: it was issued twice. */
  | 'Twin'
  /** Nothing here knows it, and it ends within 30 days. */
  | 'Expiring'
  /** Nothing here knows it. */
  | 'Unknown';

const DAY_MS = 24 * 3_600_000;
const EXPIRING_MS = 30 * DAY_MS;
const WORST_KEPT = 20;
const HOSTNAMES_KEPT = 5;

/** The states in the order in which `worst` shows them. */
const WORST: readonly CertificateState[] = ['Twin', 'Unknown', 'Expiring'];

interface Classified {
  readonly certificate: ListedCertificate;
  readonly state: CertificateState;
}

/**
 * The status of a complete listing. Revoked and expired certificates are not counted; the states add up to `total`,
 * with what is only `Known` in the total alone.
 *
 * @param now ms since the epoch, when the listing was taken.
 */
export function inventoryOf(
  listed: readonly ListedCertificate[],
  known: Known,
  now: number,
): InventoryStatus {
  const keys = keysOfOurs(listed, known);
  const classified = listed
    .filter((certificate) => isInForce(certificate, now))
    .map((certificate) => ({ certificate, state: stateOf(certificate, known, keys, now) }));
  const count = (wanted: CertificateState): number =>
    classified.filter(({ state }) => state === wanted).length;
  return {
    total: classified.length,
    managed: count('Managed'),
    expiring: count('Expiring'),
    twins: count('Twin'),
    unknown: count('Unknown'),
    worst: worstOf(classified),
    checkedAt: rfc3339(now),
  };
}

/** Keys that a certificate of ours bears: those of Secrets, and of replaced certificates seen in the same listing. */
function keysOfOurs(listed: readonly ListedCertificate[], known: Known): ReadonlySet<string> {
  const replaced = listed.filter(({ id }) => known.superseded.has(id));
  return new Set([...known.heldKeys, ...replaced.flatMap(({ publicKeyDigest }) => publicKeyDigest ?? [])]);
}

function stateOf(
  certificate: ListedCertificate,
  known: Known,
  keys: ReadonlySet<string>,
  now: number,
): CertificateState {
  const { id, publicKeyDigest: key } = certificate;
  if (known.held.has(id)) return 'Managed';
  if (known.named.has(id)) return 'Known';
  if (key !== undefined && known.pendingKeys.has(key)) return 'Managed';
  if (key !== undefined && keys.has(key)) return 'Twin';
  const end = endOf(certificate);
  return end !== undefined && end - now <= EXPIRING_MS ? 'Expiring' : 'Unknown';
}

function isInForce(certificate: ListedCertificate, now: number): boolean {
  const end = endOf(certificate);
  return certificate.revokedAt === undefined && (end === undefined || end > now);
}

/** Ms since the epoch; undefined where neither the certificate nor Cloudflare says it. */
function endOf({ notAfter, expiresOn }: ListedCertificate): number | undefined {
  return notAfter ?? expiresOn;
}

function worstOf(classified: readonly Classified[]): NonNullable<InventoryStatus['worst']> {
  const rank = ({ state }: Classified): number => WORST.indexOf(state);
  const end = ({ certificate }: Classified): number => endOf(certificate) ?? Number.MAX_SAFE_INTEGER;
  return classified
    .filter((each) => rank(each) >= 0)
    .toSorted(
      (a, b) => rank(a) - rank(b) || end(a) - end(b) || (a.certificate.id < b.certificate.id ? -1 : 1),
    )
    .slice(0, WORST_KEPT)
    .map(describe);
}

function describe({ certificate, state }: Classified): NonNullable<InventoryStatus['worst']>[number] {
  const end = endOf(certificate);
  return {
    id: certificate.id,
    state,
    hostnames: [...certificate.hostnames].slice(0, HOSTNAMES_KEPT),
    ...(end !== undefined && { notAfter: rfc3339(end) }),
  };
}
