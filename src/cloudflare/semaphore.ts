/**
 * Bounds how many requests are out at once, first come first served. It stands before undici's own queue, so
 * that a request is on its way the moment it has passed the fence.
 */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Resolves to the release of one slot; call it exactly once. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return () => {
      this.#release();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(proceed);
        reject(
          signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }),
        );
      };
      const proceed = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      this.#waiting.add(proceed);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Hands the slot to the longest waiting, else back to the pool. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
