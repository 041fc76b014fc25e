import { expect, test } from 'vitest';
import { Backoff } from '../../../src/kube/backoff.ts';

const spans = { minMs: 800, maxMs: 30_000, resetAfterMs: 120_000 };

test('doubles from 0.8 s to 30 s while failures follow each other', () => {
  const backoff = new Backoff({ ...spans, random: () => 0 });
  let nowMs = 0;
  const delays = Array.from({ length: 8 }, () => {
    const delayMs = backoff.next(nowMs);
    nowMs += delayMs + 10;
    return delayMs;
  });
  expect(delays).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
});

test('spreads upwards only, so that two requests per round never pass three a second', () => {
  const backoff = new Backoff({ ...spans, random: () => 0.999 });
  expect(backoff.next(0)).toBeCloseTo(800 * 1.4995);
});

test('begins anew after two minutes without failure, not before', () => {
  const backoff = new Backoff({ ...spans, random: () => 0 });
  expect(backoff.next(0)).toBe(800);
  expect(backoff.next(800 + 119_999)).toBe(1_600);
  expect(backoff.next(800 + 119_999 + 1_600 + 120_000)).toBe(800);
});

test('waits as long as the server asks, also beyond its own longest wait', () => {
  const backoff = new Backoff({ ...spans, random: () => 0 });
  expect(backoff.next(0, 45_000)).toBe(45_000);
  expect(backoff.next(45_000, 100)).toBe(1_600);
});
