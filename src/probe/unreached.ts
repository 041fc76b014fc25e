import type { Clock } from '../clock.ts';
import type { Dialled } from './dial.ts';
import type { Verdict } from './types.ts';

/** When a look began, by both clocks. */
export type Moment = Pick<Verdict, 'beganMs' | 'at'>;

/** Without a TCP connection the name asked for played no part: it holds for everybody who waited. */
export interface Unreachable {
  readonly moment: Moment;
  readonly dialled: Extract<Dialled, { kind: 'no-connection' }>;
}

/** Those who waited meanwhile take it within moments. It bounds how much is kept of addresses nobody asks for again. */
const KEPT_MS = 60_000;

/**
 * Addresses that gave no connection of late, so that a dead one costs its silence once and not once for each name.
 * A connection that was had and then kept silent is not shared: what shares an address out by SNI answers for one
 * name what it does not for another.
 */
export class Unreached {
  readonly #clock: Clock;
  /** In the order of their moments. */
  readonly #found = new Map<string, Unreachable>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What was seen of the address at or after `sinceMs`, monotonic. */
  find(address: string, sinceMs: number): Unreachable | undefined {
    const found = this.#found.get(address);
    return found !== undefined && found.moment.beganMs >= sinceMs ? found : undefined;
  }

  note(address: string, found: Unreachable): void {
    this.#found.delete(address);
    this.#found.set(address, found);
    const keptMs = this.#clock.monotonic() - KEPT_MS;
    for (const [other, { moment }] of this.#found) {
      if (moment.beganMs >= keptMs) break;
      this.#found.delete(other);
    }
  }

  /** The address was reached. */
  forget(address: string): void {
    this.#found.delete(address);
  }
}
