/** Those that wait for something to take, in the order in which they came. */
export class Takers {
  readonly #wakes = new Set<() => void>();

  /** Resolves once it is woken or the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** The one that has waited longest. */
  wakeOne(): void {
    const [wake] = this.#wakes;
    wake?.();
  }

  wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }
}
