/** A level that rises by `perMs` up to `capacity`. Refilled when looked at, so it needs no timer. */
export class TokenBucket {
  readonly perMs: number;
  readonly capacity: number;
  #level: number;
  #asOfMs: number;

  constructor(perMs: number, capacity: number, level: number, nowMs: number) {
    this.perMs = perMs;
    this.capacity = capacity;
    this.#level = level;
    this.#asOfMs = nowMs;
  }

  level(nowMs: number): number {
    if (nowMs > this.#asOfMs) {
      this.#level = Math.min(this.capacity, this.#level + (nowMs - this.#asOfMs) * this.perMs);
      this.#asOfMs = nowMs;
    }
    return this.#level;
  }

  /** Milliseconds until `count` can be spent; 0 for now, Infinity where the level does not rise. */
  waitMs(count: number, nowMs: number): number {
    // More than the bucket holds can never gather: it goes out when the bucket is full, and is paid back after.
    const missing = Math.min(count, Math.max(1, this.capacity)) - this.level(nowMs);
    return missing > ROUNDING ? missing / this.perMs : 0;
  }

  /** Milliseconds until `count` could have been spent one after the other; 0 when they can now. */
  spanMs(count: number, nowMs: number): number {
    const missing = count - this.level(nowMs);
    return missing > ROUNDING ? missing / this.perMs : 0;
  }

  spend(count: number): void {
    this.#level -= count;
  }
}

/** A refill of 1/3 per ms three times over is not exactly 1. */
const ROUNDING = 1e-6;
