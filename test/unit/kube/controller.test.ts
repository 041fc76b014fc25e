import { setImmediate as macrotask } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Controller, type ControllerOptions, type Outcome } from '../../../src/kube/controller.ts';
import { FenceError } from '../../../src/fence.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import { WorkQueue } from '../../../src/kube/queue.ts';
import { TestClock } from '../../support/test-clock.ts';

interface Setup {
  clock: TestClock;
  queue: WorkQueue;
  outcomes: Outcome[];
  logged: string[];
  stop: AbortController;
  lost: AbortController;
  run: Promise<void>;
}

function start(reconcile: ControllerOptions['reconcile'], options: Partial<ControllerOptions> = {}): Setup {
  const clock = new TestClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const outcomes: Outcome[] = [];
  const logged: string[] = [];
  const controller = new Controller({
    name: 'test',
    queue,
    concurrency: 4,
    reconcile,
    timeoutMs: 10_000,
    onOutcome: (outcome) => void outcomes.push(outcome),
    log: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`),
    ...options,
  });
  const stop = new AbortController();
  const lost = new AbortController();
  return { clock, queue, outcomes, logged, stop, lost, run: controller.run(stop.signal, lost.signal) };
}

/** Ends when the signal aborts, by throwing its reason, as every good reconcile does. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

describe('a controller', () => {
  test('lets others have the event loop while it works through what waits for nothing', async () => {
    let left = 200;
    const done = Promise.withResolvers<void>();
    const s = start(async () => {
      for (const until = performance.now() + 1; performance.now() < until;);
      left -= 1;
      if (left === 0) done.resolve();
      return {};
    });
    for (let key = 0; key < 200; key += 1) s.queue.add(`key-${key}`);
    const seen: number[] = [];
    const watch = async (): Promise<void> => {
      while (left > 0) {
        seen.push(left);
        await macrotask();
      }
    };
    await Promise.all([watch(), done.promise]);
    s.stop.abort();
    await s.run;
    // Told about the work at least ten times on its way; without turns only before it and after it.
    expect(new Set(seen).size).toBeGreaterThanOrEqual(10);
  });

  test('works on several keys at once, on one key never twice at a time', async () => {
    const running = new Map<string, number>();
    let most = 0;
    const s = start(async (key) => {
      running.set(key, (running.get(key) ?? 0) + 1);
      expect(running.get(key)).toBe(1);
      most = Math.max(
        most,
        [...running.values()].reduce((a, b) => a + b),
      );
      await macrotask();
      running.set(key, 0);
      return {};
    });
    for (let i = 0; i < 300; i++) {
      s.queue.add(`key-${i % 5}`);
      if (i % 7 === 0) await macrotask();
    }
    while (s.queue.length + s.queue.active > 0) await macrotask();
    s.stop.abort();
    await s.run;
    expect(most).toBe(4);
    expect(new Set(s.outcomes.map(({ result }) => result))).toEqual(new Set(['success']));
  });

  test('looks again after the time it was told, and once only', async () => {
    let runs = 0;
    const s = start(async () => (runs++ === 0 ? { requeueAfterMs: 60_000 } : {}));
    s.queue.add('a');
    await s.clock.advance(59_999);
    expect(runs).toBe(1);
    await s.clock.advance(1);
    await s.clock.advance(600_000);
    expect(runs).toBe(2);
    expect(s.outcomes.map(({ result }) => result)).toEqual(['requeue_after', 'success']);
    s.stop.abort();
    await s.run;
  });

  test('retries what throws with growing delays, and begins with the shortest after a success', async () => {
    let runs = 0;
    let fails = true;
    const s = start(async () => {
      runs += 1;
      if (fails) throw new Error('no');
      return {};
    });
    s.queue.add('a');
    await s.clock.advance(250 + 500 + 1_000 - 1);
    expect(runs).toBe(3);
    fails = false;
    await s.clock.advance(1);
    expect(runs).toBe(4);
    expect(s.queue.failing).toBe(0);
    expect(s.outcomes.map(({ result }) => result)).toEqual(['error', 'error', 'error', 'success']);
    s.stop.abort();
    await s.run;
  });

  test.each([
    [new KubeError('Conflict', 'changed'), 'requeue', 250],
    [new KubeError('TooManyRequests', 'slow down', { retryAfterMs: 9_000 }), 'error', 9_000],
    [new KubeError('Server', 'broken'), 'error', 250],
    [new KubeError('Fenced', 'not sent', { cause: new FenceError('not now') }), 'requeue', 1_000],
  ])('meets %s as %s and tries again after %i ms', async (error, result, afterMs) => {
    let runs = 0;
    const s = start(async () => {
      runs += 1;
      if (runs === 1) throw error;
      return {};
    });
    s.queue.add('a');
    await s.clock.advance(afterMs - 1);
    expect(runs).toBe(1);
    await s.clock.advance(1);
    expect(runs).toBe(2);
    expect(s.outcomes[0]).toMatchObject({ controller: 'test', key: 'a', result, error });
    s.stop.abort();
    await s.run;
  });

  test('does not count a fence as a failure, however often it is met', async () => {
    let runs = 0;
    const s = start(async () => {
      runs += 1;
      throw new FenceError('not now');
    });
    s.queue.add('a');
    await s.clock.advance(10_000);
    expect(runs).toBe(11);
    expect(s.queue.failing).toBe(0);
    s.stop.abort();
    await s.run;
  });

  test('aborts a reconcile that takes too long, and retries it', async () => {
    const s = start(async (_key, signal) => await untilAborted(signal), { timeoutMs: 20 });
    s.queue.add('a');
    while (s.outcomes.length === 0) await macrotask();
    expect(s.outcomes[0]).toMatchObject({ result: 'error', error: { name: 'TimeoutError' } });
    expect(s.queue.delayed).toBe(1);
    s.stop.abort();
    await s.run;
  });

  test('lets running work finish when it is stopped, and takes no more', async () => {
    const finish = Promise.withResolvers<void>();
    const seen: boolean[] = [];
    const s = start(
      async (_key, signal) => {
        await finish.promise;
        seen.push(signal.aborted);
        return {};
      },
      { concurrency: 1 },
    );
    s.queue.add('a');
    s.queue.add('b');
    await macrotask();
    s.stop.abort();
    await macrotask();
    finish.resolve();
    await s.run;
    expect(seen).toEqual([false]);
    expect(s.outcomes.map(({ key, result }) => `${key} ${result}`)).toEqual(['a success']);
  });

  test('aborts running work at once when the lease is lost, and reports no error', async () => {
    const s = start(async (_key, signal) => await untilAborted(signal));
    s.queue.add('a');
    await macrotask();
    s.lost.abort(new Error('lost'));
    await s.run;
    expect(s.outcomes.map(({ result }) => result)).toEqual(['aborted']);
    expect(s.queue.delayed).toBe(0);
  });

  test('aborts what is not finished when the time to drain is over', async () => {
    const s = start(async (_key, signal) => await untilAborted(signal), { drainMs: 60 });
    s.queue.add('a');
    await macrotask();
    s.stop.abort();
    await s.run;
    expect(s.outcomes.map(({ result }) => result)).toEqual(['aborted']);
    expect(s.logged).toEqual([]);
  });

  test('does not wait for work that does not heed its signal, and names it', async () => {
    const s = start(async () => await new Promise<never>(() => undefined), { drainMs: 60 });
    s.queue.add('a');
    await macrotask();
    s.stop.abort();
    await s.run;
    expect(s.logged).toEqual([
      'work goes on after its signal was aborted {"controller":"test","keys":["a"]}',
    ]);
  });

  test('ends when its queue is closed', async () => {
    const s = start(async () => ({}));
    s.queue.close();
    await s.run;
    expect(s.outcomes).toEqual([]);
  });
});
