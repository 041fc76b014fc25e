import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DelayHeap } from '../../../src/kube/delay-heap.ts';

test('gives keys out in the order of their earliest times, each once', () => {
  const sets = fc.array(fc.tuple(fc.nat(30).map(String), fc.nat(1_000)), { maxLength: 400 });
  fc.assert(
    fc.property(sets, fc.nat(1_100), (delays, nowMs) => {
      const heap = new DelayHeap();
      const expected = new Map<string, number>();
      for (const [key, dueMs] of delays) {
        heap.set(key, dueMs);
        expected.set(key, Math.min(dueMs, expected.get(key) ?? dueMs));
      }
      expect(heap.size).toBe(expected.size);
      expect(heap.nextMs).toBe(expected.size === 0 ? undefined : Math.min(...expected.values()));
      const taken = heap.takeDue(nowMs);
      const due = [...expected].filter(([, dueMs]) => dueMs <= nowMs);
      expect(taken.map((key) => expected.get(key))).toEqual(
        due.map(([, dueMs]) => dueMs).sort((a, b) => a - b),
      );
      expect([...taken].sort()).toEqual(due.map(([key]) => key).sort());
      expect(heap.size).toBe(expected.size - taken.length);
    }),
  );
});

test('does not grow when one key becomes due earlier again and again', () => {
  const heap = new DelayHeap();
  for (let dueMs = 100_000; dueMs > 0; dueMs--) heap.set('a', dueMs);
  expect(heap.places).toBeLessThanOrEqual(66);
  expect(heap.takeDue(100_000)).toEqual(['a']);
  expect(heap).toMatchObject({ size: 0, nextMs: undefined });
});
