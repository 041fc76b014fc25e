import type { Clock } from '../clock.ts';
import { postTimeoutMs } from '../cloudflare/client.ts';
import { Absences } from './absences.ts';
import { BrokenListings } from './broken-listings.ts';
import { type FailedAttempt, type Failure, nextFailure } from './failure.ts';
import type { Pending } from './pending.ts';
import { PairSightings } from './sightings.ts';
import type { RevocationNote } from './superseded.ts';
import type { Waits } from './world.ts';

export interface MemoryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a POST may take, ms, without the second that every hostname adds. */
  readonly postTimeoutMs: number;
  /** How long after that the certificate may still appear at Cloudflare, ms. */
  readonly settleMs: number;
}

interface PendingMemory {
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

/** By id: nothing is left to do, or from when on (monotonic ms) it is to be looked at again. */
export type Looks = ReadonlyMap<string, 'over' | number>;

interface IssuedHere {
  readonly id: string;
  readonly time: number;
}

/**
 * What this process knows that no object says: when it first saw things, by its own monotonic clock (so that no
 * two clocks are ever compared), and how often it failed. Losing it, by a restart, only makes it more patient.
 */
export class CertificateMemory {
  readonly sightings: PairSightings;
  readonly brokenListings = new BrokenListings();
  readonly absences: Absences;
  /** What became of certificates that were to be revoked, by queue key and id. */
  readonly revocations = new Map<string, ReadonlyMap<string, RevocationNote>>();
  /** What became of the ids that are noted on pending Secrets, by the Secret's uid. */
  readonly looks = new Map<string, Looks>();
  readonly #options: MemoryOptions;
  readonly #pendings = new Map<string, PendingMemory>();
  readonly #failures = new Map<string, { scope: string; failure: Failure; shown: Failure }>();
  readonly #refusals = new Map<string, { reason: string; since: number }>();
  readonly #issued = new Map<string, IssuedHere[]>();
  readonly #asks = new Map<string, { ask: string; at: number }>();
  readonly #recalled = new Set<string>();
  readonly #distrusted = new Set<string>();

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.sightings = new PairSightings(options.clock);
    this.absences = new Absences(options.clock);
  }

  /** Notes a pending Secret at first sight, and a posted-at value that was not seen before. */
  see(pending: Pending): void {
    const known = this.#pendings.get(pending.uid);
    if (known === undefined) this.#remember(pending.uid, pending.postedAt, false);
    else if (known.postedAt !== pending.postedAt) this.#notePosted(known, pending.postedAt);
  }

  made(pendingUid: string, postedAt: string): void {
    this.#remember(pendingUid, postedAt, true);
  }

  /** Called as the POST is sent: from now on its end is awaited from here. */
  posting(pendingUid: string, postedAt: string): void {
    const known = this.#pendings.get(pendingUid);
    if (known) this.#notePosted(known, postedAt);
  }

  /** The POST ended and nobody knows how: it gets its time to settle from now, however late it was really sent. */
  postEndedUnknown(pending: Pending): void {
    const known = this.#pendings.get(pending.uid);
    const latest = this.#options.clock.monotonic() + this.#options.settleMs - this.#waitMs(pending);
    if (known) known.postedAtSeen = Math.max(known.postedAtSeen, latest);
  }

  writing(pendingUid: string): void {
    const known = this.#pendings.get(pendingUid);
    if (!known) return;
    known.earlierUnansweredWrite = known.unansweredWrite;
    known.unansweredWrite = this.#options.clock.monotonic();
  }

  /** The write under way was answered: it cannot take effect later. An earlier one without an answer still can. */
  writeAnswered(pendingUid: string): void {
    const known = this.#pendings.get(pendingUid);
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
    const seen = this.#pendings.get(pending.uid)?.postedAtSeen ?? this.#options.clock.monotonic();
    return seen + this.#waitMs(pending);
  }

  /** True when it was still remembered: then it did not go by our own hand. */
  forgetPending(pendingUid: string): boolean {
    this.looks.delete(pendingUid);
    return this.#pendings.delete(pendingUid);
  }

  /** The cache lost sight of a pending Secret, which may only have lost its label: the next look is a live one. */
  distrustCache(key: string): void {
    this.#distrusted.add(key);
  }

  /** Whether the caches may be believed when they show that all is in order. */
  trustsCache(key: string): boolean {
    return !this.#distrusted.has(key);
  }

  /** A live look came to its end. */
  trustCache(key: string): void {
    this.#distrusted.delete(key);
  }

  issued(certificateUid: string, issued: IssuedHere): void {
    const before = this.#issued.get(certificateUid) ?? [];
    this.#issued.set(certificateUid, [...before, issued].slice(-10));
  }

  issuedHere(certificateUid: string): readonly IssuedHere[] {
    return this.#issued.get(certificateUid) ?? [];
  }

  /**
   * When a person last asked for something else, by the spec or by a request: ms since the epoch, minus infinity
   * when not in this process's time.
   *
   * @param ask what is asked for now.
   * @param isNews whether that is known to be new although it is seen for the first time.
   */
  askedAt(certificateUid: string, ask: string, isNews: boolean): number {
    const known = this.#asks.get(certificateUid);
    if (known?.ask === ask) return known.at;
    const at = known || isNews ? this.#options.clock.now() : -Infinity;
    this.#asks.set(certificateUid, { ask, at });
    return at;
  }

  /**
   * @param scope what the attempt depended on: a failure no longer counts once that has changed.
   * @param leftMs time until the certificate in use expires; undefined when there is none.
   */
  failed(key: string, scope: string, attempt: FailedAttempt, leftMs: number | undefined): Failure {
    const { clock, random } = this.#options;
    const failure = nextFailure(this.failure(key, scope), attempt, clock.now(), leftMs, random());
    const shown = this.#failures.get(key)?.shown;
    const isShown = shown?.reason !== failure.reason || isPowerOfTwo(failure.count);
    // Every attempt has a Ray ID of its own: its words are shown no more often than its count.
    const told = isShown ? failure : { ...failure, message: shown.message, rayId: shown.rayId };
    this.#failures.set(key, { scope, failure: told, shown: isShown ? failure : shown });
    return told;
  }

  failure(key: string, scope: string): Failure | undefined {
    const known = this.#failures.get(key);
    return known?.scope === scope ? known.failure : undefined;
  }

  /**
   * Takes over what a former process noted in the status, once: later the status is our own word, and a cached one
   * may be older than what is remembered. It can only hold back.
   */
  recall(key: string, scope: string, failure: Failure | undefined): void {
    if (this.#recalled.has(key)) return;
    this.#recalled.add(key);
    if (failure && !this.#failures.has(key)) this.#failures.set(key, { scope, failure, shown: failure });
  }

  hasRecalled(key: string): boolean {
    return this.#recalled.has(key);
  }

  /** What failed was not the object's own doing. */
  pardon(key: string): void {
    this.#failures.delete(key);
  }

  /** The failure as the status shows it: rewritten when the reason changes and at powers of two. */
  shownFailure(key: string): Failure | undefined {
    return this.#failures.get(key)?.shown;
  }

  succeeded(key: string): void {
    this.#recalled.add(key);
    this.#failures.delete(key);
    this.brokenListings.forget(key);
  }

  /**
   * Giving up a wrong answer failed. That is remembered apart: it must not take the place of the answer, which holds
   * back the next POST for much longer. Undefined when no wrong answer stands: then it is a failure like any other.
   */
  failedToSettle(key: string, scope: string, attempt: FailedAttempt): Failure | undefined {
    if (this.#failures.get(key)?.failure.reason !== 'BadResponse') return undefined;
    return this.failed(settleKey(key), scope, attempt, undefined);
  }

  /** An issuance was given up in good order. What was wrong with an answer still counts: the next may be no better. */
  settled(key: string): void {
    this.#failures.delete(settleKey(key));
    if (this.#failures.get(key)?.failure.reason !== 'BadResponse') this.#failures.delete(key);
  }

  /**
   * Since when (ms since the epoch) the same refusal stands; undefined clears it.
   *
   * @param shownSince since when the status shows it: what a former process saw counts too.
   */
  refusedSince(key: string, reason: string | undefined, shownSince?: number): number {
    const known = this.#refusals.get(key);
    if (reason === undefined) this.#refusals.delete(key);
    else if (known?.reason === reason) return known.since;
    const since = shownSince ?? this.#options.clock.now();
    if (reason !== undefined) this.#refusals.set(key, { reason, since });
    return since;
  }

  /** The object, or what was left of one, is gone: nothing of it is remembered. */
  forget(key: string, certificateUid: string | undefined): void {
    for (const each of [key, mendKey(key), settleKey(key), revokeKey(key), leavingKey(key)]) {
      this.#failures.delete(each);
      this.#refusals.delete(each);
    }
    this.revocations.delete(key);
    this.#recalled.delete(key);
    this.#distrusted.delete(key);
    this.sightings.forget(key);
    this.brokenListings.forget(key);
    if (certificateUid === undefined) return;
    this.#issued.delete(certificateUid);
    this.#asks.delete(certificateUid);
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
    this.#pendings.set(pendingUid, fresh);
  }

  #notePosted(known: PendingMemory, postedAt: string): void {
    known.postedAt = postedAt;
    known.postedAtSeen = this.#options.clock.monotonic();
  }

  #writeOverAt(pending: Pending): number {
    const known = this.#pendings.get(pending.uid);
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

/** Under which is remembered what goes wrong around a good pair: it must not hold back an issuance. */
export function mendKey(key: string): string {
  return `${key} mend`;
}

/** Under which is remembered what goes wrong with settling, and since when no token could be found for it. */
export function settleKey(key: string): string {
  return `${key} settle`;
}

/** Under which is remembered what goes wrong with revoking replaced certificates: it must hold back nothing else. */
export function revokeKey(key: string): string {
  return `${key} revoke`;
}

/** Under which is remembered since when an object is seen being deleted. */
export function leavingKey(key: string): string {
  return `${key} leaving`;
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
