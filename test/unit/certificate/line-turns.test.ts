import { afterEach, beforeEach, expect, test } from 'vitest';
import { Line } from '../../../src/certificate/line.ts';
import { type Ask, Breaker } from '../../../src/cloudflare/breaker.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import type { Operation } from '../../../src/cloudflare/operation.ts';
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

beforeEach(() => {
  clock = new TestClock();
  breaker = new Breaker({ clock, random: () => 0 });
  budget = new Budget({ clock, ratePerSecond: 3, burst: 100 });
  stop = new AbortController();
  called = [];
  dues = new Map();
  line = new Line({
    clock,
    budget,
    breaker,
    rank: (key) => ({ group: 'team', lane: '', due: dues.get(key) ?? 0 }),
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

function join(...asks: readonly Ask[]): void {
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
