/** Callers beyond this many are told the same moment, so that an urgent one is never sent away for an hour. */
export const MAX_SPREAD_MS = 60_000;

/**
 * When those who wait in one line are to come back: each refused caller is told a moment after the last one's, else
 * they would all come back for the same single request. Times are of the monotonic clock.
 */
export class Moments {
  #lastMs = 0;

  /** The latest moment that anybody was told; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** The moment of the next caller: not before `earliestMs`, nor long after it, and `gapMs` after the last one's. */
  next(earliestMs: number, gapMs: number, nowMs: number): number {
    const afterOthersMs = this.#lastMs > nowMs ? this.#lastMs + gapMs : 0;
    this.#lastMs = Math.min(Math.max(earliestMs, afterOthersMs), earliestMs + MAX_SPREAD_MS);
    return this.#lastMs;
  }
}
