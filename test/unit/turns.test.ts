import { setImmediate as macrotask } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../src/turns.ts';

/** Work that waits for nothing. */
function work(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

test('a turn ends after a while, for all who share it at once, and then another begins', async () => {
  const turns = new Turns();
  work(15);
  const [one, another] = [turns.over, turns.over];
  expect(one).toBeInstanceOf(Promise);
  expect(another).toBe(one);
  await one;
  // Not asserted on the clock: a busy machine may have taken the whole next turn from us by now.
  for (let tries = 0; tries < 100 && turns.over !== undefined; tries += 1) await turns.over;
  expect(turns.over).toBeUndefined();
});

test('whoever gives way lets timers and sockets go on', async () => {
  const turns = new Turns();
  let others = 0;
  let working = true;
  const watch = async (): Promise<void> => {
    while (working) {
      await macrotask();
      others += 1;
    }
  };
  const watching = watch();
  for (let piece = 0; piece < 30; piece += 1) {
    work(5);
    await turns.over;
  }
  working = false;
  await watching;
  // 150 ms of work in turns of 10 ms; without turns nobody else came in before its end.
  expect(others).toBeGreaterThanOrEqual(10);
});
