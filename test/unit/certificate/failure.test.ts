import { expect, test } from 'vitest';
import { type FailedAttempt, type Failure, nextFailure } from '../../../src/certificate/failure.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The delays, in order, of an attempt that fails again and again. */
function delays(attempt: FailedAttempt, times: number, leftMs?: number, random = 0): number[] {
  let failure: Failure | undefined;
  return Array.from({ length: times }, () => {
    failure = nextFailure(failure, attempt, 0, leftMs, random);
    return failure.nextTime;
  });
}
const of = (reason: FailedAttempt['reason'], retryAfterMs?: number): FailedAttempt => ({
  reason,
  message: '',
  retryAfterMs,
});

test.each<[FailedAttempt['reason'], number[]]>([
  ['CloudflareUnavailable', [5, 10, 20, 40, 80, 160, 320, 600, 600].map((s) => s * SECOND)],
  ['HostnameRejected', [10, 20, 40, 60, 60].map((m) => m * MINUTE)],
  ['RequestRejected', [1, 1].map((h) => h * HOUR)],
  ['BadResponse', [1, 2, 4, 8, 16, 24, 24].map((h) => h * HOUR)],
  ['PermissionMissing', [5, 5].map((m) => m * MINUTE)],
  ['SecretWriteRefused', [10, 20, 40, 80, 160, 300, 300].map((s) => s * SECOND)],
])('%s is retried in its own time', (reason, expected) => {
  expect(delays(of(reason), expected.length)).toEqual(expected);
});

test('an outage never waits longer than a twentieth of what is left until expiry', () => {
  expect(delays(of('CloudflareUnavailable'), 9, 20 * MINUTE).at(-1)).toBe(MINUTE);
  expect(delays(of('CloudflareUnavailable'), 9, 60 * DAY).at(-1)).toBe(10 * MINUTE);
});

test('close to expiry it is still never a hot loop', () => {
  expect(delays(of('CloudflareUnavailable'), 3, 10)).toEqual([5 * SECOND, 5 * SECOND, 5 * SECOND]);
});

test('Retry-After is obeyed where it is longer', () => {
  expect(delays(of('RateLimited', 5 * MINUTE), 1)).toEqual([5 * MINUTE]);
});

test('jitter shortens by at most a fifth', () => {
  expect(delays(of('CloudflareUnavailable'), 1, undefined, 0.999)[0]).toBeGreaterThanOrEqual(4 * SECOND);
});

test('another reason counts from one, the same goes on and keeps since', () => {
  const first = nextFailure(undefined, of('BadResponse'), 100, undefined, 0);
  const second = nextFailure(first, of('BadResponse'), 200, undefined, 0);
  expect(second).toMatchObject({ count: 2, since: 100, lastTime: 200 });
  expect(nextFailure(second, of('RateLimited'), 300, undefined, 0)).toMatchObject({ count: 1, since: 300 });
});
