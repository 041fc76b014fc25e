import type { Clock } from '../../clock.ts';

const BACKOFF_MIN_MS = 60_000;
const BACKOFF_MAX_MS = 3_600_000;

/** Where Cloudflare failed to deploy what was uploaded, the next upload waits, longer each time. */
export class UploadBackoff {
  readonly #clock: Clock;
  #failures = 0;
  /** Monotonic ms: not to be tried before. */
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(): void {
    this.#failures += 1;
    const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (this.#failures - 1));
    this.#untilMs = this.#clock.monotonic() + waitMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }

  /** Ms until the next upload may be tried. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - this.#clock.monotonic());
  }
}
