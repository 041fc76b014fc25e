import { setImmediate as macrotask } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WorkQueue } from '../../../src/kube/queue.ts';
import { TestClock } from '../../support/test-clock.ts';
import { commands, setup } from './queue-model.ts';

const never = new AbortController().signal;

function newQueue(random = () => 0): { clock: TestClock; queue: WorkQueue; added: string[] } {
  const clock = new TestClock();
  const added: string[] = [];
  return { clock, added, queue: new WorkQueue({ clock, random, onAdd: (key) => void added.push(key) }) };
}

describe('the work queue', () => {
  test('does what its model does, whatever happens to it', async () => {
    let steps = 0;
    const property = fc.asyncProperty(commands, async (run) => {
      const made = setup();
      await fc.asyncModelRun(() => made, run);
      steps += made.model.steps;
      made.real.queue.close();
    });
    await fc.assert(property, { numRuns: 1_000 });
    expect(steps).toBeGreaterThan(10_000);
  }, 30_000);

  test('gives a key that is being worked on to nobody else, and gives it again after it is done', async () => {
    const { queue } = newQueue();
    queue.add('a');
    expect(await queue.take(never)).toBe('a');
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(queue.length).toBe(1);
    expect(await queue.take(never)).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  test('hands a key to the next worker when the one it was meant for is stopped in the same instant', async () => {
    const { queue } = newQueue();
    const stop = new AbortController();
    const first = queue.take(stop.signal);
    const second = queue.take(never);
    await macrotask();
    queue.add('a');
    stop.abort();
    expect(await first).toBeUndefined();
    expect(await second).toBe('a');
  });

  test('keeps the earlier of two delays', async () => {
    const { clock, queue, added } = newQueue();
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 9_000);
    await clock.advance(999);
    expect(added).toEqual([]);
    await clock.advance(1);
    expect(added).toEqual(['a']);
    await clock.advance(60_000);
    expect(added).toEqual(['a']);
  });

  test('cuts a delay of years at twelve hours, so that no timer overflows', async () => {
    const { clock, queue, added } = newQueue();
    queue.addAfter('a', 15 * 365 * 24 * 3_600_000);
    await clock.advance(12 * 3_600_000 - 1);
    expect(added).toEqual([]);
    await clock.advance(1);
    expect(added).toEqual(['a']);
  });

  test.each([
    ['first', 0, 250],
    ['second', 1, 500],
    ['fifth', 4, 4_000],
    ['eleventh', 10, 256_000],
    ['twelfth and later', 11, 300_000],
    ['thousandth', 999, 300_000],
  ])(
    'retries after the %s failure within 75 to 100 percent of the full delay',
    async (_name, failures, fullMs) => {
      for (const random of [0, 0.999_999]) {
        const { clock, queue, added } = newQueue(() => random);
        for (let i = 0; i < failures; i++) {
          queue.addRateLimited('a');
          await clock.advance(300_000);
          queue.done((await queue.take(never))!);
        }
        added.length = 0;
        queue.addRateLimited('a');
        const expectedMs = fullMs * (1 - 0.25 * random);
        await clock.advance(expectedMs - 1);
        expect(added).toEqual([]);
        await clock.advance(2);
        expect(added).toEqual(['a']);
      }
    },
  );

  test('waits at least as long as the server asked', async () => {
    const { clock, queue, added } = newQueue();
    queue.addRateLimited('a', 30_000);
    await clock.advance(29_999);
    expect(added).toEqual([]);
    await clock.advance(1);
    expect(added).toEqual(['a']);
  });

  test('hands out what failed at once when it is told that the reason is over, and forgets the failures', async () => {
    const { clock, queue, added } = newQueue();
    for (let i = 0; i < 5; i++) queue.addRateLimited('a');
    queue.addAfter('b', 60_000);
    expect(added).toEqual([]);
    queue.retryNow();
    expect(added).toEqual(['a']);
    expect(queue).toMatchObject({ failing: 0, length: 1 });
    queue.done((await queue.take(never))!);
    await clock.advance(59_999);
    // Its delay goes on, and costs one more look.
    expect(added).toEqual(['a', 'a']);
  });

  test('frees what it knows of a key that is forgotten and done', async () => {
    const { clock, queue } = newQueue();
    for (let i = 0; i < 1_000; i++) queue.addRateLimited(`key-${i}`);
    expect(queue).toMatchObject({ delayed: 1_000, failing: 1_000 });
    await clock.advance(250);
    for (let i = 0; i < 1_000; i++) {
      const key = await queue.take(never);
      queue.forget(key!);
      queue.done(key!);
    }
    expect(queue).toMatchObject({ length: 0, active: 0, delayed: 0, failing: 0 });
    expect(clock.waiting).toBe(0);
  });

  test('keeps the order over many thousand keys', async () => {
    const { queue } = newQueue();
    const keys = Array.from({ length: 5_000 }, (_, i) => `key-${i}`);
    for (const key of keys) queue.add(key);
    for (const key of keys) {
      expect(await queue.take(never)).toBe(key);
      queue.done(key);
    }
    expect(queue.length).toBe(0);
  });

  test('gives nothing out once it is closed, ends every wait and takes nothing in', async () => {
    const { clock, queue } = newQueue();
    const waiting = queue.take(never);
    queue.addAfter('later', 1_000);
    await macrotask();
    queue.close();
    expect(await waiting).toBeUndefined();
    queue.add('a');
    queue.addAfter('b', 1);
    queue.addRateLimited('c');
    expect(queue).toMatchObject({ length: 0, delayed: 0, failing: 0 });
    expect(clock.waiting).toBe(0);
    await clock.advance(5_000);
    expect(await queue.take(never)).toBeUndefined();
    expect(queue).toMatchObject({ length: 0, delayed: 0, failing: 0 });
  });

  test.each([
    { workers: 8, most: 4 },
    { workers: 3, most: 2 }, // The third has no lane that is not at its half: it does not idle.
    { workers: 1, most: 1 },
  ])('of $workers workers gives $most to a lane while another has work', async ({ workers, most }) => {
    const rank = (key: string) => ({ group: '', lane: key.slice(0, 1), due: 0 });
    const queue = new WorkQueue({ clock: new TestClock(), rank, workers });
    for (let at = 0; at < 20; at += 1) queue.add(`a${at}`);
    for (let at = 0; at < 20; at += 1) queue.add(`b${at}`);
    const taken = await Promise.all(Array.from({ length: workers }, () => queue.take(never)));
    expect(taken.filter((key) => key?.startsWith('a'))).toHaveLength(most);
  });

  test('gives a lane all workers while no other has work, and the next that is free to one that has', async () => {
    const rank = (key: string) => ({ group: '', lane: key.slice(0, 1), due: 0 });
    const queue = new WorkQueue({ clock: new TestClock(), rank, workers: 4 });
    for (let at = 0; at < 9; at += 1) queue.add(`a${at}`);
    for (let at = 0; at < 4; at += 1) expect(await queue.take(never)).toBe(`a${at}`);
    for (const key of ['b1', 'b2', 'b3']) queue.add(key);
    const next: (string | undefined)[] = [];
    for (let at = 0; at < 3; at += 1) {
      queue.done(`a${at}`);
      next.push(await queue.take(never));
    }
    expect(next).toEqual(['b1', 'b2', 'a4']);
  });

  test('takes what its rank puts first at the time it becomes ready', async () => {
    const due: Record<string, number> = { late: 9, soon: 1, mid: 5 };
    const queue = new WorkQueue({
      clock: new TestClock(),
      rank: (key) => ({ group: '', lane: '', due: due[key] ?? 0 }),
    });
    for (const key of Object.keys(due)) queue.add(key);
    const taken = [await queue.take(never), await queue.take(never), await queue.take(never)];
    expect(taken).toEqual(['soon', 'mid', 'late']);
  });

  test('tells how long keys waited and how long the work on them took', async () => {
    const clock = new TestClock();
    const told: string[] = [];
    const queue = new WorkQueue({
      clock,
      onTake: (key, ms) => void told.push(`${key} queued ${ms}`),
      onDone: (key, ms) => void told.push(`${key} worked ${ms}`),
      onRetry: (key) => void told.push(`${key} retried`),
    });
    queue.add('a');
    await clock.advance(40);
    await queue.take(never);
    await clock.advance(7);
    expect(queue.unfinishedMs()).toEqual([7]);
    queue.addRateLimited('a');
    queue.done('a');
    expect(told).toEqual(['a queued 40', 'a retried', 'a worked 7']);
  });
});
