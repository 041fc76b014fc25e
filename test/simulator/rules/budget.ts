/** `quota` requests in `windowMs`; the one beyond it blocks all of them for `blockMs`. Quota 0: unlimited. */
export interface BudgetLimits {
  readonly quota: number;
  readonly windowMs: number;
  readonly blockMs: number;
}

/** What the headers say when nothing is limited. */
export const UNLIMITED = 1_000_000;

/** What a request finds: the answer's `Ratelimit` figures and, when refused, its `retry-after`. */
export interface BudgetVerdict {
  readonly granted: boolean;
  readonly remaining: number;
  /** Seconds, rounded up, until the window or the block ends. */
  readonly resetSeconds: number;
}

/** Cloudflare's count of one user's requests: a fixed window that opens with the first request in it. */
export class Budget {
  #windowEndsAt = 0;
  #used = 0;
  #blockedUntil = 0;

  /** Counts one request at `now` (simulated milliseconds) and says whether it passes. */
  take(now: number, limits: BudgetLimits): BudgetVerdict {
    if (limits.quota === 0) return { granted: true, remaining: UNLIMITED, resetSeconds: 1 };
    if (now < this.#blockedUntil) return refused(this.#blockedUntil - now);
    if (now >= this.#windowEndsAt || this.#blockedUntil > 0) {
      this.#windowEndsAt = now + limits.windowMs;
      this.#used = 0;
      this.#blockedUntil = 0;
    }
    if (this.#used >= limits.quota) {
      this.#blockedUntil = now + limits.blockMs;
      return refused(limits.blockMs);
    }
    this.#used += 1;
    return {
      granted: true,
      remaining: limits.quota - this.#used,
      resetSeconds: Math.ceil((this.#windowEndsAt - now) / 1000),
    };
  }
}

function refused(leftMs: number): BudgetVerdict {
  return { granted: false, remaining: 0, resetSeconds: Math.max(1, Math.ceil(leftMs / 1000)) };
}
