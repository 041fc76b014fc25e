import { MAX_SPREAD_MS, Moments } from './moments.ts';
import { TokenBucket } from './token-bucket.ts';

/** What zones may have of rate and burst. */
const PART = 1 / 4;
/** What they have of the rate even while certificates wait: ten thousand of those wait for an hour. */
const LEAST = 1 / 20;
/** What is kept for a zone that was told to come back is kept for so long after the moment that it was told. */
const KEPT_MS = 5000;
/** Who was told to come back takes a moment to be there; until then no zone steps in. */
const CERTIFICATES_FIRST_MS = 1000;

/** The certificates that a zone lets go first. */
export interface Ahead {
  /** How many stand in their line for the process's bucket. */
  readonly inLine: number;
  /** Monotonic time until which one waits for the rest of the zone's own token; 0 for none. */
  readonly untilMs: number;
}

/**
 * The zones' part of the process's bucket. Certificates go first: zones have a quarter of it, and one request in twenty
 * while a certificate waits, which the certificates leave to them.
 */
export class ZonesPart {
  /** One line for the zones of all tokens: what they lack is the same for all of them. */
  readonly moments = new Moments();
  readonly #all: TokenBucket;
  readonly #part: TokenBucket;
  /** Spent from only while certificates wait. */
  readonly #least: TokenBucket;
  /** Requests that certificates leave to a zone, which comes for them soon. */
  #kept = { count: 0, untilMs: 0 };
  /** Until then a certificate waits for the process's bucket. */
  #certificatesUntilMs = 0;

  constructor(all: TokenBucket, nowMs: number) {
    this.#all = all;
    const size = Math.max(1, all.capacity * PART);
    this.#part = new TokenBucket(all.perMs * PART, size, size, nowMs);
    this.#least = new TokenBucket(all.perMs * LEAST, 1, 0, nowMs);
  }

  /** How many requests it has in a millisecond, in the long run. */
  get perMs(): number {
    return this.#part.perMs;
  }

  /** A certificate was told to come back for a request of the process's bucket. */
  giveWay(untilMs: number): void {
    this.#certificatesUntilMs = Math.max(this.#certificatesUntilMs, untilMs);
  }

  /** Has certificates leave `count` requests to a zone that asks while they wait, once its least part holds them. */
  keep(count: number, inLine: number, nowMs: number): void {
    const isWaiting = inLine > 0 || this.#certificatesUntilMs > nowMs;
    if (this.kept(nowMs) > 0 || !isWaiting || this.#least.waitMs(count, nowMs) > 0) return;
    this.#least.spend(count);
    this.#kept = { count, untilMs: nowMs + this.#all.waitMs(count, nowMs) + KEPT_MS };
  }

  /** How many requests of the process's bucket certificates leave to a zone. */
  kept(nowMs: number): number {
    return this.#kept.untilMs > nowMs ? this.#kept.count : 0;
  }

  /** Until it holds `count` and no certificate goes first, ms. */
  waitMs(count: number, ahead: Ahead, nowMs: number): number {
    return Math.max(this.#part.waitMs(count, nowMs), this.#precedenceMs(count, ahead, nowMs));
  }

  /** A zone sends so many. */
  spend(count: number): void {
    this.#part.spend(count);
    this.#kept = { count: 0, untilMs: 0 };
  }

  /**
   * Until no certificate waits any more: of whatever token for the process's bucket, of this one for its rest. At the
   * latest until the least part holds so many.
   */
  #precedenceMs(count: number, ahead: Ahead, nowMs: number): number {
    if (this.kept(nowMs) >= count) return 0;
    const untilMs = Math.max(this.#certificatesUntilMs, ahead.untilMs);
    const promiseMs = untilMs === 0 ? 0 : Math.max(0, untilMs + CERTIFICATES_FIRST_MS - nowMs);
    const lineMs = Math.min(ahead.inLine / this.#all.perMs, MAX_SPREAD_MS);
    return Math.min(Math.max(promiseMs, lineMs), this.#least.waitMs(count, nowMs));
  }
}
