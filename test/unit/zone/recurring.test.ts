import { describe, expect, test } from 'vitest';
import { CloudflareError, type FailureKind } from '../../../src/cloudflare/errors.ts';
import { contained, Recurring } from '../../../src/zone/recurring.ts';

const MINUTE = 60_000;
const at = (monotonic: number) => ({ now: 1_000_000 + monotonic, monotonic });

function failure(kind: FailureKind, message = kind as string, retryAfterMs?: number): CloudflareError {
  return new CloudflareError(message, { kind, definite: true, operation: 'get_setting', retryAfterMs });
}

describe('something read again and again', () => {
  test('is due at once, and then after its interval', () => {
    const read = new Recurring<string>();
    expect(read.nextMs).toBe(Number.NEGATIVE_INFINITY);
    read.succeeded('strict', at(10), 500);
    expect([read.value, read.readAt, read.nextMs]).toEqual(['strict', 1_000_010, 510]);
    read.expire();
    expect([read.value, read.nextMs]).toEqual(['strict', Number.NEGATIVE_INFINITY]);
  });

  test('keeps what was read last while it fails, and counts from the first failure', () => {
    const read = new Recurring<string>();
    read.succeeded('strict', at(0), 500);
    read.failed(failure('CloudflareUnavailable'), at(600), 1);
    read.failed(failure('CloudflareUnavailable'), at(700), 1);
    expect(read.value).toBe('strict');
    expect(read.failure).toMatchObject({ count: 2, since: 1_000_600 });
    read.succeeded('full', at(800), 500);
    expect(read.failure).toBeUndefined();
  });

  test('tells a trouble that goes on in the same words, and another in its own', () => {
    const read = new Recurring<string>();
    read.failed(failure('CloudflareUnavailable', 'Ray ID 1'), at(0), 1);
    read.failed(failure('CloudflareUnavailable', 'Ray ID 2'), at(1), 1);
    expect(read.failure?.error.message).toBe('Ray ID 1');
    read.failed(failure('PermissionMissing', 'denied'), at(2), 1);
    expect(read.failure?.error.message).toBe('denied');
  });

  test.each<[FailureKind, number | undefined, number]>([
    ['CloudflareUnavailable', undefined, 5000],
    ['PermissionMissing', undefined, 5 * MINUTE],
    ['ZoneNotFound', undefined, 5 * MINUTE],
    ['RateLimited', 77_000, 77_000],
    ['BudgetExhausted', 10, 1000],
  ])('after %s (retry after %s) is due in %i ms', (kind, retryAfterMs, waitMs) => {
    const read = new Recurring<string>();
    read.failed(failure(kind, kind, retryAfterMs), at(0), 1);
    expect(read.nextMs).toBe(waitMs);
  });
});

test.each(['Fenced', 'Aborted'] as const)('%s is no answer to go on after', (kind) => {
  const error = failure(kind);
  expect(() => contained(error)).toThrow(error);
});

test("an error that is not Cloudflare's goes on its way", () => {
  expect(() => contained(new TypeError('ours'))).toThrow('ours');
});
