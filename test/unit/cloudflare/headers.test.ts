import { describe, expect, test } from 'vitest';
import { readHeaders } from '../../../src/cloudflare/headers.ts';

describe('readHeaders', () => {
  const date = 'Sat, 21 Nov 2026 12:00:00 GMT';

  test('reads the Ray ID and the server clock', () => {
    expect(readHeaders({ 'cf-ray': '8f0c-FRA', date })).toMatchObject({
      rayId: '8f0c-FRA',
      dateMs: Date.parse(date),
    });
  });

  test.each(['', 'a b', 'x'.repeat(65), 'ray\u0000'])('drops a Ray ID that is none: %j', (ray) => {
    expect(readHeaders({ 'cf-ray': ray }).rayId).toBeUndefined();
  });

  test.each([
    ['30', 30_000],
    ['0', 0],
    ['1.5', 1500],
    ['Sat, 21 Nov 2026 12:01:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['999999999', 3_600_000],
    ['soon', undefined],
    ['-5', undefined],
  ])('Retry-After %s is %s ms', (text, ms) => {
    expect(readHeaders({ 'retry-after': text, date }).retryAfterMs).toBe(ms);
  });

  test.each([
    ['"default";r=50;t=30', { rest: 50, resetMs: 30_000 }],
    ['"default"; r=50; t=30', { rest: 50, resetMs: 30_000 }],
    ['"default";t=30;r=0', { rest: 0, resetMs: 30_000 }],
    ['"burst";r=90;t=60, "default";r=5;t=200', { rest: 5, resetMs: 200_000 }],
    ['"default";r=50', undefined],
    ['nonsense', undefined],
  ])('Ratelimit %s', (text, expected) => {
    expect(readHeaders({ ratelimit: text }).rateLimit).toEqual(expected);
  });
});
