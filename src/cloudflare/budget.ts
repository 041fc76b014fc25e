import type { Clock } from '../clock.ts';
import type { Ask } from './breaker.ts';
import { Claims } from './claims.ts';
import { TokenBucket } from './token-bucket.ts';
import type { BackgroundTurns } from './turns.ts';

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
  /** The latest moment that a refused caller was told to come back at; of the certificates' callers. */
  promisedUntilMs: number;
}

/** Those who wait in one line: each refused caller is told a moment after the last one's. */
type Promised = Pick<Account, 'promisedUntilMs'>;

/** Callers beyond this many are told the same moment, so that an urgent one is never sent away for an hour. */
const MAX_SPREAD_MS = 60_000;
/** What zones may have of rate and burst. */
const ZONES_PART = 1 / 4;
/** What zones have of the rate even while certificates wait: ten thousand of those wait for an hour. */
const ZONES_LEAST = 1 / 20;
/** What is kept for a zone that was told to come back is kept for so long after the moment that it was told. */
const KEPT_MS = 5000;
/** Who was told to come back takes a moment to be there; until then no zone steps in. */
const CERTIFICATES_FIRST_MS = 1000;
/** Tokens come and go with their Secrets; what is known of them is forgotten in passing. */
const MAX_ACCOUNTS = 64;

/**
 * The process's share of Cloudflare's 1,200 requests per five minutes, which all tokens, clusters and the
 * dashboard of a user spend together. One per process, so one token bucket for all; what Cloudflare says about a
 * token (rest, 429) holds that token only, so that one tenant cannot stop another.
 *
 * Nobody waits here: `take` grants at once or says when to ask again. Refused callers are given different
 * moments, else they would all come back for the same single token.
 *
 * Certificates go first: zones have a quarter of the bucket, and one request in twenty while a certificate waits.
 */
export class Budget {
  readonly #clock: Clock;
  /** The line in which certificates wait for the process's bucket; without one each comes back by itself. */
  turns: BackgroundTurns | undefined;
  readonly #claims = new Claims();
  /** All requests spend from the first, zones from both, and from the third while certificates wait. */
  readonly #buckets:
    { readonly all: TokenBucket; readonly zones: TokenBucket; readonly least: TokenBucket } | undefined;
  /** Requests that certificates leave to a zone, which comes for them soon. */
  #kept = { count: 0, untilMs: 0 };
  readonly #accounts = new Map<string, Account>();
  /** One line for the zones of all tokens: what they lack is the same for all of them. */
  readonly #zonesLine: Promised = { promisedUntilMs: 0 };
  /** Until then a certificate waits for the process's bucket. */
  #certificatesUntilMs = 0;

  constructor(options: BudgetOptions) {
    this.#clock = options.clock;
    const { ratePerSecond, burst } = options;
    if (ratePerSecond <= 0) return;
    const full = (part: number): TokenBucket => {
      const size = Math.max(1, burst * part);
      return new TokenBucket((ratePerSecond * part) / 1000, size, size, this.#clock.monotonic());
    };
    const least = new TokenBucket((ratePerSecond * ZONES_LEAST) / 1000, 1, 0, this.#clock.monotonic());
    this.#buckets = { all: full(1), zones: full(ZONES_PART), least };
  }

  /** Asks to send `count` requests now with the token known as `account`. An asker's claim pays first. */
  take(count = 1, account = '', share: Share = 'certificates', asker?: string): Grant {
    const nowMs = this.#clock.monotonic();
    const stoppedMs = this.#stoppedMs(account, nowMs);
    if (stoppedMs > 0) return { granted: false, retryAfterMs: Math.ceil(stoppedMs), because: 'rate-limit' };
    if (asker !== undefined && this.#useClaim(asker, count, account, nowMs)) return { granted: true };
    if (share === 'zones') this.#keep(count, account, nowMs);
    const waitMs = this.#shortageMs(count, account, share, nowMs);
    if (waitMs > 0) {
      const retryAfterMs = this.#promise(count, account, share, nowMs, waitMs);
      return { granted: false, retryAfterMs, because: 'budget' };
    }
    if (share === 'zones') {
      this.#buckets?.zones.spend(count);
      this.#kept = { count: 0, untilMs: 0 };
    }
    this.#spend(count, account, nowMs);
    return { granted: true };
  }

  /**
   * How long until somebody may be let in who sends `own` requests with that token, ms; 0 for now. One has to be there
   * beside what is kept for others, and the process's bucket is paid back the later ones: who needs several would else
   * wait for ever behind those who take each as it drips.
   */
  waitMs(account = '', share: Share = 'certificates', own = 1): number {
    const nowMs = this.#clock.monotonic();
    const shortMs = this.#shortageMs(1, account, share, nowMs);
    return Math.ceil(
      Math.max(this.#stoppedMs(account, nowMs), shortMs, this.#allowanceMs(own, account, nowMs)),
    );
  }

  /** Whether Cloudflare said that nothing is to be sent with that token now. */
  isStopped(account: string): boolean {
    return this.#stoppedMs(account, this.#clock.monotonic()) > 0;
  }

  /**
   * Keeps requests for the asker, until it sends them or gives them back: who is called to send one would else find that
   * somebody was faster. They stay in the bucket till then, so that what is kept for a slow one and what gathers meanwhile
   * are never sent in one burst.
   */
  claim(asker: string, account: string, count: number): void {
    this.#claims.add(asker, account, count);
  }

  /** Requests of its claim that the asker has not sent. */
  claimed(asker: string): number {
    return this.#claims.of(asker);
  }

  /** Gives back what the asker has not sent of its claim. */
  release(asker: string): void {
    this.#claims.drop(asker);
  }

  /** Resolves with true when one request was paid for, with false when it is worth looking whether it may be sent. */
  async turn(ask: Ask, share: Share, signal: AbortSignal): Promise<boolean> {
    if (share === 'certificates' && this.turns) return this.turns.turn(ask, signal);
    const grant = this.take(1, ask.account, share);
    if (!grant.granted) await this.#clock.after(grant.retryAfterMs, signal);
    return grant.granted;
  }

  /** How long it would take to send that many requests at the process's own rate, ms. */
  expectedMs(count: number): number {
    return count === 0 ? 0 : (this.#buckets?.all.spanMs(count, this.#clock.monotonic()) ?? 0);
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
    const level = this.#buckets?.all.level(this.#clock.monotonic()) ?? Infinity;
    return Math.max(0, Math.floor(level - this.#claims.total));
  }

  /** What was claimed for one token may be sent with another, if Cloudflare left that one so much. */
  #useClaim(asker: string, count: number, account: string, nowMs: number): boolean {
    if (this.#claims.of(asker) < count) return false;
    const isOther = !this.#claims.isFor(asker, account);
    if (isOther && this.#allowanceMs(count, account, nowMs) > 0) return false;
    this.#claims.use(asker, count);
    this.#spend(count, account, nowMs);
    return true;
  }

  #spend(count: number, account: string, nowMs: number): void {
    this.#buckets?.all.spend(count);
    this.#allowance(account, nowMs)?.tokens.spend(count);
  }

  get #waiting(): number {
    return this.turns?.waitingForBudget ?? 0;
  }

  #stoppedMs(account: string, nowMs: number): number {
    return Math.max(0, (this.#accounts.get(account)?.stoppedUntilMs ?? 0) - nowMs);
  }

  /** Until the process's bucket, what Cloudflare left to the token and, for zones, their part hold `count`. */
  #shortageMs(count: number, account: string, share: Share, nowMs: number): number {
    if (this.#buckets === undefined) return 0;
    const { all, zones } = this.#buckets;
    const kept = this.#keptFrom(share, nowMs);
    const allMs = all.waitMs(count + kept, nowMs);
    // However full the bucket is: what is kept for others is not there.
    const claimedMs = this.#claims.total > 0 ? all.spanMs(this.#claims.total + kept + 1, nowMs) : 0;
    const shortMs = Math.max(allMs, claimedMs, this.#allowanceMs(count, account, nowMs));
    if (share === 'certificates') return shortMs;
    return Math.max(shortMs, zones.waitMs(count, nowMs), this.#precedenceMs(count, account, nowMs));
  }

  /**
   * Until no certificate waits any more: of whatever token for the process's bucket, of this one for its rest. At the
   * latest until the zones' least part holds so many.
   */
  #precedenceMs(count: number, account: string, nowMs: number): number {
    if (this.#buckets === undefined || this.#keptFrom('certificates', nowMs) >= count) return 0;
    const promisedMs = this.#accounts.get(account)?.promisedUntilMs ?? 0;
    const untilMs = Math.max(this.#certificatesUntilMs, promisedMs);
    const promiseMs = untilMs === 0 ? 0 : Math.max(0, untilMs + CERTIFICATES_FIRST_MS - nowMs);
    const lineMs = Math.min(this.#waiting / this.#buckets.all.perMs, MAX_SPREAD_MS);
    return Math.min(Math.max(promiseMs, lineMs), this.#buckets.least.waitMs(count, nowMs));
  }

  /** Has certificates leave `count` requests to a zone that asks while they wait, once its least part holds them. */
  #keep(count: number, account: string, nowMs: number): void {
    if (this.#buckets === undefined || this.#keptFrom('certificates', nowMs) > 0) return;
    const { all, least } = this.#buckets;
    const isWaiting = this.#waiting > 0 || this.#certificatesUntilMs > nowMs;
    if (!isWaiting || least.waitMs(count, nowMs) > 0 || this.#stoppedMs(account, nowMs) > 0) return;
    least.spend(count);
    this.#kept = { count, untilMs: nowMs + all.waitMs(count, nowMs) + KEPT_MS };
  }

  /** How many requests of the process's bucket are kept from who asks. */
  #keptFrom(share: Share, nowMs: number): number {
    return share === 'certificates' && this.#kept.untilMs > nowMs ? this.#kept.count : 0;
  }

  /** Until what Cloudflare left to the token holds `count`: at the latest until its window ends. */
  #allowanceMs(count: number, account: string, nowMs: number): number {
    const allowance = this.#buckets && this.#allowance(account, nowMs);
    const claimed = this.#claims.ofAccount(account);
    return allowance
      ? Math.min(allowance.tokens.waitMs(count + claimed, nowMs), allowance.untilMs - nowMs)
      : 0;
  }

  #allowance(account: string, nowMs: number): Account['allowance'] {
    const allowance = this.#accounts.get(account)?.allowance;
    return allowance !== undefined && allowance.untilMs > nowMs ? allowance : undefined;
  }

  /** The next moment of the caller's line, in milliseconds from now; never long after `waitMs`. */
  #promise(count: number, account: string, share: Share, nowMs: number, waitMs: number): number {
    if (this.#buckets === undefined) return Math.ceil(waitMs);
    const { all, zones } = this.#buckets;
    const line = share === 'zones' ? this.#zonesLine : this.#account(account);
    const gapMs = count / (share === 'zones' ? zones : all).perMs;
    const earliestMs = nowMs + waitMs;
    const afterOthersMs = line.promisedUntilMs > nowMs ? line.promisedUntilMs + gapMs : 0;
    line.promisedUntilMs = Math.min(Math.max(earliestMs, afterOthersMs), earliestMs + MAX_SPREAD_MS);
    if (share === 'certificates' && all.waitMs(count, nowMs) > 0)
      this.#certificatesUntilMs = Math.max(this.#certificatesUntilMs, line.promisedUntilMs);
    return Math.ceil(line.promisedUntilMs - nowMs);
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
