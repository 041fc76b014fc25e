import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renewalTime } from '../../../src/certificate/renewal.ts';

const DAY = 86_400_000;
const T0 = Date.UTC(2026, 0, 1);
const input = { notBefore: T0, notAfter: T0 + 90 * DAY, renewBeforeMs: undefined, uid: 'u', revision: 1 };

test('renews when a third of the lifetime is left, a little earlier by the spread', () => {
  const { at, clamped } = renewalTime(input);
  expect(clamped).toBe(false);
  expect(at).toBeLessThanOrEqual(T0 + 60 * DAY);
  expect(at).toBeGreaterThanOrEqual(T0 + 60 * DAY - 1.5 * DAY);
});

test('a renewBefore as long as the lifetime is clamped, so that it does not renew for ever', () => {
  expect(renewalTime({ ...input, renewBeforeMs: 90 * DAY })).toEqual({ at: T0 + 9 * DAY, clamped: true });
  expect(renewalTime({ ...input, renewBeforeMs: 400 * DAY })).toEqual({ at: T0 + 9 * DAY, clamped: true });
});

const lifetimes = fc.constantFrom(7, 30, 90, 365, 730, 1095, 5475);
const renewBefores = fc.option(fc.integer({ min: 1000, max: 6000 * DAY }), { nil: undefined });

test('whatever is asked for: after a tenth of the life, before its end, the same each time, in whole seconds', () => {
  fc.assert(
    fc.property(lifetimes, renewBefores, fc.string(), fc.nat(), (days, renewBeforeMs, uid, revision) => {
      const asked = { notBefore: T0, notAfter: T0 + days * DAY, renewBeforeMs, uid, revision };
      const { at } = renewalTime(asked);
      expect(at).toBeGreaterThanOrEqual(T0 + 0.1 * days * DAY);
      expect(at).toBeLessThan(T0 + days * DAY);
      expect(at % 1000).toBe(0);
      expect(renewalTime(asked).at).toBe(at);
    }),
  );
});

test('the spread is at most a twentieth of renewBefore and half of what renewBefore leaves', () => {
  fc.assert(
    fc.property(
      lifetimes,
      fc.double({ min: 0.01, max: 0.85, noNaN: true }),
      fc.string(),
      (days, part, uid) => {
        const lifetime = days * DAY;
        const renewBeforeMs = Math.round(lifetime * part);
        const { at } = renewalTime({
          notBefore: T0,
          notAfter: T0 + lifetime,
          renewBeforeMs,
          uid,
          revision: 1,
        });
        const spread = T0 + lifetime - renewBeforeMs - at;
        expect(spread).toBeGreaterThanOrEqual(-1000);
        expect(spread).toBeLessThanOrEqual(Math.min(renewBeforeMs * 0.05, (lifetime - renewBeforeMs) / 2));
      },
    ),
  );
});

test('objects that were issued together are not renewed together', () => {
  const times = Array.from({ length: 200 }, (_, i) => renewalTime({ ...input, uid: `uid-${i}` }).at);
  expect(new Set(times).size).toBeGreaterThan(190);
});
