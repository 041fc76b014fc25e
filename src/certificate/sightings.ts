import type { Clock } from '../clock.ts';

/** Since when this process knows the pair of a certificate. */
export interface Sighting {
  readonly fingerprint: string;
  /** Monotonic ms. */
  readonly sinceMs: number;
  /** Whether another pair was there before: then what is served may lag behind. At a start nobody knows. */
  readonly isChange: boolean;
}

/** Ingress controllers take a renewed Secret within 4 s, one after the other. */
export const SETTLE_MS = 5000;
const LONGEST_MS = 5 * 60_000;

/** When pairs were first seen, so that what origins serve is not judged before they can know of a renewal. */
export class PairSightings {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #all = new Map<string, Sighting>();
  readonly #looks = new WeakMap<Sighting, { readonly count: number; readonly atMs: number }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Called as soon as a pair is in place: in the pass that wrote it, or as it is first met. */
  see(key: string, fingerprint: string): Sighting {
    const known = this.#all.get(key);
    if (known?.fingerprint === fingerprint) return known;
    const seen = { fingerprint, sinceMs: this.#clock.monotonic(), isChange: known !== undefined };
    this.#all.set(key, seen);
    return seen;
  }

  get(key: string): Sighting | undefined {
    return this.#all.get(key);
  }

  /**
   * Monotonic ms after which origins are to be looked at again: first when they can know of the pair, then less and
   * less often. Undefined while the last such moment is still to come.
   */
  nextLook(sighting: Sighting): number | undefined {
    const now = this.#clock.monotonic();
    const { count, atMs } = this.#looks.get(sighting) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY };
    if (now < atMs) return undefined;
    const nextMs =
      count === 0 ? sighting.sinceMs + SETTLE_MS : now + Math.min(SETTLE_MS * 2 ** (count - 1), LONGEST_MS);
    this.#looks.set(sighting, { count: count + 1, atMs: nextMs });
    return nextMs;
  }

  forget(key: string): void {
    this.#all.delete(key);
  }
}
