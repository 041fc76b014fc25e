import { describe, expect, test } from 'vitest';
import { matches, sorted } from '../../simulator/api/filter.ts';

describe('matches', () => {
  test.each([
    ['example.com', true],
    ['EXAMPLE.com', true],
    ['equal:example.com', true],
    ['equal_case_sensitive:Example.com', false],
    ['not_equal:example.com', false],
    ['starts_with:exam', true],
    ['ends_with:.com', true],
    ['contains:ample', true],
    ['contains_case_sensitive:AMPLE', false],
    ['other.com', false],
    ['unknown:example.com', false],
  ])('the name filter %s fits example.com: %s', (filter, fits) => {
    expect(matches(false, [[filter, 'example.com']])).toBe(fits);
  });

  test('demands all filters, or one of them with any', () => {
    const filters = [
      ['example.com', 'example.com'],
      ['pending', 'active'],
    ] as const;
    expect([matches(false, filters), matches(true, filters)]).toEqual([false, true]);
  });

  test('filters that are not given demand nothing', () => {
    expect([matches(false, [[undefined, 'a']]), matches(true, [['', 'a']])]).toEqual([true, true]);
  });
});

test('sorts by a key in both directions, and not at all without one', () => {
  const items = ['b', 'a', 'c'];
  expect(sorted(items, (item) => item, 'asc')).toEqual(['a', 'b', 'c']);
  expect(sorted(items, (item) => item, 'desc')).toEqual(['c', 'b', 'a']);
  expect(sorted(items, undefined, 'desc')).toEqual(items);
});
