import type { Breaker } from '../cloudflare/breaker.ts';
import type { Budget } from '../cloudflare/budget.ts';
import { countOf, type Want } from '../cloudflare/turns.ts';

export interface AdmissionsOptions {
  readonly budget: Pick<Budget, 'claim' | 'release'>;
  readonly breaker: Pick<Breaker, 'reserve' | 'release'>;
}

/** A probe is kept for whom it was offered to for so long. */
const PROBE_MS = 15_000;

/** Who may send requests now and has not come to an end with it: what it needs is kept for it till then. */
export class Admissions {
  readonly #options: AdmissionsOptions;
  readonly #admitted = new Map<string, { readonly want: Want; readonly isProbe: boolean }>();

  constructor(options: AdmissionsOptions) {
    this.#options = options;
  }

  /** Keeps `count` more requests for it. */
  admit(key: string, want: Want, count: number): void {
    this.#options.budget.claim(key, want.account, count);
    if (!this.#admitted.has(key)) this.#admitted.set(key, { want, isProbe: false });
  }

  /** It is called, and all that it wants kept for it; what is tried with it is kept from others too. */
  call(key: string, want: Want, isProbe: boolean): void {
    if (isProbe) this.#options.breaker.reserve(want, PROBE_MS);
    this.#options.budget.claim(key, want.account, countOf(want));
    this.#admitted.set(key, { want, isProbe });
  }

  /** Whether it was called to try what is held back for all others. */
  isProbe(key: string): boolean {
    return this.#admitted.get(key)?.isProbe === true;
  }

  /** Whether somebody tries with that token. */
  isProbed(account: string): boolean {
    return [...this.#admitted.values()].some(({ want, isProbe }) => isProbe && want.account === account);
  }

  /** It comes to an end: what it did not send, also a probe, may be somebody else's. */
  end(key: string): void {
    const admitted = this.#admitted.get(key);
    this.#admitted.delete(key);
    this.#options.budget.release(key);
    if (admitted?.isProbe) this.#options.breaker.release(admitted.want);
  }

  endAll(): void {
    for (const key of this.#admitted.keys()) this.end(key);
  }
}
