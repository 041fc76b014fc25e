import type { Clock } from '../clock.ts';
import { type FailedAttempt, type Failure, nextFailure } from './failure.ts';

export interface AttemptsOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** How often what failed, and since when what is refused: by queue key, and by the keys below for what counts apart. */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #failures = new Map<string, { scope: string; failure: Failure; shown: Failure }>();
  readonly #refusals = new Map<string, { reason: string; since: number }>();
  readonly #recalled = new Set<string>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
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

  forget(key: string): void {
    for (const each of [key, mendKey(key), settleKey(key), revokeKey(key), leavingKey(key)]) {
      this.#failures.delete(each);
      this.#refusals.delete(each);
      this.#recalled.delete(each);
    }
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
