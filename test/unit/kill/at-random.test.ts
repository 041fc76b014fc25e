import { expect, test } from 'vitest';
import { COURSES } from '../../kill/courses.ts';
import { killAtRandom, type Violation } from '../../kill/product.ts';
import type { Course, Outcome } from '../../kill/run.ts';

/** Lanes on which everything goes as `outcomeOf` says. */
function lanes(outcomeOf: (course: Course) => Partial<Outcome>) {
  return {
    each: async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
      for (const item of items) await work(item);
    },
    run: (course: Course) =>
      Promise.resolve({ points: [], kills: 0, violations: [], logs: [], ...outcomeOf(course) }),
  };
}

test('each run with kills at random is told with its course and seed as it begins and as it ends', async () => {
  const courses = COURSES.slice(0, 2);
  const [first, second] = courses;
  const told: unknown[] = [];
  const violations: Violation[] = [];
  const pool = lanes((course) => (course === first ? { kills: 3 } : { kills: 1, violations: ['two live'] }));
  const tally = await killAtRandom(pool, courses, 7, {
    onBegin: ({ course, seed }) => void told.push(['begins', course, seed]),
    onEnd: ({ course, seed }, { kills }) => void told.push(['ends', course, seed, kills]),
    onViolation: async (violation) => void violations.push(violation),
  });
  expect(told).toEqual([
    ['begins', first, 7],
    ['ends', first, 7, 3],
    ['begins', second, 8],
    ['ends', second, 8, 1],
  ]);
  expect(tally).toMatchObject({ killed: 4, violations });
  expect(violations.map(({ repeat }) => repeat)).toEqual([expect.stringMatching(/--random 1 --seed 8$/)]);
});
