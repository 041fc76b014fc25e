import type { Clock } from '../clock.ts';
import { postTimeoutMs } from '../cloudflare/client.ts';
import type { Pending } from './pending.ts';
import type { Waits } from './world.ts';

export interface PendingMemoryOptions {
  readonly clock: Clock;
  /** How long a POST may take, ms, without the second that every hostname adds. */
  readonly postTimeoutMs: number;
  /** How long after that the certificate may still appear at Cloudflare, ms. */
  readonly settleMs: number;
}

interface Seen {
  readonly firstSight: number;
  /** This process made the key: nobody else can have sent a write that carries a certificate for it. */
  readonly madeHere: boolean;
  /** The posted-at value seen last, and when its POST was sent or, by another process, first seen. */
  postedAt: string;
  postedAtSeen: number;
  /** When this process last sent a write that carries the certificate and got no answer. */
  unansweredWrite: number | undefined;
  /** The write before the one under way that got no answer: it stays so when this one is answered. */
  earlierUnansweredWrite: number | undefined;
}

/** By id: nothing is left to do, no token may do it, or from when on (monotonic ms) it is to be looked at again. */
export type Looks = ReadonlyMap<string, 'over' | 'refused' | number>;

/**
 * What this process knows of pending Secrets, by their uid: when it saw what for the first time, which tells how long
 * an earlier POST or write may still take effect.
 */
export class PendingMemory {
  /** What became of the ids that are noted on them. */
  readonly looks = new Map<string, Looks>();
  readonly #options: PendingMemoryOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: PendingMemoryOptions) {
    this.#options = options;
  }

  /** Notes a pending Secret at first sight, and a posted-at value that was not seen before. */
  see(pending: Pending): void {
    const known = this.#seen.get(pending.uid);
    if (known === undefined) this.#remember(pending.uid, pending.postedAt, false);
    else if (known.postedAt !== pending.postedAt) this.#notePosted(known, pending.postedAt);
  }

  made(pendingUid: string, postedAt: string): void {
    this.#remember(pendingUid, postedAt, true);
  }

  /** Called as the POST is sent: from now on its end is awaited from here. */
  posting(pendingUid: string, postedAt: string): void {
    const known = this.#seen.get(pendingUid);
    if (known) this.#notePosted(known, postedAt);
  }

  /** The POST ended and nobody knows how: it gets its time to settle from now, however late it was really sent. */
  postEndedUnknown(pending: Pending): void {
    const known = this.#seen.get(pending.uid);
    const latest = this.#options.clock.monotonic() + this.#options.settleMs - this.#waitMs(pending);
    if (known) known.postedAtSeen = Math.max(known.postedAtSeen, latest);
  }

  writing(pendingUid: string): void {
    const known = this.#seen.get(pendingUid);
    if (!known) return;
    known.earlierUnansweredWrite = known.unansweredWrite;
    known.unansweredWrite = this.#options.clock.monotonic();
  }

  /** The write under way was answered: it cannot take effect later. An earlier one without an answer still can. */
  writeAnswered(pendingUid: string): void {
    const known = this.#seen.get(pendingUid);
    if (known) known.unansweredWrite = known.earlierUnansweredWrite;
  }

  waits(pending: Pending): Waits {
    const now = this.#options.clock.monotonic();
    return {
      postMs: Math.max(0, this.postOverAt(pending) - now),
      writeMs: Math.max(0, this.#writeOverAt(pending) - now),
    };
  }

  /** Monotonic time at which the POST noted on the pending Secret has ended one way or the other. */
  postOverAt(pending: Pending): number {
    const seen = this.#seen.get(pending.uid)?.postedAtSeen ?? this.#options.clock.monotonic();
    return seen + this.#waitMs(pending);
  }

  /** True when it was still remembered: then it did not go by our own hand. */
  forget(pendingUid: string): boolean {
    this.looks.delete(pendingUid);
    return this.#seen.delete(pendingUid);
  }

  #remember(pendingUid: string, postedAt: string, madeHere: boolean): void {
    const now = this.#options.clock.monotonic();
    const fresh = {
      firstSight: now,
      madeHere,
      postedAt,
      postedAtSeen: now,
      unansweredWrite: undefined,
      earlierUnansweredWrite: undefined,
    };
    this.#seen.set(pendingUid, fresh);
  }

  #notePosted(known: Seen, postedAt: string): void {
    known.postedAt = postedAt;
    known.postedAtSeen = this.#options.clock.monotonic();
  }

  #writeOverAt(pending: Pending): number {
    const known = this.#seen.get(pending.uid);
    if (known === undefined) return this.#options.clock.monotonic() + this.#waitMs(pending);
    const since = Math.max(known.madeHere ? -Infinity : known.firstSight, known.unansweredWrite ?? -Infinity);
    return since + this.#waitMs(pending);
  }

  /** The whole wait: as long as the client lets a POST take, and the time to settle. */
  #waitMs(pending: Pending): number {
    const hostnames = pending.need?.hostnames.length ?? 0;
    return postTimeoutMs(this.#options.postTimeoutMs, hostnames) + this.#options.settleMs;
  }
}
