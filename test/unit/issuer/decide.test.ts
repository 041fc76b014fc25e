import { describe, expect, test } from 'vitest';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import { decide, nextCheckMs, remember } from '../../../src/issuer/decide.ts';
import type { CheckResult, IssuerWorld } from '../../../src/issuer/world.ts';
import type { TokenRead } from '../../../src/token-secret.ts';
import { issuerWith } from './fixtures.ts';

const MINUTE = 60_000;
const PASSED: CheckResult = { outcome: 'passed', token: undefined, zones: [] };
const REFUSED: CheckResult = { outcome: 'refused', reason: 'CredentialsInvalid', message: 'no' };
const unavailable = (since: number, message = '503', trouble = 'list_zones'): CheckResult => ({
  outcome: 'unavailable',
  reason: 'CloudflareUnavailable',
  message,
  since,
  trouble,
});

const WANT = { account: '', operation: 'verify_token', requests: 3 } as const;

function usable(value = 'token-one'): TokenRead {
  const token = new ApiToken(value);
  return { state: 'usable', token, digest: token.digest() };
}

/** A world whose last check, of the same issuer and token, ended so; `nextAt` is when the next is due. */
function checked(result: CheckResult, nextAt: number): IssuerWorld {
  const world: IssuerWorld = {
    now: 1000,
    issuer: issuerWith(),
    token: usable(),
    last: undefined,
    want: WANT,
    isTurn: true,
  };
  const action = decide(world);
  if (action.type !== 'Check') throw new Error(`the first decision is ${action.type}`);
  return { ...world, last: { scope: action.scope, result, count: 1, checkedAt: 0, nextAt } };
}

describe('an issuer', () => {
  test.each<[string, IssuerWorld, string]>([
    ['that is gone is forgotten', { ...checked(PASSED, 2000), issuer: undefined }, 'Forget'],
    [
      'without a token is refused, whatever the last check found',
      { ...checked(PASSED, 2000), token: { state: 'missing', message: 'm' } },
      'Refuse CredentialsMissing',
    ],
    [
      'whose token can be none is refused unasked',
      { ...checked(PASSED, 2000), token: { state: 'unusable', message: 'm' } },
      'Refuse CredentialsInvalid',
    ],
    ['that was never checked is checked', { ...checked(PASSED, 2000), last: undefined }, 'Check'],
    ['waits for its turn to be checked', { ...checked(PASSED, 1000), isTurn: false }, 'AwaitTurn'],
    ['waits for none while its last check stands', { ...checked(PASSED, 1001), isTurn: false }, 'Keep'],
    ['is left alone until its next check', checked(PASSED, 1001), 'Keep'],
    ['is checked when that is due', checked(PASSED, 1000), 'Check'],
    ['that was refused is left alone too', checked(REFUSED, 1001), 'Keep'],
    [
      'is checked at once with another token',
      { ...checked(REFUSED, 9000), token: usable('token-two') },
      'Check',
    ],
    [
      'is checked at once with another spec',
      { ...checked(REFUSED, 9000), issuer: issuerWith({ generation: 2 }) },
      'Check',
    ],
    [
      'is checked at once when re-created',
      { ...checked(PASSED, 9000), issuer: issuerWith({ uid: 'new' }) },
      'Check',
    ],
  ])('%s', (_, world, expected) => {
    const action = decide(world);
    expect([action.type, ...('reason' in action ? [action.reason] : [])].join(' ')).toBe(expected);
  });

  test('is not told apart by the token itself, which nothing may keep', () => {
    const action = decide({ ...checked(PASSED, 0) });
    expect(JSON.stringify(action)).not.toContain('token-one');
  });
});

describe('the next check', () => {
  test.each<[string, CheckResult, number, number, number]>([
    ['after a good one: an hour, give or take', PASSED, 1, 54 * MINUTE, 66 * MINUTE],
    ['after a refusal: five minutes', REFUSED, 1, 5 * MINUTE, 5 * MINUTE],
    ['after the tenth refusal: five minutes', REFUSED, 10, 5 * MINUTE, 5 * MINUTE],
    ['after the first outage: 5 s', unavailable(0), 1, 5000, 5500],
    ['after the third: 20 s', unavailable(0), 3, 20_000, 22_000],
    ['after many: a minute and no less', unavailable(0), 2000, MINUTE, 1.1 * MINUTE],
  ])('%s', (_, result, count, least, most) => {
    expect(nextCheckMs(result, count, 0)).toBeCloseTo(least, 6);
    expect(nextCheckMs(result, count, 1)).toBeCloseTo(most, 6);
  });
});

describe('what is remembered of checks', () => {
  test('an outage is dated from its first check, and a repeated one comes slower', () => {
    const first = remember(undefined, 's', unavailable(100), 0, 0);
    const second = remember(first, 's', unavailable(200), 5000, 0);
    expect(second).toMatchObject({ count: 2, result: { since: 100 }, nextAt: 15_000 });
  });

  test('an outage keeps its words, with the Ray ID of its first failure, until the trouble is another', () => {
    const first = remember(undefined, 's', unavailable(100, 'Ray ID 1'), 0, 1);
    const second = remember(first, 's', unavailable(200, 'Ray ID 2'), 5000, 1);
    expect(second.result).toEqual(first.result);
    const third = remember(second, 's', unavailable(300, 'Ray ID 3', 'verify_token'), 9000, 1);
    expect(third.result).toMatchObject({ since: 100, message: 'Ray ID 3' });
  });

  test('an outage after a good check, or with another token, is a new one', () => {
    const passed = remember(undefined, 's', PASSED, 0, 1);
    expect(remember(passed, 's', unavailable(200), 0, 1)).toMatchObject({ count: 1, result: { since: 200 } });
    const outage = remember(undefined, 's', unavailable(100), 0, 1);
    expect(remember(outage, 'other', unavailable(200), 0, 1)).toMatchObject({
      count: 1,
      result: { since: 200 },
    });
  });
});
