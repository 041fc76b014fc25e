import type { Issuer } from './subject.ts';
import type { CheckMemory, CheckResult, IssuerAction, IssuerWorld } from './world.ts';

/** Pure and total: what an issuer needs now; first rule wins. */
export function decide(world: IssuerWorld): IssuerAction {
  const { issuer, token } = world;
  if (issuer === undefined) return { type: 'Forget' };
  if (token.state === 'missing')
    return { type: 'Refuse', reason: 'CredentialsMissing', message: token.message };
  if (token.state === 'unusable')
    return { type: 'Refuse', reason: 'CredentialsInvalid', message: token.message };
  const last = standing(world);
  if (last !== undefined) return { type: 'Keep', last };
  if (!world.isTurn) return { type: 'AwaitTurn', want: world.want, digest: token.digest };
  return { type: 'Check', token: token.token, scope: scopeOf(issuer, token.digest) };
}

/** The last check, if it was one of this very issuer and token and the next is not due. */
export function standing({
  issuer,
  token,
  last,
  now,
}: Omit<IssuerWorld, 'want' | 'isTurn'>): CheckMemory | undefined {
  if (issuer === undefined || token.state !== 'usable') return undefined;
  return last?.scope === scopeOf(issuer, token.digest) && last.nextAt > now ? last : undefined;
}

function scopeOf({ metadata }: Issuer, digest: string): string {
  return JSON.stringify([metadata.uid, metadata.generation, digest]);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** While all is well, hourly; refused, one probe every five minutes; unavailable, soon and then once a minute at most. */
export function nextCheckMs(result: CheckResult, count: number, random: number): number {
  switch (result.outcome) {
    case 'passed':
      return 60 * MINUTE * (0.9 + 0.2 * random);
    case 'refused':
      return 5 * MINUTE;
    case 'unavailable':
      return Math.min(MINUTE, 5 * SECOND * 2 ** Math.min(count - 1, 10)) * (1 + 0.1 * random);
  }
}

/** What is remembered of a check. */
export function remember(
  last: CheckMemory | undefined,
  scope: string,
  result: CheckResult,
  nowMs: number,
  random: number,
): CheckMemory {
  const again = last?.scope === scope && last.result.outcome === result.outcome ? last : undefined;
  const count = (again?.count ?? 0) + 1;
  const kept = again ? goingOn(again.result, result) : result;
  return { scope, result: kept, count, checkedAt: nowMs, nextAt: nowMs + nextCheckMs(result, count, random) };
}

/** An outage that goes on is dated from its start, and told in the same words as long as the trouble is the same. */
function goingOn(before: CheckResult, now: CheckResult): CheckResult {
  if (before.outcome !== 'unavailable' || now.outcome !== 'unavailable') return now;
  if (before.trouble === now.trouble) return before;
  return { ...before, reason: now.reason, message: now.message, trouble: now.trouble };
}
