import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { TestClock } from '../../support/test-clock.ts';

function make(ratePerSecond: number, burst: number): { clock: TestClock; budget: Budget } {
  const clock = new TestClock();
  return { clock, budget: new Budget({ ratePerSecond, burst, clock }) };
}

function drain(budget: Budget, account?: string): number {
  for (let granted = 0; ; granted += 1) if (!budget.take(1, account).granted) return granted;
}

/** Milliseconds until the next grant, as refused; fails on a grant. */
function refusal(budget: Budget, account?: string): number {
  const grant = budget.take(1, account);
  if (grant.granted) throw new Error('granted');
  return grant.retryAfterMs;
}

describe('Budget', () => {
  test('grants the burst at once, then the rate', async () => {
    const { clock, budget } = make(3, 100);
    expect(drain(budget)).toBe(100);
    await clock.advance(1000);
    expect(drain(budget)).toBe(3);
    await clock.advance(60_000);
    expect(drain(budget)).toBe(100);
  });

  test('tells refused callers different moments, as far apart as the rate', () => {
    const { budget } = make(2, 1);
    expect(budget.take()).toEqual({ granted: true });
    expect([refusal(budget), refusal(budget), refusal(budget)]).toEqual([500, 1000, 1500]);
  });

  test('says how long a request would have to wait, without taking or promising anything', async () => {
    const { clock, budget } = make(2, 1);
    expect([budget.waitMs(), budget.waitMs()]).toEqual([0, 0]);
    drain(budget);
    expect([budget.waitMs(), budget.waitMs()]).toEqual([500, 500]);
    budget.limited(3000, 'a');
    expect(budget.waitMs('a')).toBe(3000);
    await clock.advance(500);
    expect([budget.waitMs(), budget.waitMs('a')]).toEqual([0, 2500]);
  });

  test('says how long several requests would have to wait for one another', async () => {
    const { clock, budget } = make(2, 4);
    drain(budget);
    expect(budget.expectedMs(10)).toBe(5000);
    await clock.advance(60_000);
    expect([budget.expectedMs(4), budget.expectedMs(1004), make(0, 1).budget.expectedMs(9)]).toEqual([
      0, 500_000, 0,
    ]);
  });

  test('switched off, it grants everything, but obeys a 429', async () => {
    const { clock, budget } = make(0, 1);
    for (let i = 0; i < 10_000; i += 1) expect(budget.take().granted).toBe(true);
    expect(budget.remaining()).toBe(Infinity);
    budget.limited(5000);
    expect(budget.take()).toEqual({ granted: false, retryAfterMs: 5000, because: 'rate-limit' });
    await clock.advance(5000);
    expect(budget.take().granted).toBe(true);
  });

  test('a 429 stops its token until Retry-After, and no other token', async () => {
    const { clock, budget } = make(3, 100);
    budget.limited(30_000, 'a');
    budget.limited(1000, 'a');
    expect(budget.take(1, 'a')).toEqual({ granted: false, retryAfterMs: 30_000, because: 'rate-limit' });
    expect(budget.take(1, 'b').granted).toBe(true);
    await clock.advance(29_999);
    expect(budget.take(1, 'a').granted).toBe(false);
    await clock.advance(1);
    expect(budget.take(1, 'a').granted).toBe(true);
  });

  test('a small rest holds back its token, and no other', () => {
    const { budget } = make(3, 100);
    budget.answered(10, 10_000, 'a');
    expect(drain(budget, 'a')).toBe(5);
    expect(budget.waitMs('a')).toBe(2000);
    expect(drain(budget, 'b')).toBe(95);
  });

  test('a rest that lasts at the full rate lowers nothing', async () => {
    const { clock, budget } = make(3, 100);
    budget.answered(1199, 300_000, 'a');
    expect(drain(budget, 'a')).toBe(100);
    await clock.advance(10_000);
    expect(drain(budget, 'a')).toBe(30);
  });
});

describe('whatever happens, the budget', () => {
  const rate = fc.integer({ min: 1, max: 20 });
  const burst = fc.integer({ min: 1, max: 30 });
  const pauses = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 40 });

  test('grants no more than burst + rate × time in any stretch', async () => {
    await fc.assert(
      fc.asyncProperty(rate, burst, pauses, async (ratePerSecond, size, waits) => {
        const { clock, budget } = make(ratePerSecond, size);
        const grants: number[] = [];
        for (const ms of waits) {
          for (let granted = drain(budget); granted > 0; granted -= 1) grants.push(clock.monotonic());
          await clock.advance(ms);
        }
        grants.forEach((from, i) => {
          grants.slice(i).forEach((to, j) => {
            expect(j + 1).toBeLessThanOrEqual(size + ((to - from) / 1000) * ratePerSecond + 1e-6);
          });
        });
      }),
      { numRuns: 40 },
    );
  });

  test('grants a lone caller that comes back when told', async () => {
    await fc.assert(
      fc.asyncProperty(
        rate,
        burst,
        fc.integer({ min: 1, max: 40 }),
        async (ratePerSecond, size, requests) => {
          const { clock, budget } = make(ratePerSecond, size);
          drain(budget);
          await clock.advance(100_000);
          for (let sent = 0; sent < requests; sent += 1) {
            const grant = budget.take();
            if (grant.granted) continue;
            expect(grant.retryAfterMs).toBeGreaterThan(0);
            await clock.advance(grant.retryAfterMs);
            expect(budget.take().granted).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("makes the last answer's rest last until its window ends", async () => {
    const rests = fc.integer({ min: 0, max: 50 });
    const resets = fc.integer({ min: 1000, max: 60_000 });
    await fc.assert(
      fc.asyncProperty(
        rate,
        burst,
        rests,
        resets,
        pauses,
        async (ratePerSecond, size, rest, resetMs, waits) => {
          const { clock, budget } = make(ratePerSecond, size);
          budget.answered(rest, resetMs, 'a');
          let granted = 0;
          for (const ms of waits) {
            granted += drain(budget, 'a');
            if (clock.monotonic() + ms >= resetMs) break;
            await clock.advance(ms);
          }
          expect(granted).toBeLessThanOrEqual(rest);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a claim', () => {
  test('keeps requests for its asker from all others, until it gives back what it did not send', () => {
    const { budget } = make(1, 4);
    budget.claim('shop/web', '', 3);
    expect(drain(budget)).toBe(1);
    expect(budget.take(1, '', 'certificates', 'shop/other').granted).toBe(false);
    expect(budget.take(1, '', 'certificates', 'shop/web').granted).toBe(true);
    expect(budget.claimed('shop/web')).toBe(2);
    budget.release('shop/web');
    expect(budget.take(1, '', 'certificates', 'shop/web').granted).toBe(true);
    expect(drain(budget)).toBe(1);
  });

  test('of more than there is goes out with the first, and is paid back after', async () => {
    const { clock, budget } = make(1, 1);
    budget.claim('shop/web', '', 3);
    const sent = [1, 2, 3].map(() => budget.take(1, '', 'certificates', 'shop/web').granted);
    expect(sent).toEqual([true, true, true]);
    expect(budget.waitMs()).toBe(3000);
    await clock.advance(3000);
    expect(budget.waitMs()).toBe(0);
  });

  test('is of what Cloudflare left to the token, also when that is told anew', () => {
    const { budget } = make(0.001, 100);
    budget.answered(20, 60_000, 'a');
    budget.claim('shop/web', 'a', 4);
    expect(drain(budget, 'a')).toBe(6);
    budget.answered(20, 60_000, 'a');
    expect(drain(budget, 'a')).toBe(6);
  });

  test('pays with another token only what Cloudflare left to that one', () => {
    const { budget } = make(1, 100);
    budget.answered(0, 60_000, 'spent');
    budget.claim('shop/web', 'a', 2);
    expect(budget.take(1, 'spent', 'certificates', 'shop/web').granted).toBe(false);
    expect(budget.take(1, 'b', 'certificates', 'shop/web').granted).toBe(true);
    expect(budget.claimed('shop/web')).toBe(1);
  });

  test('is of no use while Cloudflare has stopped the token', () => {
    const { budget } = make(1, 100);
    budget.claim('shop/web', 'a', 1);
    budget.limited(1000, 'a');
    expect(budget.isStopped('a')).toBe(true);
    const because = 'rate-limit';
    expect(budget.take(1, 'a', 'certificates', 'shop/web')).toMatchObject({ granted: false, because });
  });
});
