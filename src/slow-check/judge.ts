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

/** A certificate in use, as far as a listing is concerned. */
export interface Expected extends Pick<InUse, 'id' | 'isOfOneZone'> {
  /** It may take a while until a certificate is listed: that one of these is absent says nothing of the listing. */
  readonly isYoung: boolean;
}

/** Pure. An absent certificate is suspected and no more: a GET of its id decides. */
export function judgeListing(
  listed: readonly Pick<ListedCertificate, 'id' | 'revokedAt'>[],
  expected: readonly Expected[],
): Judgement {
  const shown = new Map(listed.map(({ id, revokedAt }) => [id, revokedAt === undefined]));
  // Of several zones: it is not known that each of them lists it.
  const due = idsOf(expected.filter(({ isOfOneZone, isYoung }) => isOfOneZone && !isYoung));
  const absent = due.filter((id) => !shown.has(id)).length;
  if (isTooMuch(absent, due.length)) return { verdict: 'distrusted', absent, expected: due.length };
  const young = idsOf(expected.filter(({ isYoung }) => isYoung));
  const unlisted = new Set(young.filter((id) => !shown.has(id)));
  const isSlow = isTooMuch(unlisted.size, young.length);
  const ids = idsOf(expected);
  return {
    verdict: 'trusted',
    suspects: ids.filter((id) => shown.get(id) !== true && !(isSlow && unlisted.has(id))),
    inForce: ids.filter((id) => shown.get(id) === true),
  };
}

function isTooMuch(absent: number, all: number): boolean {
  return absent >= DISTRUST_FROM && absent > all * DISTRUST_PART;
}

function idsOf(certificates: readonly Pick<InUse, 'id'>[]): readonly string[] {
  return [...new Set(certificates.map(({ id }) => id))];
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
