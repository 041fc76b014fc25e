import { setTimeout as sleep } from 'node:timers/promises';

/** What goes on by itself while other things happen, until all of it is to end. */
export class Background {
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  run(work: () => Promise<void>): void {
    const running = work()
      .catch(this.#onError)
      .finally(() => void this.#running.delete(running));
    this.#running.add(running);
  }

  later(ms: number, work: () => Promise<void>): void {
    this.run(async () => {
      await this.wait(ms);
      await work();
    });
  }

  /** Cut short when all is to end. */
  async wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    await sleep(signal.aborted ? 0 : ms, undefined, { signal }).catch(() => undefined); // Aborted: it is over.
  }

  /** Nothing waits any more; resolves when everything has ended. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }
}
