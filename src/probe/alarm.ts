import type { Clock } from '../clock.ts';

/** One sleep, until the earliest moment that anybody named. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #sleep: { readonly dueMs: number; readonly abort: AbortController } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `dueMs` (monotonic), or earlier where that was asked for. */
  set(dueMs: number): void {
    if (!Number.isFinite(dueMs) || (this.#sleep && this.#sleep.dueMs <= dueMs)) return;
    this.clear();
    const abort = new AbortController();
    this.#sleep = { dueMs, abort };
    this.#clock.after(Math.max(dueMs - this.#clock.monotonic(), 1), abort.signal).then(
      () => {
        if (this.#sleep?.abort !== abort) return;
        this.#sleep = undefined;
        this.#ring();
      },
      () => undefined, // Replaced by an earlier one, or cleared.
    );
  }

  clear(): void {
    this.#sleep?.abort.abort();
    this.#sleep = undefined;
  }
}
