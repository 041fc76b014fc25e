import { FenceError } from '../fence.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { microTime } from './events.ts';
import type { Lease } from './object.ts';
import { pause } from './pause.ts';
import { leases } from './resource.ts';

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

const FIELD_MANAGER = 'originca-leader';
const RELEASE_MS = 1_000;

/**
 * Leads while it holds a Lease. Safe whatever the clocks say: a holder counts from the start of its own last
 * successful renewal, the others from when they themselves saw the Lease change, and the first span is shorter
 * than the second. Every write carries the resourceVersion seen, so that only one of two can take the Lease.
 */
export class LeaderElection {
  readonly #o: LeaderElectionOptions;
  readonly #durationMs: number;
  readonly #deadlineAfterMs: number;
  readonly #retryMs: number;
  /** The Lease as last seen, and since when (monotonic) nobody has changed it. */
  #seen: { lease: Lease; spec: string; sinceMs: number } | undefined;
  /** Monotonic; minus infinity while not leading. */
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #leading: AbortController | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #released = false;

  constructor(options: LeaderElectionOptions) {
    this.#o = options;
    this.#durationMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineAfterMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    checkSpans(this.#durationMs, this.#deadlineAfterMs, this.#retryMs);
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
      await this.#giveUp(AbortSignal.timeout(RELEASE_MS));
    } catch (error) {
      this.#o.onError?.(error);
    }
  }

  /** A renewal that was still on its way may have changed the Lease: then it is looked at once more. */
  async #giveUp(signal: AbortSignal): Promise<void> {
    const free = { holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      if (this.#seen !== undefined) await this.#patch(this.#seen.lease, free, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || error.kind !== 'Conflict') throw error;
      const lease = await this.#look(signal);
      if (lease?.spec?.holderIdentity === this.#o.identity) await this.#patch(lease, free, signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    // One attempt that hangs must leave time for another.
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(this.#deadlineAfterMs / 2))]);
    try {
      if (this.#leading === undefined) await this.#take(bounded);
      else await this.#renew(bounded);
    } catch (error) {
      if (!signal.aborted && !this.#released) this.#o.onError?.(error);
    }
  }

  /** As a candidate: take the Lease if it is free, given up, or unchanged for its whole duration. */
  async #take(signal: AbortSignal): Promise<void> {
    const lease = await this.#look(signal);
    const startMs = performance.now();
    if (lease === undefined) return this.#won(startMs, await this.#create(signal));
    const { holderIdentity, leaseDurationSeconds, leaseTransitions = 0 } = lease.spec ?? {};
    const durationMs = leaseDurationSeconds === undefined ? this.#durationMs : leaseDurationSeconds * 1_000;
    const expired = startMs - (this.#seen?.sinceMs ?? startMs) >= durationMs;
    if (holderIdentity && holderIdentity !== this.#o.identity && !expired) return;
    const spec = { ...this.#claim(), acquireTime: microTime(), leaseTransitions: leaseTransitions + 1 };
    this.#won(startMs, await this.#patch(lease, spec, signal));
  }

  /** As the leader. Somebody else's write is looked at: it may have taken the Lease, or only touched it. */
  async #renew(signal: AbortSignal): Promise<void> {
    const lease = this.#seen?.lease;
    const startMs = performance.now();
    try {
      if (lease === undefined) this.#won(startMs, await this.#create(signal));
      else this.#won(startMs, await this.#patch(lease, this.#claim(), signal));
    } catch (error) {
      const changed =
        error instanceof KubeError && ['Conflict', 'NotFound', 'AlreadyExists'].includes(error.kind);
      if (!changed) throw error;
      const now = await this.#look(signal);
      if (now !== undefined && now.spec?.holderIdentity !== this.#o.identity) return this.#end('lost');
      const againMs = performance.now();
      this.#won(
        againMs,
        now === undefined ? await this.#create(signal) : await this.#patch(now, this.#claim(), signal),
      );
    }
  }

  async #look(signal: AbortSignal): Promise<Lease | undefined> {
    const { namespace, name } = this.#o;
    const lease = await this.#o.client.get(leases, { namespace, name }, { signal });
    this.#observe(lease);
    return lease;
  }

  #observe(lease: Lease | undefined): void {
    const spec = JSON.stringify(lease?.spec);
    if (lease === undefined) this.#seen = undefined;
    else
      this.#seen = {
        lease,
        spec,
        sinceMs: this.#seen?.spec === spec ? this.#seen.sinceMs : performance.now(),
      };
  }

  async #create(signal: AbortSignal): Promise<Lease> {
    const { namespace, name } = this.#o;
    const spec = { ...this.#claim(), acquireTime: microTime(), leaseTransitions: 0 };
    const options = { signal, fieldManager: FIELD_MANAGER };
    return await this.#o.client.create(leases, { metadata: { namespace, name }, spec }, options);
  }

  async #patch(lease: Lease, spec: NonNullable<Lease['spec']>, signal: AbortSignal): Promise<Lease> {
    const { namespace, name } = this.#o;
    const { resourceVersion, uid } = lease.metadata;
    const patch = { metadata: { resourceVersion, uid }, spec };
    return await this.#o.client.mergePatch(leases, { namespace, name }, patch, {
      signal,
      fieldManager: FIELD_MANAGER,
    });
  }

  #claim(): { holderIdentity: string; leaseDurationSeconds: number; renewTime: string } {
    return {
      holderIdentity: this.#o.identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1_000),
      renewTime: microTime(),
    };
  }

  /** The Lease names us; `startMs` is from before the request, so that we give up before others may begin. */
  #won(startMs: number, lease: Lease): void {
    this.#observe(lease);
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
