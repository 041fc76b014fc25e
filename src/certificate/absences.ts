import type { Clock } from '../clock.ts';

/**
 * How long apart two answers must be that a certificate is not there. A little less than a deletion waits for us, so
 * that it sees the second one.
 */
const BELIEVED_MS = 4 * 60_000;
/** An answer of so long ago says nothing about one of now. */
const FORGOTTEN_MS = 24 * 3_600_000;

/**
 * Since when Cloudflare says of a certificate that is to be revoked that it is not there. The same code tells of a
 * database that could not be read, so one such answer is no reason to let a leaked certificate live.
 */
export class Absences {
  readonly #clock: Clock;
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes such an answer: ms until another one is believed, 0 when this one is. */
  doubt(id: string): number {
    const now = this.#clock.monotonic();
    for (const [each, since] of this.#since) if (now - since > FORGOTTEN_MS) this.#since.delete(each);
    const since = this.#since.get(id) ?? now;
    this.#since.set(id, since);
    return Math.max(0, since + BELIEVED_MS - now);
  }

  /** It is there, or done with. */
  forget(id: string): void {
    this.#since.delete(id);
  }
}
