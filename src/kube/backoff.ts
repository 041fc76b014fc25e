/** Waiting times between attempts: doubling, spread, and short again after a time without failure. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #resetAfterMs: number;
  readonly #random: () => number;
  #failures = 0;
  /** When the wait that the last failure caused was over, monotonic. */
  #resumedMs = Number.NEGATIVE_INFINITY;

  constructor(o: {
    minMs: number;
    maxMs: number;
    resetAfterMs: number;
    random?: (() => number) | undefined;
  }) {
    this.#minMs = o.minMs;
    this.#maxMs = o.maxMs;
    this.#resetAfterMs = o.resetAfterMs;
    this.#random = o.random ?? Math.random;
  }

  /** How long to wait after a failure now: never below `minMs`, so that the rate of attempts stays bounded. */
  next(nowMs: number, atLeastMs = 0): number {
    if (nowMs - this.#resumedMs >= this.#resetAfterMs) this.#failures = 0;
    const step = Math.min(this.#minMs * 2 ** this.#failures, this.#maxMs);
    this.#failures += 1;
    const delayMs = Math.max(Math.min(step * (1 + 0.5 * this.#random()), this.#maxMs), atLeastMs);
    this.#resumedMs = nowMs + delayMs;
    return delayMs;
  }
}
