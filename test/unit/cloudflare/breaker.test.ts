import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Ask, Breaker } from '../../../src/cloudflare/breaker.ts';
import { CloudflareError, type FailureKind } from '../../../src/cloudflare/errors.ts';
import type { Operation } from '../../../src/cloudflare/operation.ts';
import { TestClock } from '../../support/test-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

let clock: TestClock;
let breaker: Breaker;

beforeEach(() => {
  clock = new TestClock();
  breaker = new Breaker({ clock, random: () => 0 });
});

const create = (asker: string, change: Partial<Ask> = {}): Ask => ({
  account: 'token',
  operation: 'create_certificate',
  asker,
  place: 'example.com',
  ...change,
});
const list = (asker: string): Ask => ({ account: 'token', operation: 'list_certificates', asker });

function error(kind: FailureKind, operation: Operation = 'create_certificate'): CloudflareError {
  return new CloudflareError(`${kind}.`, { kind, definite: false, operation });
}

/** Sends a request that ends at once, whatever the breaker says. */
function send(ask: Ask, kind?: FailureKind): void {
  breaker.begin(ask)(kind && error(kind, ask.operation));
}

const fail = (ask: Ask): void => send(ask, 'CloudflareUnavailable');

function breakFor(...askers: readonly string[]): void {
  for (const asker of askers) fail(create(asker));
}

describe('an outage', () => {
  test('is seen when requests of two askers failed and none succeeded between them', () => {
    breakFor('a');
    expect(breaker.holds(create('b'))).toBe(false);
    send(create('c'));
    breakFor('b');
    expect(breaker.holds(create('c'))).toBe(false);
    breakFor('d');
    expect(breaker.holds(create('c'))).toBe(true);
    expect(breaker.reason(create('c'))?.message).toBe('CloudflareUnavailable.');
  });

  test.each([
    ['one object fails again and again', () => breakFor('a', 'a', 'a', 'a')],
    ['one object fails with this and that', () => [create('a'), list('a'), create('a')].forEach(fail)],
    ['failures of nobody in particular', () => [list('a'), { ...list(''), asker: undefined }].forEach(fail)],
    [
      'two objects fail while others succeed',
      () => {
        for (let at = 0; at < 9; at += 1) {
          breakFor(at % 2 === 0 ? 'a' : 'b');
          send(create(`good-${at}`));
        }
      },
    ],
    [
      'limited, refused or stopped requests',
      () => {
        for (const kind of [
          'RateLimited',
          'RequestRejected',
          'HostnameRejected',
          'Aborted',
          'Fenced',
        ] as const)
          for (const asker of ['a', 'b', 'c']) send(create(asker), kind);
      },
    ],
    [
      'failures of another token',
      () => ['a', 'b'].forEach((asker) => fail(create(asker, { account: 'other' }))),
    ],
  ])('is not seen in: %s', (_, happen) => {
    happen();
    expect(breaker.holds(create('z'))).toBe(false);
    expect(breaker.waitMs(create('z'))).toBe(0);
  });

  test('is not seen in two failures a quarter of an hour apart', async () => {
    breakFor('a');
    await clock.advance(15 * MINUTE + 1);
    breakFor('b');
    expect(breaker.holds(create('c'))).toBe(false);
  });

  test('lets one probe through after 5 s, then ever more rarely, once a minute in the end', async () => {
    breakFor('a', 'b');
    const probes: number[] = [];
    let lastMs = clock.monotonic();
    for (let at = 0; at < 8; at += 1) {
      await clock.advance(breaker.waitMs(create('z')));
      probes.push((clock.monotonic() - lastMs) / SECOND);
      lastMs = clock.monotonic();
      fail(create('z'));
    }
    expect(probes).toEqual([5, 10, 20, 40, 60, 60, 60, 60]);
  });

  test('lets nobody through while a probe is out', async () => {
    breakFor('a', 'b');
    await clock.advance(5 * SECOND);
    const end = breaker.begin(create('c'));
    await clock.advance(29 * SECOND);
    expect(breaker.waitMs(create('d'))).toBeGreaterThan(0);
    end(error('CloudflareUnavailable'));
    expect(breaker.waitMs(create('d'))).toBe(0);
  });

  test('is over with the first success, and what failed in it is told from what failed before and after', async () => {
    await clock.advance(MINUTE);
    const beforeMs = clock.now();
    await clock.advance(MINUTE);
    breakFor('a', 'b');
    const duringMs = clock.now();
    await clock.advance(5 * SECOND);
    send(create('c'));
    expect(breaker.holds(create('d'))).toBe(false);
    await clock.advance(1);
    const asked = [beforeMs, duringMs, clock.now()].map((at) => breaker.isOver(create('a'), at));
    expect(asked).toEqual([false, true, false]);
  });

  test('has nothing to do with what failed when it was over, in that very moment', async () => {
    breakFor('a', 'b');
    await clock.advance(5 * SECOND);
    send(create('c'));
    fail(create('a'));
    expect(breaker.isOver(create('a'), clock.now())).toBe(false);
  });

  test('is not over by what succeeds all the while, and does not hold that back', async () => {
    breakFor('a', 'b');
    expect(breaker.waitMs(list('c'))).toBe(5 * SECOND); // It may well be the whole API.
    await clock.advance(5 * SECOND);
    send(list('c'));
    expect(breaker.holds(list('d'))).toBe(false);
    expect(breaker.holds(create('d'))).toBe(true);
    expect(breaker.waitMs(create('d'))).toBe(0); // There is life: it is tried at once.
    fail(create('d'));
    expect(breaker.waitMs(create('e'))).toBeGreaterThan(0);
    expect(breaker.waitMs(list('e'))).toBe(0);
    fail(list('e'));
    expect(breaker.holds(list('f'))).toBe(true);
  });

  test('does not begin anew by what was under way when it ended', async () => {
    const late = ['a', 'b', 'c', 'd'].map((asker) => breaker.begin(create(asker)));
    late.slice(0, 2).forEach((end) => end(error('CloudflareUnavailable')));
    await clock.advance(5 * SECOND);
    send(create('e'));
    await clock.advance(20 * SECOND);
    late.slice(2).forEach((end) => end(error('CloudflareUnavailable')));
    expect(breaker.holds(create('f'))).toBe(false);
  });

  test('keeps its probe for whom it is reserved, until the time is over', async () => {
    breakFor('a', 'b');
    breaker.reserve(create('c'), 15 * SECOND);
    await clock.advance(5 * SECOND);
    expect([breaker.waitMs(create('c')), breaker.waitMs(create('d'))]).toEqual([0, 10 * SECOND]);
    expect(breaker.incident(create('c'))).toBeUndefined();
    expect(breaker.incident(create('d'))?.error.kind).toBe('CloudflareUnavailable');
    await clock.advance(10 * SECOND);
    expect(breaker.waitMs(create('d'))).toBe(0);
    expect(breaker.incident(create('c'))).toBeDefined();
  });

  test('gives its probe back when whom it is kept for does not use it, and to nobody else', async () => {
    breakFor('a', 'b');
    await clock.advance(5 * SECOND);
    breaker.reserve(create('c'), 15 * SECOND);
    breaker.release(create('d'));
    expect(breaker.waitMs(create('d'))).toBe(15 * SECOND);
    breaker.release(create('c'));
    expect(breaker.waitMs(create('d'))).toBe(0);
  });

  test('is forgotten when room is needed and nobody has used the token for a day', async () => {
    breakFor('a', 'b');
    await clock.advance(24 * 60 * MINUTE);
    const others = Array.from({ length: 300 }, (_, at) => `other-${at}`);
    for (const account of others) fail(create('a', { account }));
    expect(breaker.holds(create('c'))).toBe(true);
    await clock.advance(MINUTE);
    for (const account of others) fail(create('a', { account: `another ${account}` }));
    expect(breaker.holds(create('c'))).toBe(false);
  });
});

describe('a refused token', () => {
  test.each(['CredentialsInvalid', 'PermissionMissing'] as const)(
    'is asked about by one request in five minutes and place: %s',
    async (kind) => {
      for (const asker of ['a', 'b']) send(create(asker), kind);
      expect(breaker.waitMs(create('c'))).toBe(5 * MINUTE);
      expect(breaker.holds(create('c', { place: 'example.net' }))).toBe(false);
      expect(breaker.holds(list('c'))).toBe(false);
      await clock.advance(5 * MINUTE);
      send(create('c'), kind);
      expect(breaker.waitMs(create('d'))).toBe(5 * MINUTE);
      expect(breaker.holds(create('d', { account: 'corrected' }))).toBe(false);
    },
  );

  test('is not one that may not ask about itself: an account has such tokens', () => {
    const verify = (asker: string): Ask => ({ account: 'token', operation: 'verify_token', asker });
    for (const asker of ['one', 'two', 'three']) send(verify(asker), 'CredentialsInvalid');
    expect(breaker.holds(verify('four'))).toBe(false);
  });

  test('is shared by the issuers that use it', () => {
    const zones = (asker: string): Ask => ({ account: 'token', operation: 'list_zones', asker });
    for (const asker of ['one', 'two']) send(zones(asker), 'CredentialsInvalid');
    expect(breaker.waitMs(zones('three'))).toBe(5 * MINUTE);
    expect(breaker.waitMs({ ...zones('three'), operation: 'verify_token' })).toBe(5 * MINUTE);
  });
});

test('whoever asks for what, and however long answers take, an incident costs a request a minute and token', async () => {
  const operations = fc.constantFrom<Operation>('create_certificate', 'list_certificates', 'verify_token');
  const asks = fc.array(
    fc.record({
      operation: operations,
      asker: fc.constantFrom('a', 'b', 'c', 'd'),
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      takesMs: fc.integer({ min: 0, max: 40_000 }),
    }),
    { minLength: 200, maxLength: 400 },
  );
  await fc.assert(
    fc.asyncProperty(asks, async (asked) => {
      const passing = new TestClock();
      const held = new Breaker({ clock: passing, random: Math.random });
      const sent: number[] = [];
      for (const ask of ['a', 'b'].map((asker) => create(asker)))
        held.begin(ask)(error('CloudflareUnavailable'));
      for (const { operation, asker, afterMs, takesMs } of asked) {
        await passing.advance(afterMs);
        const ask = { account: 'token', operation, asker };
        if (held.waitMs(ask) > 0) continue;
        sent.push(passing.monotonic());
        const end = held.begin(ask);
        void passing.after(takesMs).then(() => end(error('CloudflareUnavailable', operation)));
      }
      const late = sent.filter((ms) => ms >= 5 * MINUTE);
      late.slice(1).forEach((ms, at) => expect(ms - (late[at] ?? 0)).toBeGreaterThanOrEqual(MINUTE));
      expect(late.length).toBeGreaterThan(0);
    }),
    { numRuns: 30 },
  );
});
