import { Alarm } from '../alarm.ts';
import type { Clock } from '../clock.ts';
import { DelayHeap } from './delay-heap.ts';
import { FairOrder, type Rank } from './fair-order.ts';
import { Retries } from './retries.ts';
import { Takers } from './takers.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** In [0, 1); spreads retries. */
  readonly random?: () => number;
  /** Where a key stands as it becomes ready; without it the one that was ready first is taken first. */
  readonly rank?: (key: string) => Rank;
  /** How many work at once: one lane is given no more than half of them while another has keys that are ready. */
  readonly workers?: number;
  /** A key became ready: it was neither ready nor waiting for its running work to end. */
  readonly onAdd?: (key: string) => void;
  /** A key was taken, after having been ready for so long. */
  readonly onTake?: (key: string, queuedMs: number) => void;
  /** Work on a key ended, after so long. */
  readonly onDone?: (key: string, workMs: number) => void;
  readonly onRetry?: (key: string) => void;
}

const FIRST_COME: Rank = { group: '', lane: '', due: 0 };
/** Over about so many pieces of work the pace is averaged. */
const MEAN_OF = 50;
/** Longer delays are cut: a timer beyond 24.8 days fires at once, and looking twice a day costs nothing. */
const MAX_DELAY_MS = 12 * 3_600_000;

/**
 * Keys that want work, each once. The protocol is client-go's: `take` a key, work, `done`. A key added while it
 * is worked on comes back after `done`, so no two workers ever have the same key, and no add is lost.
 */
export class WorkQueue {
  readonly #o: WorkQueueOptions;
  /** Keys in the order in which they will be taken. */
  readonly #ready = new FairOrder();
  /** Keys that want work (ready, or active and to come back), since when. */
  readonly #dirty = new Map<string, number>();
  /** Keys taken and not done, since when and of which lane. */
  readonly #active = new Map<string, { readonly sinceMs: number; readonly lane: string }>();
  readonly #delayed = new DelayHeap();
  /** Rings when the first delayed key is due. */
  readonly #alarm: Alarm;
  readonly #retries: Retries;
  readonly #takers = new Takers();
  #meanWorkMs = 0;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#o = options;
    this.#retries = new Retries(options.random ?? Math.random);
    this.#alarm = new Alarm(options.clock, () => this.#release());
  }

  /** Keys ready to be taken. */
  get length(): number {
    return this.#ready.size;
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
    return this.#retries.size;
  }

  /** How long it will probably take until every ready key was taken, ms, at the pace of the work done lately. */
  expectedMs(): number {
    return (this.length * this.#meanWorkMs) / (this.#o.workers ?? 1);
  }

  /** Work in progress: how long each running piece has taken so far, milliseconds. */
  unfinishedMs(): number[] {
    const now = this.#o.clock.monotonic();
    return Array.from(this.#active.values(), ({ sinceMs }) => now - sinceMs);
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
    const delayMs = this.#retries.failed(key);
    this.#o.onRetry?.(key);
    this.addAfter(key, Math.max(delayMs, atLeastMs));
  }

  /** Work on the key went well: its next failure is its first again. */
  forget(key: string): void {
    this.#retries.forget(key);
  }

  /** What made keys fail is over: they are looked at now, and their next failure is their first again. */
  retryNow(): void {
    for (const key of this.#retries.drain()) this.add(key);
  }

  /** How often in a row the key was added rate-limited. */
  retries(key: string): number {
    return this.#retries.of(key);
  }

  /** The next key; undefined when the queue is closed or the signal aborts first. */
  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!this.#closed && !signal.aborted) {
      const key = this.#shift();
      if (key !== undefined) return key;
      await this.#takers.wait(signal);
    }
    // Woken for a key and aborted before taking it: the next in line has to be woken instead.
    if (this.length > 0) this.#takers.wakeOne();
    return undefined;
  }

  /** Ends the work on a taken key. */
  done(key: string): void {
    const work = this.#active.get(key);
    if (work === undefined) return;
    this.#active.delete(key);
    const workMs = this.#o.clock.monotonic() - work.sinceMs;
    this.#meanWorkMs += (workMs - this.#meanWorkMs) / MEAN_OF;
    this.#o.onDone?.(key, workMs);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** Nothing more is handed out or taken in; what is being worked on goes on. */
  close(): void {
    this.#closed = true;
    this.#alarm.clear();
    this.#ready.clear();
    this.#dirty.clear();
    this.#delayed.clear();
    this.#retries.drain();
    this.#takers.wakeAll();
  }

  #push(key: string): void {
    if (this.#closed) return;
    this.#ready.add(key, this.#o.rank?.(key) ?? FIRST_COME);
    this.#takers.wakeOne(); // One key, one worker.
  }

  #shift(): string | undefined {
    // With an odd number of workers all lanes may be at their half: the one that is left goes to whose turn it is.
    const taken = this.#ready.take((lane) => !this.#hasItsHalf(lane)) ?? this.#ready.take();
    if (taken === undefined) return undefined;
    const { key, rank } = taken;
    const now = this.#o.clock.monotonic();
    const queuedMs = now - (this.#dirty.get(key) ?? now);
    this.#dirty.delete(key);
    this.#active.set(key, { sinceMs: now, lane: rank.lane });
    this.#o.onTake?.(key, queuedMs);
    return key;
  }

  /** Whether the lane is worked on by half of the workers while another one has keys that are ready. */
  #hasItsHalf(lane: string): boolean {
    if (this.#o.workers === undefined || this.#ready.lanes.size < 2) return false;
    let active = 0;
    for (const work of this.#active.values()) if (work.lane === lane) active += 1;
    return active >= Math.max(1, Math.floor(this.#o.workers / 2));
  }

  #release(): void {
    for (const key of this.#delayed.takeDue(this.#o.clock.monotonic())) this.add(key);
    this.#arm();
  }

  #arm(): void {
    this.#alarm.at(this.#delayed.nextMs ?? Infinity);
  }
}
