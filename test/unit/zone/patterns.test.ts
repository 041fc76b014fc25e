import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers } from '../../../src/api/hostname.ts';
import { Patterns } from '../../../src/zone/patterns.ts';

const name = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));
const pattern = fc.tuple(fc.boolean(), name).map(([wild, text]) => (wild ? `*.${text}` : text));

test('the same names are covered as by looking at each pattern', () => {
  fc.assert(
    fc.property(fc.array(pattern), name, (patterns, asked) => {
      const indexed = new Patterns(patterns.map((each) => [each, true]));
      expect(indexed.covers(asked)).toBe(patterns.some((each) => covers(each, asked)));
    }),
  );
});

test('values come nearest first, the name itself before all, every name last', () => {
  const patterns = new Patterns([
    ['*', 0],
    ['*.example.com', 1],
    ['*.www.example.com', 2],
    ['a.www.example.com', 3],
    ['A.www.example.com.', 4],
  ]);
  expect([...patterns.of('a.www.example.com')]).toEqual([3, 2, 1, 0]);
  expect([...patterns.of('example.org')]).toEqual([0]);
});
