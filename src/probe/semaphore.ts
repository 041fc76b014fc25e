/** Bounds how many are at work at once; first come, first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Whether nobody has a slot and nobody waits for one. */
  isIdle(slots: number): boolean {
    return this.#free === slots && this.#waiting.size === 0;
  }

  /** Resolves to the release of one slot; call it exactly once. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return () => {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(proceed);
        signal.removeEventListener('abort', abort);
      };
      const proceed = (): void => {
        leave();
        resolve();
      };
      const abort = (): void => {
        leave();
        reject(
          signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }),
        );
      };
      this.#waiting.add(proceed);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
