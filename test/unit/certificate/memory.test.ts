import { beforeEach, describe, expect, test } from 'vitest';
import { leavingKey, mendKey, revokeKey, settleKey } from '../../../src/certificate/attempts.ts';
import type { Failure } from '../../../src/certificate/failure.ts';
import { CertificateMemory } from '../../../src/certificate/memory.ts';
import { TestClock } from '../../support/test-clock.ts';
import { pendingOf } from './fixtures.ts';

const POST_TIMEOUT = 30_000;
const SETTLE = 30_000;
/** Two hostnames add two seconds. */
const WAIT = POST_TIMEOUT + 2000 + SETTLE;

let clock: TestClock;
let memory: CertificateMemory;

beforeEach(() => {
  clock = new TestClock();
  memory = new CertificateMemory({ clock, random: () => 0, postTimeoutMs: POST_TIMEOUT, settleMs: SETTLE });
});

test('of an object that is gone nothing is remembered, whatever was noted apart for it', () => {
  const failure: Failure = {
    reason: 'PermissionMissing',
    message: 'refused',
    rayId: undefined,
    count: 1,
    since: 0,
    lastTime: 0,
    nextTime: 0,
  };
  const keys = ['shop/web', ...[mendKey, settleKey, revokeKey, leavingKey].map((of) => of('shop/web'))];
  for (const key of keys) memory.attempts.recall(key, 'scope', failure);
  memory.forget('shop/web', 'uid-1');
  expect(keys.filter((key) => memory.attempts.hasRecalled(key))).toEqual([]);
  expect(keys.filter((key) => memory.attempts.failure(key, 'scope') !== undefined)).toEqual([]);
});

describe('the wait for a POST whose outcome is unknown', () => {
  test('counts from the sending, in the process that sent it', async () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    await clock.advance(10_000);
    memory.pendings.posting(pending.uid, pending.postedAt);
    await clock.advance(1000);
    expect(memory.pendings.waits(pending).postMs).toBe(WAIT - 1000);
  });

  test('counts from first sight of the posted-at value in another process, and not from each sight', async () => {
    const pending = pendingOf();
    memory.pendings.see(pending);
    await clock.advance(20_000);
    memory.pendings.see(pending);
    expect(memory.pendings.waits(pending).postMs).toBe(WAIT - 20_000);
    await clock.advance(WAIT);
    expect(memory.pendings.waits(pending).postMs).toBe(0);
  });

  test('leaves time to settle after a POST that ended later than its sending was noted', async () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    await clock.advance(WAIT - 1000);
    memory.pendings.postEndedUnknown(pending);
    expect(memory.pendings.waits(pending).postMs).toBe(SETTLE);
  });

  test('is not shortened by a POST that ended soon', async () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    await clock.advance(100);
    memory.pendings.postEndedUnknown(pending);
    expect(memory.pendings.waits(pending).postMs).toBe(WAIT - 100);
  });

  test('begins anew when another POST was noted', async () => {
    memory.pendings.see(pendingOf());
    await clock.advance(WAIT);
    const again = pendingOf({ postedAt: '2026-11-21T12:30:00.000Z' });
    memory.pendings.see(again);
    expect(memory.pendings.waits(again).postMs).toBe(WAIT);
  });
});

describe('the wait for a write that may still arrive', () => {
  test('is none where this process made the key and sent no such write', () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    expect(memory.pendings.waits(pending).writeMs).toBe(0);
  });

  test('is none once the write was answered', () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    memory.pendings.writing(pending.uid);
    memory.pendings.writeAnswered(pending.uid);
    expect(memory.pendings.waits(pending).writeMs).toBe(0);
  });

  test('goes on for an earlier write without an answer when a later one is answered', () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    memory.pendings.writing(pending.uid);
    memory.pendings.writing(pending.uid);
    memory.pendings.writeAnswered(pending.uid);
    expect(memory.pendings.waits(pending).writeMs).toBe(WAIT);
  });

  test('counts from the last unanswered write', async () => {
    const pending = pendingOf();
    memory.pendings.made(pending.uid, pending.postedAt);
    await clock.advance(50_000);
    memory.pendings.writing(pending.uid);
    expect(memory.pendings.waits(pending).writeMs).toBe(WAIT);
  });

  test('counts from first sight where another process made the key', async () => {
    const pending = pendingOf();
    memory.pendings.see(pending);
    await clock.advance(WAIT - 1);
    expect(memory.pendings.waits(pending).writeMs).toBe(1);
  });

  test('is whole for a pending Secret never seen before', () => {
    expect(memory.pendings.waits(pendingOf()).writeMs).toBe(WAIT);
  });
});

describe('failures', () => {
  const attempt = { reason: 'CloudflareUnavailable', message: 'no answer' } as const;

  test('no longer count once what they depended on has changed', () => {
    memory.attempts.failed('shop/web', 'generation 1', attempt, undefined);
    expect(memory.attempts.failure('shop/web', 'generation 1')?.count).toBe(1);
    expect(memory.attempts.failure('shop/web', 'generation 2')).toBeUndefined();
  });

  test('are shown when the reason changes and when their count reaches a power of two', () => {
    const shown = Array.from({ length: 9 }, () => {
      memory.attempts.failed('k', 's', attempt, undefined);
      return memory.attempts.shownFailure('k')?.count;
    });
    expect(shown).toEqual([1, 2, 2, 4, 4, 4, 4, 8, 8]);
    memory.attempts.failed('k', 's', { reason: 'BadResponse', message: '' }, undefined);
    expect(memory.attempts.shownFailure('k')).toMatchObject({ reason: 'BadResponse', count: 1 });
  });

  test('keep the words that are shown until they are shown anew: every attempt has a Ray ID of its own', () => {
    const told = Array.from(
      { length: 5 },
      (_, i) => memory.attempts.failed('k', 's', { ...attempt, message: `Ray ${i + 1}` }, undefined).message,
    );
    expect(told).toEqual(['Ray 1', 'Ray 2', 'Ray 2', 'Ray 4', 'Ray 4']);
  });

  test('read back from a status hold back, and never replace what this process knows', () => {
    const recalled = { ...attempt, rayId: undefined, count: 5, since: 1, lastTime: 2, nextTime: 3 };
    memory.attempts.recall('k', 's', recalled);
    expect(memory.attempts.failure('k', 's')?.count).toBe(5);
    memory.attempts.failed('k', 's', attempt, undefined);
    memory.attempts.recall('k', 's', recalled);
    expect(memory.attempts.failure('k', 's')?.count).toBe(6);
  });
});

describe('what a person asks for', () => {
  test('is dated when it changes, and not when it is first seen', async () => {
    expect(memory.askedAt('uid', 'one', false)).toBe(-Infinity);
    await clock.advance(1000);
    expect(memory.askedAt('uid', 'one', false)).toBe(-Infinity);
    expect(memory.askedAt('uid', 'two', false)).toBe(clock.now());
    const then = clock.now();
    await clock.advance(1000);
    expect(memory.askedAt('uid', 'two', true)).toBe(then);
  });

  test('is dated at first sight where the status is of an earlier spec', () => {
    expect(memory.askedAt('uid', 'one', true)).toBe(clock.now());
  });
});

describe('what stands in the status', () => {
  const shown: Failure = {
    reason: 'CloudflareUnavailable',
    message: '',
    rayId: undefined,
    count: 4,
    since: 0,
    lastTime: 0,
    nextTime: 1,
  };

  test('is taken over once, and never again from a cache that lags behind', () => {
    memory.attempts.recall('shop/web', 'scope', shown);
    expect(memory.attempts.failure('shop/web', 'scope')).toEqual(shown);
    memory.succeeded('shop/web');
    memory.attempts.recall('shop/web', 'scope', shown);
    expect(memory.attempts.failure('shop/web', 'scope')).toBeUndefined();
  });
});

test('giving an issuance up ends every failure but a wrong answer, which counts on', () => {
  memory.attempts.failed('a', 'scope', { reason: 'CloudflareUnavailable', message: '' }, undefined);
  memory.attempts.failed('b', 'scope', { reason: 'BadResponse', message: '' }, undefined);
  memory.attempts.settled('a');
  memory.attempts.settled('b');
  expect(memory.attempts.failure('a', 'scope')).toBeUndefined();
  expect(memory.attempts.failure('b', 'scope')?.count).toBe(1);
});

describe('what goes wrong with settling a wrong answer', () => {
  const outage = { reason: 'CloudflareUnavailable', message: 'no answer' } as const;
  const wrong = { reason: 'BadResponse', message: 'a CA' } as const;

  test('leaves the answer and its long wait in place, and waits by itself', () => {
    const answer = memory.attempts.failed('ns/a', 'spec', wrong, undefined);
    expect(memory.attempts.failedToSettle('ns/a', 'token', outage)).toMatchObject({ ...outage, count: 1 });
    expect(memory.attempts.failedToSettle('ns/a', 'token', outage)).toMatchObject({ ...outage, count: 2 });
    expect(memory.attempts.failure('ns/a', 'spec')).toEqual(answer);
    expect(memory.attempts.failure(settleKey('ns/a'), 'token')).toMatchObject({ count: 2 });
  });

  test('is over with the settling, and the answer still counts', () => {
    memory.attempts.failed('ns/a', 'spec', wrong, undefined);
    memory.attempts.failedToSettle('ns/a', 'token', outage);
    memory.attempts.settled('ns/a');
    expect(memory.attempts.failure(settleKey('ns/a'), 'token')).toBeUndefined();
    expect(memory.attempts.failed('ns/a', 'spec', wrong, undefined).count).toBe(2);
  });

  test('is a failure like any other where no wrong answer stands', () => {
    expect(memory.attempts.failedToSettle('ns/a', 'token', outage)).toBeUndefined();
    memory.attempts.failed('ns/a', 'spec', outage, undefined);
    expect(memory.attempts.failedToSettle('ns/a', 'token', outage)).toBeUndefined();
  });
});
