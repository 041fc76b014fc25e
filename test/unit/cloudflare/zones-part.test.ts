import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../../src/cloudflare/token-bucket.ts';
import { ZonesPart } from '../../../src/cloudflare/zones-part.ts';

const NOBODY = { inLine: 0, untilMs: 0 };

/** The part of a bucket of 100 that fills by 4 a second: 25, one a second; while certificates wait one in 5 s. */
function make(level = 100): ZonesPart {
  return new ZonesPart(new TokenBucket(0.004, 100, level, 0), 0);
}

describe("the zones' part of a bucket", () => {
  test('is a quarter of what it holds and of what flows in', () => {
    const zones = make();
    zones.spend(25);
    expect(zones.waitMs(1, NOBODY, 0)).toBe(1000);
    expect(zones.waitMs(25, NOBODY, 25_000)).toBe(0);
  });

  test.each([
    ['nobody', NOBODY, 0],
    ['the line of certificates', { inLine: 8, untilMs: 0 }, 2000],
    ['a certificate that was told to come back, and a moment longer', { inLine: 0, untilMs: 1500 }, 2500],
    ['the later of them', { inLine: 2, untilMs: 3000 }, 4000],
    ['no more certificates than its least part takes to fill', { inLine: 10_000, untilMs: 0 }, 5000],
  ])('waits for %s', (_, ahead, waitMs) => {
    expect(make().waitMs(1, ahead, 0)).toBe(waitMs);
  });

  test('waits for every certificate that was told to come back for the bucket', () => {
    const zones = make();
    zones.giveWay(2000);
    zones.giveWay(1000);
    expect([0, 2999, 3000].map((ms) => zones.waitMs(1, NOBODY, ms))).toEqual([3000, 1, 0]);
  });

  test('is left to it by the certificates that wait, once the least part holds it', () => {
    const zones = make();
    zones.keep(1, 10_000, 4999);
    expect(zones.kept(4999)).toBe(0);
    zones.keep(1, 10_000, 5000);
    expect([zones.kept(5000), zones.waitMs(1, { inLine: 10_000, untilMs: 0 }, 5000)]).toEqual([1, 0]);
    zones.spend(1);
    expect(zones.kept(5000)).toBe(0);
    zones.keep(1, 10_000, 5001);
    expect(zones.kept(5001)).toBe(0);
  });

  test('is left to it for as long as the bucket takes to hold it and five seconds more', () => {
    const zones = make(-36);
    zones.keep(1, 10_000, 5000);
    zones.keep(1, 10_000, 10_000); // Another has nothing until then.
    expect([14_249, 14_250].map((ms) => zones.kept(ms))).toEqual([1, 0]);
  });

  test('is not left to it where no certificate waits', () => {
    const zones = make();
    zones.keep(1, 0, 5000);
    expect(zones.kept(5000)).toBe(0);
    zones.giveWay(5001);
    zones.keep(1, 0, 5000);
    expect(zones.kept(5000)).toBe(1);
  });
});
