import { formatDuration } from '../api/duration.ts';
import type { Clock } from '../clock.ts';

/** Whose Date headers are compared with our clock. */
export type ClockSource = 'kubernetes' | 'cloudflare';

export interface ClockReading {
  readonly source: ClockSource;
  /** Ours minus theirs: positive where our clock is ahead. */
  readonly skewMs: number;
}

export const MAX_SKEW_MS = 5 * 60_000;

const NAMES: Readonly<Record<ClockSource, string>> = {
  kubernetes: 'the API server',
  cloudflare: 'Cloudflare',
};

/**
 * Compares this machine's clock with the Date headers of those it talks to. With a wrong clock renewals come too
 * late, or never end, so nothing is issued or revoked while ours is off. From a header on, their clock is reckoned by
 * our monotonic one: when ours is set, all that was heard before tells of it, and nobody is taken to agree with it.
 */
export class ClockSkew {
  readonly #clock: Clock;
  readonly #heard = new Map<ClockSource, { readonly serverMs: number; readonly monotonicMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A Date header has just arrived; `serverMs` is what it says, milliseconds since the Unix epoch. */
  observe(source: ClockSource, serverMs: number): void {
    this.#heard.set(source, { serverMs, monotonicMs: this.#clock.monotonic() });
  }

  /** How far off each source that has been heard is now. */
  readings(): readonly ClockReading[] {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    return Array.from(this.#heard, ([source, { serverMs, monotonicMs }]) => {
      return { source, skewMs: Math.round(now - serverMs - (monotonic - monotonicMs)) };
    });
  }

  /**
   * Why this machine's clock cannot be trusted, as a sentence that says what to do; undefined where it can. It
   * is ours that is wrong only if everybody heard disagrees: one that agrees shows that the other is off.
   */
  problem(): string | undefined {
    const readings = this.readings();
    if (readings.length === 0 || readings.some((reading) => !isTooMuch(reading))) return undefined;
    const differences = readings.map(({ source, skewMs }) => {
      return `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} ${NAMES[source]}`;
    });
    return `The clock of the operator's machine is ${differences.join(' and ')}: correct it; nothing is issued or revoked until then.`;
  }
}

function isTooMuch({ skewMs }: ClockReading): boolean {
  return Math.abs(skewMs) > MAX_SKEW_MS;
}
