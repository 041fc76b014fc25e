import type { Clock } from '../../clock.ts';

/** For how long what is seen has been so, by the monotonic clock of this process. */
export class Since {
  readonly #clock: Clock;
  /** When something was first seen to be so, ms. */
  readonly #sinceMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ms since this was first seen to hold, without a break; 0 where it does not. */
  age(what: string, holds: boolean): number {
    if (!holds) {
      this.#sinceMs.delete(what);
      return 0;
    }
    const nowMs = this.#clock.monotonic();
    const sinceMs = this.#sinceMs.get(what) ?? nowMs;
    this.#sinceMs.set(what, sinceMs);
    return nowMs - sinceMs;
  }

  /** Like `age`, of the one value that counts now: another value begins anew. */
  ageOf(what: string, value: string | undefined): number {
    for (const key of this.#sinceMs.keys()) {
      if (key.startsWith(`${what}:`) && key !== `${what}:${value}`) this.#sinceMs.delete(key);
    }
    return this.age(`${what}:${value}`, value !== undefined);
  }
}
