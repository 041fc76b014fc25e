/**
 * The simulator's own time: the wall clock plus what tests have advanced it by. Everything that Cloudflare
 * would date (certificates, `Date` headers, rate windows, visibility) reads it; sockets keep real time.
 */
export class SimulatedClock {
  #offsetMs = 0;
  readonly #waiters = new Set<Waiter>();

  /** Simulated milliseconds since the Unix epoch. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** How many waits have not run out. */
  get waits(): number {
    return this.#waiters.size;
  }

  /** Jumps ahead and at once ends every wait that has thereby run out. */
  advance(ms: number): void {
    this.#offsetMs += ms;
    for (const waiter of this.#waiters) this.#arm(waiter);
  }

  /** Back to the wall clock. Waits never end then: what they hold back belongs to a world that is gone. */
  reset(): void {
    this.#offsetMs = 0;
    for (const waiter of this.#waiters) clearTimeout(waiter.timer);
    this.#waiters.clear();
  }

  /** Resolves once `ms` of simulated time are over, be it that they passed or that somebody advanced. */
  after(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = { dueAt: this.now() + ms, resolve };
      this.#waiters.add(waiter);
      this.#arm(waiter);
    });
  }

  #arm(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    const leftMs = waiter.dueAt - this.now();
    if (leftMs <= 0) {
      this.#waiters.delete(waiter);
      waiter.resolve();
      return;
    }
    // setTimeout fires at once beyond 2^31-1 ms, and may fire a millisecond early: hence the look again.
    waiter.timer = setTimeout(() => this.#arm(waiter), Math.min(leftMs, 2 ** 31 - 1));
  }
}

interface Waiter {
  readonly dueAt: number;
  readonly resolve: () => void;
  timer?: NodeJS.Timeout;
}
