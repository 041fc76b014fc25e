import { describe, expect, test } from 'vitest';
import { Moments } from '../../../src/cloudflare/moments.ts';

/** What a thousand callers at the same time are told, a second apart; the first could be served in half a second. */
function thousand(): number[] {
  const moments = new Moments();
  return Array.from({ length: 1000 }, () => moments.next(500, 1000, 0));
}

describe('the moments that the callers of a line are told', () => {
  test('are apart, and the first is when there is something for it', () => {
    expect(thousand().slice(0, 3)).toEqual([500, 1500, 2500]);
  });

  test('are never much more than a minute away, however many wait', () => {
    expect(Math.max(...thousand())).toBe(60_500);
  });

  test('begin anew when the last of them is over', () => {
    const moments = new Moments();
    expect([moments.lastMs, moments.next(500, 1000, 0), moments.lastMs]).toEqual([0, 500, 500]);
    expect(moments.next(700, 1000, 500)).toBe(700);
    expect(moments.next(900, 1000, 699)).toBe(1700);
  });
});
