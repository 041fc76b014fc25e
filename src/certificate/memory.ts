import type { Clock } from '../clock.ts';
import { Absences } from './absences.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import { BrokenListings } from './broken-listings.ts';
import { LineWaits } from './line-waits.ts';
import { PendingMemory, type PendingMemoryOptions } from './pending-memory.ts';
import { PairSightings } from './sightings.ts';
import type { RevocationNote } from './superseded.ts';

export type MemoryOptions = AttemptsOptions & PendingMemoryOptions;

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
  readonly pendings: PendingMemory;
  readonly lineWaits: LineWaits;
  readonly attempts: Attempts;
  /** What became of certificates that were to be revoked, by queue key and id. */
  readonly revocations = new Map<string, ReadonlyMap<string, RevocationNote>>();
  /** Certificates issued twice that were tried to be revoked, by queue key, the latest last. */
  readonly triedTwins = new Map<string, readonly string[]>();
  readonly #clock: Clock;
  readonly #issued = new Map<string, IssuedHere[]>();
  readonly #asks = new Map<string, { ask: string; at: number }>();
  readonly #distrusted = new Set<string>();

  constructor(options: MemoryOptions) {
    this.#clock = options.clock;
    this.pendings = new PendingMemory(options);
    this.attempts = new Attempts(options);
    this.sightings = new PairSightings(options.clock);
    this.absences = new Absences(options.clock);
    this.lineWaits = new LineWaits(options.clock);
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
    const at = known || isNews ? this.#clock.now() : -Infinity;
    this.#asks.set(certificateUid, { ask, at });
    return at;
  }

  /** Nothing stands in its way any more. */
  succeeded(key: string): void {
    this.attempts.succeeded(key);
    this.brokenListings.forget(key);
  }

  /** The object, or what was left of one, is gone: nothing of it is remembered. */
  forget(key: string, certificateUid: string | undefined): void {
    this.attempts.forget(key);
    this.revocations.delete(key);
    this.triedTwins.delete(key);
    this.lineWaits.forget(key);
    this.#distrusted.delete(key);
    this.sightings.forget(key);
    this.brokenListings.forget(key);
    if (certificateUid === undefined) return;
    this.#issued.delete(certificateUid);
    this.#asks.delete(certificateUid);
  }
}
