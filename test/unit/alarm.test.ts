import { expect, test } from 'vitest';
import { Alarm } from '../../src/alarm.ts';
import { TestClock } from '../support/test-clock.ts';

function make(): { clock: TestClock; alarm: Alarm; rung: number[] } {
  const clock = new TestClock();
  const rung: number[] = [];
  return { clock, rung, alarm: new Alarm(clock, () => void rung.push(clock.monotonic())) };
}

test.each([
  ['at the moment that was named last, be it earlier', [5000, 3000], 3000],
  ['or later', [3000, 5000], 5000],
  ['not at all when that is never', [3000, Infinity], undefined],
])('an alarm rings %s', async (_, moments, at) => {
  const { clock, alarm, rung } = make();
  for (const dueMs of moments) alarm.at(dueMs);
  await clock.advance(10_000);
  expect(rung).toEqual(at === undefined ? [] : [at]);
});

test.each([
  ['sooner', [5000, 3000], 3000],
  ['and no later', [3000, 5000], 3000],
  ['also when the other is never', [3000, Infinity], 3000],
])('an alarm that is asked to ring by another moment rings %s', async (_, moments, at) => {
  const { clock, alarm, rung } = make();
  for (const dueMs of moments) alarm.by(dueMs);
  await clock.advance(10_000);
  expect(rung).toEqual([at]);
});

test('an alarm keeps one sleep, whatever it was told', () => {
  const { clock, alarm } = make();
  for (const dueMs of [5000, 5000, 3000, 7000]) alarm.at(dueMs);
  alarm.by(2000);
  expect(clock.waiting).toBe(1);
  alarm.clear();
  expect(clock.waiting).toBe(0);
});

test('an alarm that has rung may be set again, also for a moment that is over', async () => {
  const { clock, alarm, rung } = make();
  alarm.at(1000);
  await clock.advance(2000);
  alarm.by(1000);
  await clock.advance(1);
  expect(rung).toEqual([1000, 2001]);
});

test('an alarm does not ring by a sleep that was over just as another was begun', async () => {
  const clock = new TestClock();
  const sleeps: (() => void)[] = [];
  let rung = 0;
  const after = (): Promise<void> => new Promise((resolve) => void sleeps.push(resolve));
  const alarm = new Alarm(
    { now: () => clock.now(), monotonic: () => clock.monotonic(), after },
    () => void (rung += 1),
  );
  alarm.at(1000);
  sleeps[0]?.();
  alarm.at(5000);
  await clock.advance(0);
  expect(rung).toBe(0);
  sleeps[1]?.();
  await clock.advance(0);
  expect(rung).toBe(1);
});
