import { beforeEach, describe, expect, test } from 'vitest';
import { Admissions } from '../../../src/certificate/admissions.ts';
import { Breaker } from '../../../src/cloudflare/breaker.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { unavailable } from '../../../src/cloudflare/errors.ts';
import type { Want } from '../../../src/cloudflare/turns.ts';
import { TestClock } from '../../support/test-clock.ts';

const SECOND = 1000;

let clock: TestClock;
let budget: Budget;
let breaker: Breaker;
let admissions: Admissions;

beforeEach(() => {
  clock = new TestClock();
  budget = new Budget({ clock, ratePerSecond: 3, burst: 10 });
  breaker = new Breaker({ clock, random: () => 0 });
  admissions = new Admissions({ budget, breaker });
});

function want(asker: string, requests = 1): Want {
  return { account: 'token', operation: 'create_certificate', asker, requests };
}

/** Nothing but one probe may be sent any more. */
async function breakDown(): Promise<void> {
  for (const { asker } of [want('a'), want('b')])
    breaker.begin(want(asker ?? ''))(unavailable('create_certificate', 'HTTP status 503'));
  await clock.advance(5 * SECOND);
}

describe('what is kept for who is admitted', () => {
  test('are the requests that it lacks, until it comes to an end', () => {
    admissions.admit('look', want('look', 3), 2);
    admissions.admit('look', want('look', 3), 1);
    expect(budget.remaining()).toBe(7);
    admissions.end('look');
    expect(budget.remaining()).toBe(10);
    admissions.end('look');
    expect(budget.remaining()).toBe(10);
  });

  test('are all requests that it wants, when it is called', () => {
    admissions.call('look', want('look', 3), false);
    expect(budget.claimed('look')).toBe(3);
    expect([admissions.isProbe('look'), admissions.isProbed('token')]).toEqual([false, false]);
  });

  test('is the probe too, where it is called to try; nobody else is told to try with its token', async () => {
    await breakDown();
    admissions.call('look', want('look'), true);
    admissions.admit('look', want('look', 2), 1);
    expect([admissions.isProbe('look'), admissions.isProbe('other')]).toEqual([true, false]);
    expect([admissions.isProbed('token'), admissions.isProbed('another')]).toEqual([true, false]);
    expect([breaker.waitMs(want('look')), breaker.waitMs(want('other'))]).toEqual([0, 15 * SECOND]);
    admissions.end('look');
    expect([admissions.isProbed('token'), breaker.waitMs(want('other'))]).toEqual([false, 0]);
  });

  test('ends for all at once', async () => {
    await breakDown();
    admissions.call('one', want('one'), true);
    admissions.admit('two', want('two'), 1);
    admissions.endAll();
    expect([budget.remaining(), breaker.waitMs(want('other'))]).toEqual([10, 0]);
    expect(admissions.isProbed('token')).toBe(false);
  });
});
