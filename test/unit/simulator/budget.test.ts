import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget } from '../../simulator/rules/budget.ts';

const limits = { quota: 3, windowMs: 1000, blockMs: 5000 };

function takeAll(budget: Budget, times: readonly number[]): boolean[] {
  return times.map((now) => budget.take(now, limits).granted);
}

describe('Budget', () => {
  test('grants the quota within a window and says what remains', () => {
    const budget = new Budget();
    expect([0, 0, 500].map((now) => budget.take(now, limits))).toEqual([
      { granted: true, remaining: 2, resetSeconds: 1 },
      { granted: true, remaining: 1, resetSeconds: 1 },
      { granted: true, remaining: 0, resetSeconds: 1 },
    ]);
  });

  test('blocks everything for the whole block from the first request beyond the quota', () => {
    const budget = new Budget();
    takeAll(budget, [0, 0, 0]);
    expect(budget.take(900, limits)).toEqual({ granted: false, remaining: 0, resetSeconds: 5 });
    expect(budget.take(5899, limits)).toEqual({ granted: false, remaining: 0, resetSeconds: 1 });
    expect(budget.take(5900, limits)).toEqual({ granted: true, remaining: 2, resetSeconds: 1 });
  });

  test('opens a new window once the old one is over', () => {
    const budget = new Budget();
    expect(takeAll(budget, [0, 0, 0, 1000, 1000, 1000, 1001])).toEqual([
      true,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  test('a quota of 0 limits nothing', () => {
    const budget = new Budget();
    const verdicts = Array.from({ length: 5000 }, () => budget.take(0, { ...limits, quota: 0 }).granted);
    expect(verdicts.every(Boolean)).toBe(true);
  });

  test('never grants more than the quota between two blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 200 }), (gaps) => {
        const budget = new Budget();
        let now = 0;
        const granted: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (budget.take(now, limits).granted) granted.push(now);
        }
        // Windows are fixed, so any span shorter than one overlaps two of them at most.
        for (const start of granted) {
          const within = granted.filter((time) => time >= start && time < start + limits.windowMs);
          expect(within.length).toBeLessThanOrEqual(2 * limits.quota);
        }
      }),
    );
  });
});
