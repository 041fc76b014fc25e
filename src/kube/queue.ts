import type { Clock } from '../clock.ts';
import { DelayHeap } from './delay-heap.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  /** A key became ready: it was neither ready nor waiting for its running work to end. */
  readonly onAdd?: (key: string) => void;
  /** A key was taken, after having been ready for so long. */
  readonly onTake?: (key: string, queuedMs: number) => void;
  /** Work on a key ended, after so long. */
  readonly onDone?: (key: string, workMs: number) => void;
  readonly onRetry?: (key: string) => void;
}

const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 5 * 60_000;
/** Longer delays are cut: a timer beyond 24.8 days fires at once, and looking twice a day costs nothing. */
const MAX_DELAY_MS = 12 * 3_600_000;

/**
 * Keys that want work, each once. The protocol is client-go's: `take` a key, work, `done`. A key added while it
 * is worked on comes back after `done`, so no two workers ever have the same key, and no add is lost.
 */
export class WorkQueue {
  readonly #o: WorkQueueOptions;
  readonly #random: () => number;
  /** Keys in the order in which they will be taken; those before #head are taken. */
  #ready: string[] = [];
  #head = 0;
  /** Keys that want work (ready, or active and to come back), since when. */
  readonly #dirty = new Map<string, number>();
  /** Keys taken and not done, since when. */
  readonly #active = new Map<string, number>();
  readonly #delayed = new DelayHeap();
  /** The sleep until the first delayed key is due. */
  #timer: { readonly dueMs: number; readonly abort: AbortController } | undefined;
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<() => void>();
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#o = options;
    this.#random = options.random ?? Math.random;
  }

  /** Keys ready to be taken. */
  get length(): number {
    return this.#ready.length - this.#head;
  }

  /** Keys being worked on. */
  get active(): number {
    return this.#active.size;
  }

  /** Keys whose time has not come. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Keys with failures that are not forgotten. */
  get failing(): number {
    return this.#failures.size;
  }

  /** Work in progress: how long each running piece has taken so far, milliseconds. */
  unfinishedMs(): number[] {
    const now = this.#o.clock.monotonic();
    return Array.from(this.#active.values(), (since) => now - since);
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.set(key, this.#o.clock.monotonic());
    this.#o.onAdd?.(key);
    if (!this.#active.has(key)) this.#push(key);
  }

  /** Adds the key `ms` from now (12 h at most). Of several delays the one that ends first counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (!(ms > 0)) return this.add(key);
    this.#delayed.set(key, this.#o.clock.monotonic() + Math.min(ms, MAX_DELAY_MS));
    this.#arm();
  }

  /** Adds the key after a delay that doubles with each failure: 250 ms to 5 min, less up to a quarter of it. */
  addRateLimited(key: string, atLeastMs = 0): void {
    if (this.#closed) return;
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    this.#o.onRetry?.(key);
    const fullMs = Math.min(RETRY_MIN_MS * 2 ** failures, RETRY_MAX_MS);
    this.addAfter(key, Math.max(fullMs * (1 - 0.25 * this.#random()), atLeastMs));
  }

  /** Work on the key went well: its next failure is its first again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** How often in a row the key was added rate-limited. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key; undefined when the queue is closed or the signal aborts first. */
  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!this.#closed && !signal.aborted) {
      const key = this.#shift();
      if (key !== undefined) return key;
      await this.#wait(signal);
    }
    // Woken for a key and aborted before taking it: the next in line has to be woken instead.
    if (this.length > 0) this.#wake();
    return undefined;
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    const since = this.#active.get(key);
    if (since === undefined) return;
    this.#active.delete(key);
    this.#o.onDone?.(key, this.#o.clock.monotonic() - since);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** Nothing more is handed out or taken in; what is being worked on goes on. */
  close(): void {
    this.#closed = true;
    this.#timer?.abort.abort();
    this.#timer = undefined;
    this.#ready = [];
    this.#head = 0;
    this.#dirty.clear();
    this.#delayed.clear();
    this.#failures.clear();
    for (const wake of this.#takers) wake();
  }

  #push(key: string): void {
    if (this.#closed) return;
    this.#ready.push(key);
    this.#wake();
  }

  /** One key, one worker: the one that has waited longest. */
  #wake(): void {
    const [wake] = this.#takers;
    wake?.();
  }

  #shift(): string | undefined {
    const key = this.#ready[this.#head];
    if (key === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 1_000 && this.#head > this.#ready.length / 2) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    const now = this.#o.clock.monotonic();
    const queuedMs = now - (this.#dirty.get(key) ?? now);
    this.#dirty.delete(key);
    this.#active.set(key, now);
    this.#o.onTake?.(key, queuedMs);
    return key;
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#takers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#takers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Keeps one sleep, until the first delayed key is due. */
  #arm(): void {
    const dueMs = this.#delayed.nextMs;
    if (dueMs === this.#timer?.dueMs) return;
    this.#timer?.abort.abort();
    this.#timer = undefined;
    if (dueMs === undefined) return;
    const abort = new AbortController();
    this.#timer = { dueMs, abort };
    const waitMs = Math.max(dueMs - this.#o.clock.monotonic(), 1);
    this.#o.clock.after(waitMs, abort.signal).then(
      () => this.#release(abort),
      () => undefined, // Replaced by an earlier sleep, or closed.
    );
  }

  #release(abort: AbortController): void {
    if (this.#timer?.abort !== abort) return;
    this.#timer = undefined;
    for (const key of this.#delayed.takeDue(this.#o.clock.monotonic())) this.add(key);
    this.#arm();
  }
}
