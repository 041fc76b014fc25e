import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Line } from '../../../src/certificate/line.ts';
import { type Ask, Breaker } from '../../../src/cloudflare/breaker.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import type { Operation } from '../../../src/cloudflare/operation.ts';
import type { Want } from '../../../src/cloudflare/turns.ts';
import { TestClock } from '../../support/test-clock.ts';

const SECOND = 1000;

let clock: TestClock;
let breaker: Breaker;
let budget: Budget;
let line: Line;
let stop: AbortController;
/** Whose turn it was, in order. */
let called: string[];
let dues: Map<string, number>;
/** Of which namespace a key is. */
let group: (key: string) => string;

beforeEach(() => {
  clock = new TestClock();
  breaker = new Breaker({ clock, random: () => 0 });
  budget = new Budget({ clock, ratePerSecond: 3, burst: 100 });
  stop = new AbortController();
  called = [];
  dues = new Map();
  group = () => 'team';
  line = new Line({
    clock,
    budget,
    breaker,
    rank: (key) => ({ group: group(key), lane: '', due: dues.get(key) ?? 0 }),
    mayProbe: () => true,
    call: (key) => void called.push(key),
    signal: stop.signal,
  });
  breaker.onChange = () => line.serve();
});
afterEach(() => stop.abort());

const ask = (asker: string, operation: Operation = 'create_certificate'): Ask => ({
  account: 'token',
  operation,
  asker,
});

function join(...asks: readonly Want[]): void {
  for (const each of asks) line.join(each);
  line.serve();
}

function breakDown(): void {
  for (const asker of ['a', 'b'])
    breaker.begin(ask(asker))(unavailable('create_certificate', 'HTTP status 503'));
}

test('a probe that the one called does not send is given to the next at once', async () => {
  breakDown();
  join(ask('x'), ask('y'));
  await clock.advance(5 * SECOND);
  expect(called).toEqual(['x']);
  line.leave('x', true);
  line.ended('x');
  expect(called).toEqual(['x', 'y']);
  expect(breaker.waitMs(ask('y'))).toBe(0);
});

test('nobody else is called to probe a token before the one who got through has come to its end', async () => {
  breakDown();
  join(ask('leaked', 'get_certificate'), ask('wanted'));
  await clock.advance(5 * SECOND);
  expect(called).toEqual(['leaked']);
  breaker.begin(ask('leaked', 'get_certificate'))(undefined);
  expect(breaker.waitMs(ask('leaked', 'revoke_certificate'))).toBe(0);
  expect(called).toEqual(['leaked']);
  line.ended('leaked');
  expect(called).toEqual(['leaked', 'wanted']);
});

test('what was kept for those who were called ends with the line: the next one has all of it', async () => {
  join(ask('a'), ask('b'), { ...ask('c', 'get_certificate'), requests: 2 });
  expect(called).toEqual(['a', 'b', 'c']);
  expect(budget.remaining()).toBe(96);
  stop.abort();
  expect(budget.remaining()).toBe(100);
  line.ended('a');
  expect(budget.remaining()).toBe(100);
});

test('the probe that somebody was called for ends with the line too', async () => {
  breakDown();
  join(ask('x'));
  await clock.advance(5 * SECOND);
  expect(called).toEqual(['x']);
  expect(breaker.waitMs(ask('y'))).toBeGreaterThan(0);
  stop.abort();
  expect(breaker.waitMs(ask('y'))).toBe(0);
});

test('who waits and is looked at in between keeps its place', async () => {
  budget.take(100);
  dues = new Map([
    ['first', 10],
    ['second', 20],
  ]);
  join(ask('first'), ask('second'));
  dues.set('first', 30);
  join(ask('first'));
  await clock.advance(SECOND);
  expect(called[0]).toBe('first');
});

test('no more are called than Cloudflare has left requests to their token', async () => {
  budget.answered(4, 60 * SECOND, 'token');
  join(...['a', 'b', 'c', 'd'].map((key) => ask(key)));
  expect(called).toEqual(['a', 'b']);
  expect([line.admits(ask('a')), line.admits(ask('e'))]).toEqual([true, false]);
  await clock.advance(60 * SECOND);
  expect(called).toEqual(['a', 'b', 'c', 'd']);
});

describe('who is called', () => {
  test('has what it was called for, however many come before it is there', async () => {
    budget.take(100);
    join({ ...ask('look', 'revoke_certificate'), requests: 2 });
    await clock.advance(0.4 * SECOND);
    expect(called).toEqual(['look']);
    for (const other of [undefined, 'new'])
      expect(budget.take(1, 'token', 'certificates', other).granted).toBe(false);
    expect(line.admits(ask('new'))).toBe(false);
    const takes = [1, 2, 3].map(() => budget.take(1, 'token', 'certificates', 'look').granted);
    expect(takes).toEqual([true, true, false]);
  });

  test('gives back what it did not send', async () => {
    budget.take(100);
    join({ ...ask('look', 'revoke_certificate'), requests: 2 });
    await clock.advance(0.4 * SECOND);
    budget.take(1, 'token', 'certificates', 'look');
    await clock.advance(0.3 * SECOND);
    join(ask('next'));
    expect(called).toEqual(['look']);
    line.ended('look');
    expect(called).toEqual(['look', 'next']);
  });

  test('stands behind the others for the next', async () => {
    budget.take(100);
    join(ask('a'), ask('b'));
    await clock.advance(0.4 * SECOND);
    expect(called).toEqual(['a']);
    budget.take(1, 'token', 'certificates', 'a');
    expect(line.admits(ask('a'))).toBe(false);
    join(ask('a'));
    line.ended('a');
    await clock.advance(0.7 * SECOND);
    expect(called).toEqual(['a', 'b', 'a']);
  });
});

describe('what reads in the background', () => {
  const list = (asker: string): Ask => ask(asker, 'list_certificates');
  const never = new AbortController().signal;

  /** What became of pages that were asked for, in the order in which they were paid for or refused. */
  function pages(...askers: readonly string[]): string[] {
    const done: string[] = [];
    for (const asker of askers)
      void line
        .turn(list(asker), never)
        .then((isPaid) => void done.push(`${asker} ${isPaid ? 'paid' : 'held'}`));
    return done;
  }

  test('pays page by page, and goes at once while nobody waits', async () => {
    const done = pages('a', 'a', 'b');
    await clock.advance(0);
    expect(done).toEqual(['a paid', 'a paid', 'b paid']);
    expect(budget.remaining()).toBe(97);
  });

  test('takes its turn with those of other namespaces', async () => {
    group = (key) => key.split('/')[0] ?? '';
    budget.take(100);
    const done = pages('busy/a', 'busy/b', 'busy/c', 'busy/d');
    line.join(ask('calm/web'));
    expect(called).toEqual([]);
    await clock.advance(0.7 * SECOND);
    expect(called).toEqual(['calm/web']);
    expect(done).toHaveLength(1);
    await clock.advance(SECOND);
    expect(done).toHaveLength(4);
  });

  test('is told of an incident that begins while it waits', async () => {
    budget.take(100);
    const done = pages('a');
    await clock.advance(0);
    breakDown();
    await clock.advance(0);
    expect(done).toEqual(['a held']);
    expect(line.size).toBe(0);
  });

  test('uses what its object was called for, where that is the search', async () => {
    budget.take(100);
    join(list('shop/web'));
    await clock.advance(0.4 * SECOND);
    expect(called).toEqual(['shop/web']);
    const done = pages('shop/web');
    await clock.advance(0);
    expect(done).toEqual(['shop/web paid']);
    expect(budget.claimed('shop/web')).toBe(0);
  });

  test('waits for the end of a 429, also with what its object was called for', async () => {
    join(list('shop/web'));
    budget.limited(5 * SECOND, 'token');
    const done = pages('shop/web');
    await clock.advance(4 * SECOND);
    expect(done).toEqual([]);
    await clock.advance(2 * SECOND);
    expect(done).toEqual(['shop/web paid']);
  });

  test('waits no longer than its signal', async () => {
    budget.take(100);
    const abort = new AbortController();
    const turn = line.turn(list('a'), abort.signal);
    abort.abort(new Error('enough'));
    await expect(turn).rejects.toThrow('enough');
    expect(line.size).toBe(0);
  });
});
