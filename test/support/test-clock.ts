import { setImmediate as macrotask } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** A clock that stands still until a test advances it. `now` and `monotonic` move together. */
export class TestClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  readonly #timers = new Set<Timer>();

  /** `startMs`: wall-clock time at the start, milliseconds since the epoch. */
  constructor(startMs = Date.parse('2026-11-21T12:00:00Z')) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  /** How many waits are pending. */
  get waiting(): number {
    return this.#timers.size;
  }

  after(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(asError(signal.reason));
      const end = (settle: () => void): void => {
        this.#timers.delete(timer);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const timer = { dueMs: this.#elapsedMs + Math.max(0, ms), fire: () => end(resolve) };
      const abort = (): void => end(() => reject(asError(signal?.reason)));
      this.#timers.add(timer);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /**
   * Lets `ms` pass. Waits end one by one in the order of their times, each seeing its own time, and what they
   * wake runs before the next; a wait begun on the way ends too if its time falls within.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await macrotask();
    for (let next = this.#first(untilMs); next !== undefined; next = this.#first(untilMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.fire();
      await macrotask();
    }
    this.#elapsedMs = untilMs;
  }

  #first(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (first === undefined || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
