import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/api/duration.ts';

const HOUR = 3_600_000;
/** The pattern of the CRD, kept apart on purpose: the flag and the field must accept the same words. */
const CRD_PATTERN = /^([0-9]{1,6}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?$/;

describe('parseDuration', () => {
  test.each([
    ['720h', 720 * HOUR],
    ['1h30m', 1.5 * HOUR],
    ['1h30m15s', 1.5 * HOUR + 15_000],
    ['90m', 1.5 * HOUR],
    ['45s', 45_000],
    ['0s', 0],
    ['999999h9999m9999s', 999_999 * HOUR + 9999 * 60_000 + 9_999_000],
    ['007h', 7 * HOUR],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    '1 month',
    '1d',
    '-5h',
    '+5h',
    '1.5h',
    '5',
    'h',
    '30m1h',
    '1h1h',
    '1H',
    '500ms',
    '1h ',
    ' 1h',
    '1h\n',
    '1000000h',
    '10000m',
    '10000s',
    '١h',
    '1e3s',
    'Infinityh',
  ])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('accepts exactly what the CRD accepts, the empty text aside', () => {
    const piece = fc.stringMatching(/^[0-9hms .d-]{0,9}$/);
    fc.assert(
      fc.property(piece, (text) => {
        expect(parseDuration(text) !== undefined).toBe(text !== '' && CRD_PATTERN.test(text));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [999, '0s'],
    [-5000, '0s'],
    [Number.NaN, '0s'],
    [1000, '1s'],
    [60_000, '1m'],
    [HOUR, '1h'],
    [1.5 * HOUR + 15_000, '1h30m15s'],
    [HOUR + 1000, '1h1s'],
    [2160 * HOUR, '2160h'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('is read back as the same whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 * HOUR + 3_599_999 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(Math.floor(ms / 1000) * 1000);
      }),
    );
  });
});
