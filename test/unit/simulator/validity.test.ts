import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysLeft, formatDate, validityDays, validityFrom } from '../../simulator/rules/validity.ts';

const DAY_MS = 86_400_000;
const anyTime = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2060, 0) });

describe('validityDays', () => {
  test.each([7, 30, 90, 365, 730, 1095, 5475])('sells %d days', (days) => {
    expect(validityDays(days)).toBe(days);
  });

  test.each([1, 60, 364, 7300, -7, 7.5, Number.NaN])('does not sell %d days', (days) => {
    expect(validityDays(days)).toBeUndefined();
  });

  test.each([undefined, 0])('takes %s as unset: 15 years', (requested) => {
    expect(validityDays(requested)).toBe(5475);
  });
});

test('a validity begins on a whole minute at most a minute ago and lasts whole days', () => {
  fc.assert(
    fc.property(anyTime, fc.constantFrom(7, 90, 5475), (now, days) => {
      const { notBefore, notAfter } = validityFrom(now, days);
      expect(notBefore % 60_000).toBe(0);
      expect(now - notBefore).toBeGreaterThanOrEqual(0);
      expect(now - notBefore).toBeLessThan(60_000);
      expect(notAfter - notBefore).toBe(days * DAY_MS);
    }),
  );
});

describe('formatDate', () => {
  const time = Date.UTC(2040, 3, 5, 13, 40);

  test("writes Go's form, as seen live", () => {
    expect(formatDate(time, 'go')).toBe('2040-04-05 13:40:00 +0000 UTC');
  });

  test('writes RFC 3339 on demand', () => {
    expect(formatDate(time, 'rfc3339')).toBe('2040-04-05T13:40:00Z');
  });
});

test('days left count down to zero and no further', () => {
  const end = Date.UTC(2027, 0);
  expect([
    daysLeft(end - 10 * DAY_MS, end),
    daysLeft(end - DAY_MS / 2, end),
    daysLeft(end + DAY_MS, end),
  ]).toEqual([10, 0, 0]);
});
