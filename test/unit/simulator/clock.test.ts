import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../simulator/clock.ts';

const DAY_MS = 86_400_000;

describe('SimulatedClock', () => {
  test('advancing ends at once every wait that has run out, and no other', async () => {
    const clock = new SimulatedClock();
    const ended: string[] = [];
    const short = clock.after(DAY_MS).then(() => ended.push('a day'));
    const long = clock.after(60 * DAY_MS).then(() => ended.push('sixty days'));
    clock.advance(DAY_MS + 1);
    await short;
    expect(ended).toEqual(['a day']);
    clock.advance(60 * DAY_MS);
    await long;
    expect(ended).toEqual(['a day', 'sixty days']);
  });

  test('now moves by what was advanced, until reset', () => {
    const clock = new SimulatedClock();
    clock.advance(365 * DAY_MS);
    expect(clock.now() - Date.now()).toBeCloseTo(365 * DAY_MS, -3);
    clock.reset();
    expect(clock.now() - Date.now()).toBeCloseTo(0, -3);
  });

  test('forgets all waits at a reset', () => {
    const clock = new SimulatedClock();
    void clock.after(DAY_MS);
    expect(clock.waits).toBe(1);
    clock.reset();
    expect(clock.waits).toBe(0);
  });

  test('waits in real time too', async () => {
    const clock = new SimulatedClock();
    const start = performance.now();
    await clock.after(20);
    expect(performance.now() - start).toBeGreaterThanOrEqual(18);
  });
});
