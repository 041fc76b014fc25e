import type { Clock } from './clock.ts';

/** One sleep, which begins anew when another time is named for its end. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #sleep: { readonly dueMs: number; readonly abort: AbortController } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `dueMs` (monotonic) and not before, whatever was asked for; never, for Infinity. */
  at(dueMs: number): void {
    if (this.#sleep?.dueMs === dueMs) return;
    this.clear();
    if (!Number.isFinite(dueMs)) return;
    const abort = new AbortController();
    this.#sleep = { dueMs, abort };
    this.#clock.after(Math.max(dueMs - this.#clock.monotonic(), 1), abort.signal).then(
      () => {
        if (this.#sleep?.abort !== abort) return;
        this.#sleep = undefined;
        this.#ring();
      },
      () => undefined, // Replaced by another, or cleared.
    );
  }

  /** Rings at `dueMs`, or earlier where that was asked for. */
  by(dueMs: number): void {
    if (dueMs < (this.#sleep?.dueMs ?? Infinity)) this.at(dueMs);
  }

  clear(): void {
    this.#sleep?.abort.abort();
    this.#sleep = undefined;
  }
}
