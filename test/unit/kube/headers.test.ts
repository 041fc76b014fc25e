import { expect, test } from 'vitest';
import { dateOf, retryAfterOf, warningsOf } from '../../../src/kube/headers.ts';

const now = Date.parse('2026-11-21T12:00:00Z');

test.each([
  ['5', 5_000],
  ['0', undefined],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', undefined],
  ['soon', undefined],
  ['-3', undefined],
  [undefined, undefined],
])('Retry-After %s means a wait of %s ms', (header, ms) => {
  expect(retryAfterOf(header, now)).toBe(ms);
});

test.each([
  ['299 - "unknown field \\"spec.x\\""', ['unknown field "spec.x"']],
  [
    ['299 - "one"', '299 - "two"'],
    ['one', 'two'],
  ],
  ['299 - "one", 299 kube "two"', ['one', 'two']],
  ['worded otherwise', ['worded otherwise']],
  [undefined, []],
])('Warning %j holds %j', (header, texts) => {
  expect(warningsOf(header)).toEqual(texts);
});

test('a Date header gives a time, anything else none', () => {
  expect(dateOf('Sat, 21 Nov 2026 12:00:00 GMT')).toBe(now);
  expect(dateOf('yesterday')).toBeUndefined();
  expect(dateOf(undefined)).toBeUndefined();
});
