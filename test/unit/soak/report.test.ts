import { expect, test } from 'vitest';
import { doubtIn } from '../../soak/report.ts';

test.each([
  ['none failed', 0, []],
  ['a tenth failed', 10, []],
  ['more failed', 30, ['30 of 120 looks and operations failed on our side: this soak says little']],
])('a soak of which %s says so where it says little', (_what, failedLooks, doubt) => {
  const people = new Map([['delete', 15]]);
  const faults = new Map([['kill', 5]]);
  expect(doubtIn({ failedLooks, visits: 70, people, faults })).toEqual(doubt);
});
