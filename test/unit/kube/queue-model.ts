import assert from 'node:assert/strict';
import { setImmediate as macrotask } from 'node:timers/promises';
import fc from 'fast-check';
import { WorkQueue } from '../../../src/kube/queue.ts';
import { TestClock } from '../../support/test-clock.ts';

const HOUR_MS = 3_600_000;
const KEYS = ['a', 'b', 'c', 'd'];

/** What the queue should be, said as plainly as possible. */
interface Model {
  nowMs: number;
  /** In the order in which they will be taken. */
  ready: string[];
  /** Taken and not done. */
  active: Set<string>;
  /** Active and to come back. */
  again: Set<string>;
  dueMs: Map<string, number>;
  failures: Map<string, number>;
  /** Waiting workers, by number. */
  waiting: number[];
  taken: { worker: number; key: string }[];
  workers: number;
  steps: number;
}

interface Real {
  clock: TestClock;
  queue: WorkQueue;
  aborts: AbortController[];
  taken: { worker: number; key: string }[];
}

type Command = fc.AsyncCommand<Model, Real>;

function modelAdd(m: Model, key: string): void {
  if (m.active.has(key)) m.again.add(key);
  else if (!m.ready.includes(key)) m.ready.push(key);
}

function modelDelay(m: Model, key: string, ms: number): void {
  if (ms <= 0) return modelAdd(m, key);
  const dueMs = m.nowMs + Math.min(ms, 12 * HOUR_MS);
  if (dueMs >= (m.dueMs.get(key) ?? Number.POSITIVE_INFINITY)) return;
  m.dueMs.delete(key); // Of two that are due at once, the one set first comes first: keep the Map in that order.
  m.dueMs.set(key, dueMs);
}

/** Hands ready keys to waiting workers, first to first. */
function modelSettle(m: Model): void {
  while (m.ready.length > 0 && m.waiting.length > 0) {
    const key = m.ready.shift()!;
    m.active.add(key);
    m.taken.push({ worker: m.waiting.shift()!, key });
  }
}

function command(
  name: string,
  check: Command['check'],
  run: (m: Model, r: Real) => Promise<void> | void,
): Command {
  return {
    check,
    toString: () => name,
    run: async (m, r) => {
      await run(m, r);
      await macrotask();
      modelSettle(m);
      m.steps += 1;
      assert.deepEqual(observe(r), predict(m));
    },
  };
}

function observe({ queue, clock, taken }: Real): object {
  const { length, active, delayed, failing } = queue;
  const retries = KEYS.map((key) => queue.retries(key));
  return { taken, length, active, delayed, failing, retries, sleeps: clock.waiting };
}

function predict(m: Model): object {
  return {
    taken: m.taken,
    length: m.ready.length,
    active: m.active.size,
    delayed: m.dueMs.size,
    failing: m.failures.size,
    retries: KEYS.map((key) => m.failures.get(key) ?? 0),
    // One sleep at most, however many keys wait.
    sleeps: m.dueMs.size === 0 ? 0 : 1,
  };
}

const always = (): boolean => true;
const keys = fc.constantFrom(...KEYS);
const delays = fc.oneof(
  fc.integer({ min: -5, max: 2_000 }),
  fc.integer({ min: HOUR_MS, max: 40 * 24 * HOUR_MS }),
  fc.constant(Number.POSITIVE_INFINITY),
);

/** All that can happen to a queue, short of closing it. */
export const commands = fc.commands(
  [
    keys.map((key) =>
      command(`add ${key}`, always, (m, r) => {
        modelAdd(m, key);
        r.queue.add(key);
      }),
    ),
    fc.tuple(keys, delays).map(([key, ms]) =>
      command(`addAfter ${key} ${ms}`, always, (m, r) => {
        modelDelay(m, key, ms);
        r.queue.addAfter(key, ms);
      }),
    ),
    keys.map((key) =>
      command(`addRateLimited ${key}`, always, (m, r) => {
        const failures = m.failures.get(key) ?? 0;
        m.failures.set(key, failures + 1);
        modelDelay(m, key, Math.min(250 * 2 ** failures, 300_000));
        r.queue.addRateLimited(key);
      }),
    ),
    keys.map((key) =>
      command(`forget ${key}`, always, (m, r) => {
        m.failures.delete(key);
        r.queue.forget(key);
      }),
    ),
    fc.constant(
      command('take', always, (m, r) => {
        const worker = m.workers++;
        m.waiting.push(worker);
        const abort = new AbortController();
        r.aborts.push(abort);
        void r.queue.take(abort.signal).then((key) => {
          if (key !== undefined) r.taken.push({ worker, key });
        });
      }),
    ),
    fc.nat(5).map((n) =>
      command(
        `abort waiting worker ${n}`,
        (m) => n < m.waiting.length,
        (m, r) => {
          const [worker] = m.waiting.splice(n, 1);
          r.aborts[worker!]!.abort();
        },
      ),
    ),
    keys.map((key) =>
      command(`done ${key}`, always, (m, r) => {
        if (m.active.delete(key) && m.again.delete(key)) m.ready.push(key);
        r.queue.done(key);
      }),
    ),
    fc.oneof(fc.nat(1_500), fc.nat(13 * HOUR_MS)).map((ms) =>
      command(`advance ${ms} ms`, always, async (m, r) => {
        m.nowMs += ms;
        const due = [...m.dueMs].filter(([, dueMs]) => dueMs <= m.nowMs).sort(([, x], [, y]) => x - y);
        for (const [key] of due) {
          m.dueMs.delete(key);
          modelAdd(m, key);
          modelSettle(m);
        }
        await r.clock.advance(ms);
      }),
    ),
  ],
  { maxCommands: 60, size: 'max' },
);

export function setup(): { model: Model; real: Real } {
  const clock = new TestClock();
  const model: Model = {
    nowMs: clock.monotonic(),
    ready: [],
    active: new Set(),
    again: new Set(),
    dueMs: new Map(),
    failures: new Map(),
    waiting: [],
    taken: [],
    workers: 0,
    steps: 0,
  };
  return { model, real: { clock, queue: new WorkQueue({ clock, random: () => 0 }), aborts: [], taken: [] } };
}
