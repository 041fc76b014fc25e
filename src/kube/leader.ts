import { FenceError } from '../fence.ts';
import type { KubeClient } from './client.ts';
import { LeaseLock } from './lease-lock.ts';
import { pause } from './pause.ts';

export interface LeaderElectionOptions {
  /** Without a fence: the lease itself is written before there is one, and released after. */
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique per process, also across restarts. */
  readonly identity: string;
  /** How long others must see no renewal before one of them takes over. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** How long after the start of the last successful renewal this process counts itself as leader. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between two attempts to take or renew. Default 2 s. */
  readonly retryPeriodMs?: number;
  /** Called once when the lease is taken; the signal aborts when it is lost, or when `release` is called. */
  readonly onStarted?: (leading: AbortSignal) => void;
  /** Called once when leading ends, with why. */
  readonly onStopped?: (why: 'lost' | 'released') => void;
  /** Told every failed attempt; the election goes on. */
  readonly onError?: (error: unknown) => void;
  readonly random?: () => number;
}

/** Thrown by `assertLeading`, and the reason of the signal that `onStarted` was given. */
export class NotLeadingError extends FenceError {
  override readonly name = 'NotLeadingError';
}

const RELEASE_MS = 1_000;

/**
 * Leads while it holds a Lease. Safe whatever the clocks say: a holder counts from the start of its own last
 * successful renewal, the others from when they themselves saw the Lease change, and the first span is shorter
 * than the second.
 */
export class LeaderElection {
  readonly #o: LeaderElectionOptions;
  readonly #lock: LeaseLock;
  readonly #deadlineAfterMs: number;
  readonly #retryMs: number;
  /** Monotonic; minus infinity while not leading. */
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #leading: AbortController | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #released = false;

  constructor(options: LeaderElectionOptions) {
    this.#o = options;
    const { client, namespace, name, identity, leaseDurationMs: durationMs = 15_000 } = options;
    this.#deadlineAfterMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    checkSpans(durationMs, this.#deadlineAfterMs, this.#retryMs);
    this.#lock = new LeaseLock({ client, namespace, name, identity, durationMs });
  }

  /** False from the deadline on, even before anything has noticed that it passed. */
  get isLeader(): boolean {
    return performance.now() < this.#deadlineMs;
  }

  /** A fence for the client: throws NotLeadingError unless this process surely leads at this instant. */
  assertLeading(): void {
    if (!this.isLeader) throw new NotLeadingError(`this process does not hold lease ${this.#o.name}`);
  }

  /**
   * Tries to take the Lease and then renews it. Resolves `lost` when it was held and is lost: a new term needs a
   * new election. Resolves `stopped` when the signal aborts; the Lease is then still held, until it runs out or `release`.
   */
  async run(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    while (!signal.aborted && !this.#released) {
      // After a standstill this may run before the timer of the deadline does.
      if (this.#leading !== undefined && !this.isLeader) this.#end('lost');
      else await this.#attempt(signal);
      if (this.#leading?.signal.aborted) return this.#released ? 'stopped' : 'lost';
      await pause(this.#waitMs(), signal, this.#leading?.signal);
      if (this.#leading?.signal.aborted && !this.#released) return 'lost';
    }
    return 'stopped';
  }

  /** Gives the Lease up, so that another may take it at once. Call it when no work is running any more. */
  async release(): Promise<void> {
    const held = this.isLeader;
    this.#released = true;
    this.#end('released');
    if (!held) return;
    try {
      await this.#lock.giveUp(AbortSignal.timeout(RELEASE_MS));
    } catch (error) {
      this.#o.onError?.(error);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    // One attempt that hangs must leave time for another.
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(this.#deadlineAfterMs / 2))]);
    try {
      const isLeading = this.#leading !== undefined;
      const startMs = await (isLeading ? this.#lock.renew(bounded) : this.#lock.take(bounded));
      if (startMs !== undefined) this.#won(startMs);
      else if (isLeading) this.#end('lost');
    } catch (error) {
      if (!signal.aborted && !this.#released) this.#o.onError?.(error);
    }
  }

  /** The Lease names us; `startMs` is from before the request, so that we give up before others may begin. */
  #won(startMs: number): void {
    const deadlineMs = startMs + this.#deadlineAfterMs;
    const late = performance.now() >= deadlineMs;
    // Once lost (or given up) it stays so: work that was aborted must not find itself fenced in again.
    if (late || this.#released || this.#leading?.signal.aborted) return;
    this.#deadlineMs = deadlineMs;
    clearTimeout(this.#deadlineTimer);
    this.#deadlineTimer = setTimeout(() => this.#end('lost'), deadlineMs - performance.now());
    if (this.#leading !== undefined) return;
    this.#leading = new AbortController();
    this.#o.onStarted?.(this.#leading.signal);
  }

  #end(why: 'lost' | 'released'): void {
    clearTimeout(this.#deadlineTimer);
    this.#deadlineMs = Number.NEGATIVE_INFINITY;
    if (this.#leading === undefined || this.#leading.signal.aborted) return;
    this.#leading.abort(new NotLeadingError(`lease ${this.#o.name} is ${why}`));
    this.#o.onStopped?.(why);
  }

  /** Candidates spread their attempts, so that they do not meet again and again. */
  #waitMs(): number {
    if (this.#leading !== undefined) return this.#retryMs;
    return this.#retryMs * (1 + 0.2 * (this.#o.random ?? Math.random)());
  }
}

function checkSpans(durationMs: number, deadlineMs: number, retryMs: number): void {
  if (durationMs > deadlineMs && deadlineMs > retryMs * 1.2 && retryMs > 0) return;
  throw new RangeError(
    `lease duration ${durationMs} ms, renew deadline ${deadlineMs} ms and retry period ${retryMs} ms: ` +
      'the duration must be longer than the deadline, and that longer than 1.2 retry periods',
  );
}
