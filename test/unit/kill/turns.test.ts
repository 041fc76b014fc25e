import { expect, test } from 'vitest';
import { pairwiseCourses } from '../../kill/courses.ts';
import { coursesInTurn, type Kill } from '../../kill/product.ts';

test('of courses that take turns each state is killed once, and each course has its part', () => {
  const courses = pairwiseCourses('first-issuance');
  expect(courses.length).toBeGreaterThan(1);
  const kills: Kill[] = courses.flatMap((course) =>
    Array.from({ length: 3 * courses.length }, (_, state) => ({
      course,
      state,
      number: state + 1,
      point: `point ${state}`,
    })),
  );
  const chosen = coursesInTurn(kills);
  expect(chosen.map(({ state }) => state).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 3 * courses.length }, (_, state) => state),
  );
  for (const course of courses) expect(chosen.filter((kill) => kill.course === course)).toHaveLength(3);
});
