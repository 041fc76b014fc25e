import { Moments } from './moments.ts';
import { TokenBucket } from './token-bucket.ts';

/** Tokens come and go with their Secrets; what is known of them is forgotten in passing. */
const MAX_ACCOUNTS = 64;

/** A rest that Cloudflare told of, handed out half at once and half evenly until its window ends. */
interface Allowance {
  readonly tokens: TokenBucket;
  readonly untilMs: number;
}

/** What Cloudflare's answers left to one token. Times are of the monotonic clock. */
export class Account {
  /** Of those who were refused it for a certificate. */
  readonly moments = new Moments();
  #allowance: Allowance | undefined;
  /** After a 429: nothing is sent before. */
  #stoppedUntilMs = 0;

  /** Cloudflare's `Ratelimit` header: `rest` more requests until its window ends in `resetMs`. */
  answered(rest: number, resetMs: number, nowMs: number): void {
    if (resetMs <= 0) return;
    const atOnce = Math.max(0, rest) / 2;
    const tokens = new TokenBucket((Math.max(0, rest) - atOnce) / resetMs, Infinity, atOnce, nowMs);
    this.#allowance = { tokens, untilMs: nowMs + resetMs };
  }

  /** A 429: this token sends nothing for `retryAfterMs`. */
  limited(retryAfterMs: number, nowMs: number): void {
    this.#stoppedUntilMs = Math.max(this.#stoppedUntilMs, nowMs + retryAfterMs);
  }

  /** How long Cloudflare wants to hear nothing of it, ms; 0 for no longer. */
  stoppedMs(nowMs: number): number {
    return Math.max(0, this.#stoppedUntilMs - nowMs);
  }

  /** Until its rest holds `count`, ms: at the latest until the window ends. */
  waitMs(count: number, nowMs: number): number {
    const allowance = this.#current(nowMs);
    return allowance ? Math.min(allowance.tokens.waitMs(count, nowMs), allowance.untilMs - nowMs) : 0;
  }

  /** So many requests are sent with it. */
  spend(count: number, nowMs: number): void {
    this.#current(nowMs)?.tokens.spend(count);
  }

  /** Whether nothing is known of it that still matters. */
  isIdle(nowMs: number): boolean {
    return Math.max(this.#allowance?.untilMs ?? 0, this.#stoppedUntilMs, this.moments.lastMs) <= nowMs;
  }

  #current(nowMs: number): Allowance | undefined {
    return this.#allowance !== undefined && this.#allowance.untilMs > nowMs ? this.#allowance : undefined;
  }
}

/** All tokens that something is known of. */
export class Accounts {
  readonly #accounts = new Map<string, Account>();

  /** Undefined where nothing is known of the token. */
  find(key: string): Account | undefined {
    return this.#accounts.get(key);
  }

  /** The token's own, to note something. */
  of(key: string, nowMs: number): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    if (this.#accounts.size >= MAX_ACCOUNTS) this.#forgetIdle(nowMs);
    const made = new Account();
    this.#accounts.set(key, made);
    return made;
  }

  #forgetIdle(nowMs: number): void {
    for (const [key, account] of this.#accounts) if (account.isIdle(nowMs)) this.#accounts.delete(key);
  }
}
