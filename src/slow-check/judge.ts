import type { ListedCertificate } from '../cloudflare/results.ts';
import type { InUse } from './in-use.ts';

/** What one complete listing says of the certificates in use. */
export type Judgement =
  /** So many are absent that rather the listing is wrong: nothing follows from it. */
  | { readonly verdict: 'distrusted'; readonly absent: number; readonly expected: number }
  /** Ids that are not in force by the listing, and of which nothing else is known yet; and those that are. */
  | {
      readonly verdict: 'trusted';
      readonly suspects: readonly string[];
      readonly inForce: readonly string[];
    };

/** Fewer absent certificates than this are looked at one by one, whatever part of the zone they are. */
const DISTRUST_FROM = 3;
/** A listing that lacks more than this part of what is in use is distrusted. */
const DISTRUST_PART = 0.05;

/** Pure. An absent certificate is suspected and no more: a GET of its id decides. */
export function judgeListing(
  listed: readonly Pick<ListedCertificate, 'id' | 'revokedAt'>[],
  expected: readonly Pick<InUse, 'id' | 'isOfOneZone'>[],
): Judgement {
  const shown = new Map(listed.map(({ id, revokedAt }) => [id, revokedAt === undefined]));
  // Of several zones: it is not known that each of them lists it.
  const due = new Set(expected.filter(({ isOfOneZone }) => isOfOneZone).map(({ id }) => id));
  const absent = [...due].filter((id) => !shown.has(id)).length;
  if (absent >= DISTRUST_FROM && absent > due.size * DISTRUST_PART)
    return { verdict: 'distrusted', absent, expected: due.size };
  const ids = [...new Set(expected.map(({ id }) => id))];
  return {
    verdict: 'trusted',
    suspects: ids.filter((id) => shown.get(id) !== true),
    inForce: ids.filter((id) => shown.get(id) === true),
  };
}

/** What Cloudflare answers when it is asked for one certificate. */
export type Answer = 'in-force' | 'revoked' | 'not-found';

export type Fate = 'in-force' | 'suspected' | 'revoked';

/**
 * Pure. That Cloudflare knows no such certificate is believed only when it says so twice an interval apart: its
 * look-ups fail with the same words.
 *
 * @param missedMs monotonic ms when it was not found for the first time; undefined: never.
 * @param nowMs monotonic ms.
 */
export function fateOf(
  answer: Answer,
  { missedMs, nowMs, intervalMs }: { missedMs: number | undefined; nowMs: number; intervalMs: number },
): Fate {
  if (answer !== 'not-found') return answer;
  return missedMs !== undefined && nowMs - missedMs >= intervalMs ? 'revoked' : 'suspected';
}
