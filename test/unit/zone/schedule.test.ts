import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  intervalsOf,
  jittered,
  pagesOf,
  requestsPerSecond,
  retryMs,
  shownIntervals,
  stretchOf,
  type ZoneLoad,
} from '../../../src/zone/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A zone whose every setting is managed, with 40 records, 200 certificates and its own origin pulls. */
const typical: ZoneLoad = {
  modes: 2,
  settings: 4,
  recordPages: 1,
  inventoryPages: 4,
  inventoryIntervalMs: 6 * HOUR,
  pullsPerHour: 2,
};

const load = fc.record({
  modes: fc.integer({ min: 1, max: 2 }),
  settings: fc.integer({ min: 0, max: 4 }),
  recordPages: fc.integer({ min: 1, max: 100 }),
  inventoryPages: fc.integer({ min: 1, max: 200 }),
  inventoryIntervalMs: fc.integer({ min: MINUTE, max: 24 * HOUR }),
  pullsPerHour: fc.integer({ min: 0, max: 60 }),
});

describe('the intervals', () => {
  test('are as told for a single zone: no stretching within the budget', () => {
    const stretch = stretchOf([typical], { zoneIntervalMs: 10 * MINUTE, ratePerSecond: 3 });
    expect(shownIntervals(intervalsOf(10 * MINUTE, 6 * HOUR, stretch))).toEqual({
      ssl: '10m',
      settings: '1h',
      records: '30m',
      inventory: '6h',
    });
  });

  test('of a hundred zones stay within a fifth of the default rate, a quarter less what is kept back', () => {
    const zones = Array.from({ length: 100 }, () => typical);
    const limits = { zoneIntervalMs: 10 * MINUTE, ratePerSecond: 3 };
    const stretch = stretchOf(zones, limits);
    const all = zones.reduce((sum, zone) => sum + requestsPerSecond(zone, 10 * MINUTE, stretch), 0);
    expect(all * 300).toBeLessThanOrEqual(900 * 0.2 + 1e-6);
    expect(all * 300).toBeLessThan(1200 / 4);
  });

  test('of any zones together stay within the share, or are not stretched', () => {
    fc.assert(
      fc.property(
        fc.array(load, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1000, max: 24 * HOUR }),
        fc.constantFrom(0.1, 1, 3, 50),
        (zones, zoneIntervalMs, ratePerSecond) => {
          const stretch = stretchOf(zones, { zoneIntervalMs, ratePerSecond });
          const all = zones.reduce((sum, zone) => sum + requestsPerSecond(zone, zoneIntervalMs, stretch), 0);
          expect(stretch).toBeGreaterThanOrEqual(1);
          expect(all).toBeLessThanOrEqual(ratePerSecond * 0.2 * (1 + 1e-9));
        },
      ),
    );
  });

  test('are not stretched without a limit', () => {
    const zones = Array.from({ length: 10_000 }, () => typical);
    expect(stretchOf(zones, { zoneIntervalMs: 1000, ratePerSecond: 0 })).toBe(1);
  });

  test('of settings, records and zone are never shorter than that of ssl', () => {
    const { sslMs, settingsMs, recordsMs, zoneMs } = intervalsOf(5 * HOUR, HOUR, 1);
    expect([settingsMs, recordsMs, zoneMs]).toEqual([sslMs, sslMs, sslMs]);
  });

  test('are spread by a tenth to either side', () => {
    expect([0, 0.5, 1].map((random) => Math.round(jittered(1000, random)))).toEqual([900, 1000, 1100]);
  });
});

describe('a retry', () => {
  test.each([
    [1, 5_000],
    [2, 10_000],
    [4, 40_000],
    [7, 300_000],
    [1000, 300_000],
  ])('after failure %i comes within %i ms and no sooner than four fifths of it', (count, ms) => {
    expect(retryMs(count, 1)).toBe(ms);
    expect(retryMs(count, 0)).toBeCloseTo(0.8 * ms);
  });
});

test.each([
  [0, 1],
  [50, 1],
  [51, 2],
  [5000, 100],
])('%i objects are listed in %i pages', (count, pages) => {
  expect(pagesOf(count)).toBe(pages);
});
