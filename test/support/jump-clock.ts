import type { Clock } from '../../src/clock.ts';

/** A clock that runs as the machine's does, and that a test can put ahead; waits that are over by then end at once. */
export class JumpClock implements Clock {
  #aheadMs = 0;
  readonly #waits = new Set<() => void>();

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  monotonic(): number {
    return performance.now() + this.#aheadMs;
  }

  jump(ms: number): void {
    this.#aheadMs += ms;
    for (const look of this.#waits) look();
  }

  after(ms: number, signal?: AbortSignal): Promise<void> {
    const due = this.monotonic() + ms;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waits.delete(look);
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const look = (): void => {
        clearTimeout(timer);
        const left = due - this.monotonic();
        if (left <= 0) end(resolve);
        else timer = setTimeout(look, Math.min(left, 2 ** 31 - 1));
      };
      const abort = (): void => end(() => reject(new Error('aborted', { cause: signal?.reason })));
      if (signal?.aborted) return abort();
      this.#waits.add(look);
      signal?.addEventListener('abort', abort, { once: true });
      look();
    });
  }
}
