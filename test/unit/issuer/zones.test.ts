import { beforeEach, describe, expect, test } from 'vitest';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import type { Zone } from '../../../src/cloudflare/results.ts';
import { ZoneRefresher } from '../../../src/issuer/zones.ts';
import { type IssuerSession, IssuerSessions } from '../../../src/sessions.ts';
import { TestClock } from '../../support/test-clock.ts';

const SECOND = 1000;
const KEY = { kind: 'OriginIssuer', namespace: 'shop', name: 'cloudflare' } as const;
const never = new AbortController().signal;
const outage = new CloudflareError('503.', {
  kind: 'CloudflareUnavailable',
  operation: 'list_zones',
  definite: false,
});

let clock: TestClock;
let sessions: IssuerSessions;
let refresher: ZoneRefresher;
let stop: AbortController;
let woken: string[];
/** What Cloudflare has, or how it fails. */
let answer: readonly string[] | Error | Promise<never>;
/** Signals of the listings made. */
let listings: AbortSignal[];

beforeEach(() => {
  clock = new TestClock();
  woken = [];
  listings = [];
  answer = ['a.test', 'b.test'];
  stop = new AbortController();
  sessions = new IssuerSessions(() => undefined);
  const log = { warn: () => undefined } as never;
  refresher = new ZoneRefresher({ clock, sessions, signal: stop.signal, log }, KEY, 'digest');
  sessions.set({
    key: KEY,
    uid: 'uid-1',
    ready: true,
    message: '',
    source: 'OriginIssuer cloudflare',
    client: { listZones } as never,
    listings: undefined,
    tokenDigest: 'digest',
    zones: [zone('a.test')],
    zonesListedMs: clock.monotonic(),
    refreshZones: (asker, signal) => refresher.ask(asker, signal),
  } satisfies IssuerSession);
});

function zone(name: string): Zone {
  return { id: name, name, status: 'active', paused: false, account: { id: undefined, name: undefined } };
}

async function listZones({ signal }: { signal: AbortSignal }): Promise<readonly Zone[]> {
  listings.push(signal);
  const given = await answer;
  if (given instanceof Error) throw given;
  return given.map(zone);
}

/** What is answered to whoever asks now. */
async function ask(id: string, signal = never) {
  const { zones, ...rest } = await refresher.ask({ id, wake: () => void woken.push(id) }, signal);
  return { names: zones.map(({ name }) => name).join(' '), ...rest };
}

describe('the zones, for whoever misses one', () => {
  test('are taken from a check of a moment ago', async () => {
    await clock.advance(3 * SECOND);
    expect(await ask('one')).toEqual({ names: 'a.test', fresh: true });
    expect(listings).toHaveLength(0);
  });

  test('are listed anew ten seconds after a check', async () => {
    await clock.advance(10 * SECOND);
    expect(await ask('one')).toEqual({ names: 'a.test b.test', fresh: true });
  });

  test('that take long to list are not waited for: who asked is woken when they are there', async () => {
    await clock.advance(10 * SECOND);
    const { promise, resolve } = Promise.withResolvers<never>();
    answer = promise;
    const asked = ask('one');
    await clock.advance(4 * SECOND);
    expect(await asked).toMatchObject({ names: 'a.test', fresh: false });
    resolve(['a.test', 'b.test'] as never);
    await clock.advance(0);
    expect(woken).toEqual(['one']);
    expect(await ask('one')).toEqual({ names: 'a.test b.test', fresh: true });
  });

  test('are listed once for all who ask at once', async () => {
    await clock.advance(10 * SECOND);
    const answers = await Promise.all(['one', 'two', 'three'].map((id) => ask(id)));
    expect(answers.every(({ fresh }) => fresh)).toBe(true);
    expect(listings).toHaveLength(1);
  });

  test('are known to be old within the minute after, and then listed for all who wait, who are woken', async () => {
    await clock.advance(10 * SECOND);
    await ask('one');
    answer = ['a.test', 'b.test', 'c.test'];
    await clock.advance(20 * SECOND);
    const old = { names: 'a.test b.test', fresh: false, retryMs: 40 * SECOND, problem: undefined };
    expect(await ask('two')).toEqual(old);
    expect(await ask('three')).toEqual(old);
    await clock.advance(39 * SECOND);
    expect([listings.length, woken]).toEqual([1, []]);
    await clock.advance(1 * SECOND);
    expect([listings.length, woken]).toEqual([2, ['two', 'three']]);
    await clock.advance(20 * SECOND); // However late a waiter comes for its answer.
    expect(await ask('two')).toEqual({ names: 'a.test b.test c.test', fresh: true });
    expect(listings).toHaveLength(2);
  });

  test('are asked for again by those who were answered before', async () => {
    await clock.advance(10 * SECOND);
    await ask('one');
    await clock.advance(600 * SECOND);
    answer = ['c.test'];
    expect(await ask('one')).toEqual({ names: 'c.test', fresh: true });
  });

  test('are asked for anew by who was told to wait and came back long after', async () => {
    await clock.advance(10 * SECOND);
    await ask('one');
    await clock.advance(10 * SECOND);
    await ask('two');
    await clock.advance(600 * SECOND);
    answer = ['c.test'];
    expect(await ask('two')).toEqual({ names: 'c.test', fresh: true });
  });
});

describe('a listing that fails', () => {
  test('is not repeated for a minute either, whoever asks, and says why', async () => {
    answer = outage;
    await clock.advance(10 * SECOND);
    const failed = { names: 'a.test', fresh: false, problem: '503.' };
    expect(await ask('one')).toEqual({ ...failed, retryMs: 60 * SECOND });
    await clock.advance(30 * SECOND);
    expect(await ask('two')).toEqual({ ...failed, retryMs: 30 * SECOND });
    expect(listings).toHaveLength(1);
    answer = ['b.test'];
    await clock.advance(30 * SECOND);
    expect(woken).toEqual(['one', 'two']);
    expect(await ask('two')).toEqual({ names: 'b.test', fresh: true });
    expect(listings).toHaveLength(2);
  });

  test('is nobody else’s because its first asker gave up', async () => {
    await clock.advance(10 * SECOND);
    const { promise, reject } = Promise.withResolvers<never>();
    answer = promise;
    const first = new AbortController();
    const gaveUp = ask('one', first.signal);
    const second = ask('two');
    first.abort(new Error('gave up'));
    await expect(gaveUp).rejects.toThrow('gave up');
    expect(listings.map(({ aborted }) => aborted)).toEqual([false]);
    stop.abort();
    expect(listings.map(({ aborted }) => aborted)).toEqual([true]);
    reject(outage);
    expect(await second).toMatchObject({ fresh: false, problem: '503.' });
  });
});

test('another token has other zones', async () => {
  await clock.advance(10 * SECOND);
  sessions.set({ ...sessions.get(KEY)!, tokenDigest: 'other' });
  expect(await ask('one')).toMatchObject({ names: '', fresh: false });
  expect(listings).toHaveLength(0);
});
