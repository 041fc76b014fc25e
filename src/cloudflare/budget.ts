import type { Clock } from '../clock.ts';

/** `retryAfterMs` is when to ask again; `because` tells our own limit from Cloudflare's 429. */
export type Grant =
  | { readonly granted: true }
  | { readonly granted: false; readonly retryAfterMs: number; readonly because: 'budget' | 'rate-limit' };

/** Who pays: what issues and keeps certificates, or what looks after zones. */
export type Share = 'certificates' | 'zones';

export interface BudgetOptions {
  /** Requests per second in the long run; 0 switches the limiter off (a 429 is obeyed all the same). */
  readonly ratePerSecond: number;
  /** Requests that may be sent at once after a rest. */
  readonly burst: number;
  readonly clock: Clock;
}

/** What Cloudflare's answers said about one token. Times are of the monotonic clock. */
interface Account {
  /** The `Ratelimit` rest, handed out half at once and half evenly until its window ends. */
  allowance: { readonly tokens: TokenBucket; readonly untilMs: number } | undefined;
  /** After a 429: nothing is sent before. */
  stoppedUntilMs: number;
  /** The latest moment that a refused caller was told to come back at. */
  promisedUntilMs: number;
}

/** Callers beyond this many are told the same moment, so that an urgent one is never sent away for an hour. */
const MAX_SPREAD_MS = 60_000;
/** Tokens come and go with their Secrets; what is known of them is forgotten in passing. */
const MAX_ACCOUNTS = 64;

/**
 * The process's share of Cloudflare's 1,200 requests per five minutes, which all tokens, clusters and the
 * dashboard of a user spend together. One per process, so one token bucket for all; what Cloudflare says about a
 * token (rest, 429) holds that token only, so that one tenant cannot stop another.
 *
 * Nobody waits here: `take` grants at once or says when to ask again. Refused callers are given different
 * moments, else they would all come back for the same single token.
 */
export class Budget {
  readonly #clock: Clock;
  readonly #tokens: TokenBucket | undefined;
  readonly #accounts = new Map<string, Account>();

  constructor(options: BudgetOptions) {
    this.#clock = options.clock;
    const { ratePerSecond, burst } = options;
    if (ratePerSecond > 0)
      this.#tokens = new TokenBucket(ratePerSecond / 1000, burst, burst, this.#clock.monotonic());
  }

  /** Asks to send `count` requests now with the token known as `account`. */
  take(count = 1, account = '', _share: Share = 'certificates'): Grant {
    const nowMs = this.#clock.monotonic();
    const stoppedMs = this.#stoppedMs(account, nowMs);
    if (stoppedMs > 0) return { granted: false, retryAfterMs: Math.ceil(stoppedMs), because: 'rate-limit' };
    if (this.#tokens === undefined) return { granted: true };
    const waitMs = this.#shortageMs(count, account, nowMs);
    if (waitMs > 0) {
      const retryAfterMs = this.#promise(account, nowMs, waitMs, count / this.#tokens.perMs);
      return { granted: false, retryAfterMs, because: 'budget' };
    }
    this.#tokens.spend(count);
    this.#allowance(account, nowMs)?.tokens.spend(count);
    return { granted: true };
  }

  /** How long until `take` would grant a request, milliseconds; 0 when it would now. Takes and promises nothing. */
  waitMs(account = ''): number {
    const nowMs = this.#clock.monotonic();
    return Math.ceil(Math.max(this.#stoppedMs(account, nowMs), this.#shortageMs(1, account, nowMs)));
  }

  /**
   * Like `waitMs`, for a caller that will come back then: each gets a moment of its own, so that a thousand do
   * not come back for one token. To be asked once per need, since every answer moves the next one's moment.
   */
  turnMs(account = ''): number {
    const nowMs = this.#clock.monotonic();
    const stoppedMs = this.#stoppedMs(account, nowMs);
    if (stoppedMs > 0) return Math.ceil(stoppedMs);
    const waitMs = this.#shortageMs(1, account, nowMs);
    return waitMs === 0 || this.#tokens === undefined
      ? 0
      : this.#promise(account, nowMs, waitMs, 1 / this.#tokens.perMs);
  }

  /** Cloudflare's `Ratelimit` header: `rest` more requests until its window ends in `resetMs`. */
  answered(rest: number, resetMs: number, account = ''): void {
    if (resetMs <= 0) return;
    const nowMs = this.#clock.monotonic();
    const atOnce = Math.max(0, rest) / 2;
    const tokens = new TokenBucket((Math.max(0, rest) - atOnce) / resetMs, Infinity, atOnce, nowMs);
    this.#account(account).allowance = { tokens, untilMs: nowMs + resetMs };
  }

  /** A 429: this token sends nothing for `retryAfterMs`. */
  limited(retryAfterMs: number, account = ''): void {
    const known = this.#account(account);
    known.stoppedUntilMs = Math.max(known.stoppedUntilMs, this.#clock.monotonic() + retryAfterMs);
  }

  /** Requests that the process could send at this moment; Infinity when switched off. */
  remaining(): number {
    return Math.max(0, Math.floor(this.#tokens?.level(this.#clock.monotonic()) ?? Infinity));
  }

  #stoppedMs(account: string, nowMs: number): number {
    return Math.max(0, (this.#accounts.get(account)?.stoppedUntilMs ?? 0) - nowMs);
  }

  /** Until both the process's bucket and what Cloudflare left to the token hold `count`. */
  #shortageMs(count: number, account: string, nowMs: number): number {
    const allowance = this.#allowance(account, nowMs);
    const leftMs = allowance === undefined ? 0 : allowance.untilMs - nowMs;
    if (this.#tokens === undefined) return 0;
    const allowanceMs = Math.min(allowance?.tokens.waitMs(count, nowMs) ?? 0, leftMs);
    return Math.max(this.#tokens.waitMs(count, nowMs), allowanceMs);
  }

  #allowance(account: string, nowMs: number): Account['allowance'] {
    const allowance = this.#accounts.get(account)?.allowance;
    return allowance !== undefined && allowance.untilMs > nowMs ? allowance : undefined;
  }

  #promise(account: string, nowMs: number, waitMs: number, gapMs: number): number {
    const known = this.#account(account);
    const earliestMs = nowMs + waitMs;
    const afterOthersMs = known.promisedUntilMs > nowMs ? known.promisedUntilMs + gapMs : 0;
    known.promisedUntilMs = Math.min(Math.max(earliestMs, afterOthersMs), earliestMs + MAX_SPREAD_MS);
    return Math.ceil(known.promisedUntilMs - nowMs);
  }

  #account(key: string): Account {
    const existing = this.#accounts.get(key);
    if (existing !== undefined) return existing;
    if (this.#accounts.size >= MAX_ACCOUNTS) this.#forgetIdle();
    const made: Account = { allowance: undefined, stoppedUntilMs: 0, promisedUntilMs: 0 };
    this.#accounts.set(key, made);
    return made;
  }

  #forgetIdle(): void {
    const nowMs = this.#clock.monotonic();
    for (const [key, { allowance, stoppedUntilMs, promisedUntilMs }] of this.#accounts) {
      if (Math.max(allowance?.untilMs ?? 0, stoppedUntilMs, promisedUntilMs) <= nowMs)
        this.#accounts.delete(key);
    }
  }
}

/** A level that rises by `perMs` up to `capacity`. Refilled when looked at, so it needs no timer. */
class TokenBucket {
  readonly perMs: number;
  readonly #capacity: number;
  #level: number;
  #asOfMs: number;

  constructor(perMs: number, capacity: number, level: number, nowMs: number) {
    this.perMs = perMs;
    this.#capacity = capacity;
    this.#level = level;
    this.#asOfMs = nowMs;
  }

  level(nowMs: number): number {
    if (nowMs > this.#asOfMs) {
      this.#level = Math.min(this.#capacity, this.#level + (nowMs - this.#asOfMs) * this.perMs);
      this.#asOfMs = nowMs;
    }
    return this.#level;
  }

  /** Milliseconds until `count` can be spent; 0 for now, Infinity where the level does not rise. */
  waitMs(count: number, nowMs: number): number {
    // More than the bucket holds can never gather: it goes out when the bucket is full, and is paid back after.
    const missing = Math.min(count, Math.max(1, this.#capacity)) - this.level(nowMs);
    return missing > ROUNDING ? missing / this.perMs : 0;
  }

  spend(count: number): void {
    this.#level -= count;
  }
}

/** A refill of 1/3 per ms three times over is not exactly 1. */
const ROUNDING = 1e-6;
