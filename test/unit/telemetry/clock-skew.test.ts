import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { ClockSkew } from '../../../src/telemetry/clock-skew.ts';
import { TestClock } from '../../support/test-clock.ts';

const MINUTE = 60_000;

describe('ClockSkew', () => {
  test.each<[string, { kubernetes?: number; cloudflare?: number }, boolean]>([
    ['nobody heard', {}, false],
    ['exactly five minutes', { kubernetes: 5 * MINUTE, cloudflare: 5 * MINUTE }, false],
    ['more than five minutes ahead of both', { kubernetes: 5 * MINUTE + 1, cloudflare: 6 * MINUTE }, true],
    ['behind both', { kubernetes: -6 * MINUTE, cloudflare: -6 * MINUTE }, true],
    ['off from the API server only', { kubernetes: 6 * MINUTE, cloudflare: 0 }, false],
    ['off from Cloudflare only', { kubernetes: 0, cloudflare: 6 * MINUTE }, false],
    ['off from the only one heard', { kubernetes: 6 * MINUTE }, true],
  ])('%s', (_, offsets, off) => {
    const clock = new TestClock();
    const skew = new ClockSkew(clock);
    for (const source of ['kubernetes', 'cloudflare'] as const) {
      const offset = offsets[source];
      if (offset !== undefined) skew.observe(source, clock.now() - offset);
    }
    expect(skew.problem() !== undefined).toBe(off);
  });

  test('says by how much and what to do', () => {
    const clock = new TestClock();
    const skew = new ClockSkew(clock);
    skew.observe('kubernetes', clock.now() - 90 * MINUTE);
    skew.observe('cloudflare', clock.now() + 6 * MINUTE);
    expect(skew.problem()).toBe(
      "The clock of the operator's machine is 1h30m ahead of the API server and 6m behind Cloudflare: correct it; nothing is issued or revoked until then.",
    );
    expect(skew.readings()).toEqual([
      { source: 'kubernetes', skewMs: 90 * MINUTE },
      { source: 'cloudflare', skewMs: -6 * MINUTE },
    ]);
  });

  test('is judged by the moment of the answer, and heals with the next one', async () => {
    const clock = new TestClock();
    const skew = new ClockSkew(clock);
    skew.observe('kubernetes', clock.now() - 6 * MINUTE);
    await clock.advance(60 * MINUTE);
    expect(skew.readings()).toEqual([{ source: 'kubernetes', skewMs: 6 * MINUTE }]);
    skew.observe('kubernetes', clock.now());
    expect(skew.problem()).toBeUndefined();
  });

  test.each([
    ['ahead', 365],
    ['behind', -365],
  ])('is known at once when our clock is set a year %s, whoever was heard last, and when', (_, days) => {
    let aheadMs = 0;
    const right = new TestClock();
    const clock: Clock = {
      now: () => right.now() + aheadMs,
      monotonic: () => right.monotonic(),
      after: (ms, signal) => right.after(ms, signal),
    };
    const skew = new ClockSkew(clock);
    skew.observe('cloudflare', clock.now());
    skew.observe('kubernetes', clock.now());
    aheadMs = days * 24 * 60 * MINUTE;
    expect(skew.problem()).toContain('8760h');
    skew.observe('kubernetes', right.now());
    expect(skew.problem()).toContain('8760h');
    aheadMs = 0;
    expect(skew.problem()).toBeUndefined();
  });
});
