import type { Clock } from '../clock.ts';
import { Accounts } from './accounts.ts';
import type { Ask } from './breaker.ts';
import { Claims } from './claims.ts';
import { TokenBucket } from './token-bucket.ts';
import type { BackgroundTurns } from './turns.ts';
import { ZonesPart } from './zones-part.ts';

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

/**
 * The process's share of Cloudflare's 1,200 requests per five minutes, which all tokens, clusters and the
 * dashboard of a user spend together. One per process, so one token bucket for all; what Cloudflare says about a
 * token (rest, 429) holds that token only, so that one tenant cannot stop another.
 *
 * Nobody waits here: `take` grants at once or says when to ask again, to each another moment. Certificates go first.
 */
export class Budget {
  readonly #clock: Clock;
  /** The line in which certificates wait for the process's bucket; without one each comes back by itself. */
  turns: BackgroundTurns | undefined;
  readonly #claims = new Claims();
  /** All requests spend from the first, zones from both. */
  readonly #buckets: { readonly all: TokenBucket; readonly zones: ZonesPart } | undefined;
  readonly #accounts = new Accounts();

  constructor(options: BudgetOptions) {
    this.#clock = options.clock;
    const { ratePerSecond, burst } = options;
    if (ratePerSecond <= 0) return;
    const nowMs = this.#clock.monotonic();
    const size = Math.max(1, burst);
    const all = new TokenBucket(ratePerSecond / 1000, size, size, nowMs);
    this.#buckets = { all, zones: new ZonesPart(all, nowMs) };
  }

  /** Asks to send `count` requests now with the token known as `account`. An asker's claim pays first. */
  take(count = 1, account = '', share: Share = 'certificates', asker?: string): Grant {
    const nowMs = this.#clock.monotonic();
    const stoppedMs = this.#stoppedMs(account, nowMs);
    if (stoppedMs > 0) return { granted: false, retryAfterMs: Math.ceil(stoppedMs), because: 'rate-limit' };
    if (asker !== undefined && this.#useClaim(asker, count, account, nowMs)) return { granted: true };
    if (share === 'zones') this.#buckets?.zones.keep(count, this.#waiting, nowMs);
    const waitMs = this.#shortageMs(count, account, share, nowMs);
    if (waitMs > 0) {
      const retryAfterMs = this.#promise(count, account, share, nowMs, waitMs);
      return { granted: false, retryAfterMs, because: 'budget' };
    }
    if (share === 'zones') this.#buckets?.zones.spend(count);
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
    const nowMs = this.#clock.monotonic();
    this.#accounts.of(account, nowMs).answered(rest, resetMs, nowMs);
  }

  /** A 429: this token sends nothing for `retryAfterMs`. */
  limited(retryAfterMs: number, account = ''): void {
    const nowMs = this.#clock.monotonic();
    this.#accounts.of(account, nowMs).limited(retryAfterMs, nowMs);
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
    this.#accounts.find(account)?.spend(count, nowMs);
  }

  get #waiting(): number {
    return this.turns?.waitingForBudget ?? 0;
  }

  #stoppedMs(account: string, nowMs: number): number {
    return this.#accounts.find(account)?.stoppedMs(nowMs) ?? 0;
  }

  /** Until the process's bucket, what Cloudflare left to the token and, for zones, their part hold `count`. */
  #shortageMs(count: number, account: string, share: Share, nowMs: number): number {
    if (this.#buckets === undefined) return 0;
    const { all, zones } = this.#buckets;
    const kept = share === 'certificates' ? zones.kept(nowMs) : 0;
    const allMs = all.waitMs(count + kept, nowMs);
    // However full the bucket is: what is kept for others is not there.
    const claimedMs = this.#claims.total > 0 ? all.spanMs(this.#claims.total + kept + 1, nowMs) : 0;
    const shortMs = Math.max(allMs, claimedMs, this.#allowanceMs(count, account, nowMs));
    if (share === 'certificates') return shortMs;
    const untilMs = this.#accounts.find(account)?.moments.lastMs ?? 0;
    return Math.max(shortMs, zones.waitMs(count, { inLine: this.#waiting, untilMs }, nowMs));
  }

  /** Until what Cloudflare left to the token holds `count`: at the latest until its window ends. */
  #allowanceMs(count: number, account: string, nowMs: number): number {
    if (this.#buckets === undefined) return 0;
    const claimed = this.#claims.ofAccount(account);
    return this.#accounts.find(account)?.waitMs(count + claimed, nowMs) ?? 0;
  }

  /** The next moment of the caller's line, in milliseconds from now; never long after `waitMs`. */
  #promise(count: number, account: string, share: Share, nowMs: number, waitMs: number): number {
    if (this.#buckets === undefined) return Math.ceil(waitMs);
    const { all, zones } = this.#buckets;
    const { moments } = share === 'zones' ? zones : this.#accounts.of(account, nowMs);
    const gapMs = count / (share === 'zones' ? zones : all).perMs;
    const untilMs = moments.next(nowMs + waitMs, gapMs, nowMs);
    if (share === 'certificates' && all.waitMs(count, nowMs) > 0) zones.giveWay(untilMs);
    return Math.ceil(untilMs - nowMs);
  }
}
