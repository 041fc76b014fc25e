import type { CheckMemory, CheckResult, IssuerAction, IssuerWorld } from './world.ts';

/** Pure and total: what an issuer needs now; first rule wins. */
export function decide(world: IssuerWorld): IssuerAction {
  const { issuer, token, last, now } = world;
  if (issuer === undefined) return { type: 'Forget' };
  if (token.state === 'missing')
    return { type: 'Refuse', reason: 'CredentialsMissing', message: token.message };
  if (token.state === 'unusable')
    return { type: 'Refuse', reason: 'CredentialsInvalid', message: token.message };
  const scope = JSON.stringify([issuer.metadata.uid, issuer.metadata.generation, token.digest]);
  if (last?.scope !== scope || last.nextAt <= now) return { type: 'Check', token: token.token, scope };
  return { type: 'Keep', last };
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
  return before.trouble === now.trouble ? before : { ...before, message: now.message, trouble: now.trouble };
}
