import type { Clock } from '../clock.ts';
import { Semaphore } from './semaphore.ts';

/** What a process may connect to origins, in all, unless told. */
export const CONNECTIONS_PER_SECOND = 20;

export interface LimitOptions {
  readonly clock: Clock;
  /** Addresses that are knocked at at once. */
  readonly concurrency: number;
  /** Connections a second; as many may be made at once after a quiet second. */
  readonly ratePerSecond: number;
}

/** A turn at one address. */
export interface Turn {
  /** Waits until the rate allows one more connection. */
  connection(signal: AbortSignal): Promise<void>;
  /**
   * Call it exactly once.
   *
   * @param restMs for how long nobody comes to the address; none by default.
   */
  end(restMs?: number): void;
}

/** One at a time for each address, a few at a time for all, and so many connections a second. */
export class Limits {
  readonly #clock: Clock;
  readonly #all: Semaphore;
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #places = new Map<string, Semaphore>();
  /** When the bucket will be full again, monotonic. */
  #fullMs = Number.NEGATIVE_INFINITY;

  constructor({ clock, concurrency, ratePerSecond }: LimitOptions) {
    this.#clock = clock;
    this.#all = new Semaphore(concurrency);
    this.#intervalMs = 1_000 / ratePerSecond;
    this.#burst = Math.max(1, Math.floor(ratePerSecond));
  }

  /** Addresses with somebody at or before them. */
  get places(): number {
    return this.#places.size;
  }

  /** Waits for the address first, so that those who wait for a slow one take no place from others. */
  async turn(address: string, signal: AbortSignal): Promise<Turn> {
    const leave = await this.#hold(this.#placeOf(address), address, signal);
    let free: () => void;
    try {
      free = await this.#all.acquire(signal);
    } catch (error) {
      leave();
      throw error;
    }
    return {
      connection: (until) => this.#connection(until),
      end: (restMs = 0) => {
        free();
        if (restMs === 0) leave();
        else void this.#clock.after(restMs, signal).then(leave, leave);
      },
    };
  }

  async #hold(turns: Semaphore, address: string, signal: AbortSignal): Promise<() => void> {
    const forget = (): void => {
      if (turns.isIdle(1)) this.#places.delete(address);
    };
    try {
      const release = await turns.acquire(signal);
      return () => {
        release();
        forget();
      };
    } catch (error) {
      forget();
      throw error;
    }
  }

  #placeOf(address: string): Semaphore {
    const place = this.#places.get(address) ?? new Semaphore(1);
    this.#places.set(address, place);
    return place;
  }

  async #connection(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const waitMs = this.#fullMs - now - (this.#burst - 1) * this.#intervalMs;
    this.#fullMs = Math.max(this.#fullMs, now) + this.#intervalMs;
    if (waitMs > 0) await this.#clock.after(waitMs, signal);
  }
}
