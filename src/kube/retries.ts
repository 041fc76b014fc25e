const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 5 * 60_000;

/** How often in a row work on each key has failed, and how long the key waits for that. */
export class Retries {
  readonly #failures = new Map<string, number>();
  /** In [0, 1); spreads them. */
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Keys with failures that are not forgotten. */
  get size(): number {
    return this.#failures.size;
  }

  of(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** One more failure; returns the ms until the next try, which double each time: 250 ms to 5 min, less up to a quarter. */
  failed(key: string): number {
    const failures = this.of(key);
    this.#failures.set(key, failures + 1);
    const fullMs = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS);
    return fullMs * (1 - 0.25 * this.#random());
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Forgets them all; returns the keys that they were of. */
  drain(): readonly string[] {
    const keys = [...this.#failures.keys()];
    this.#failures.clear();
    return keys;
  }
}
