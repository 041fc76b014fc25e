import type { Clock } from '../clock.ts';

/** How long those that are being deleted stood in the line for Cloudflare: by queue key, monotonic ms. */
export class LineWaits {
  readonly #clock: Clock;
  readonly #waits = new Map<string, { readonly endedMs: number; readonly since: number | undefined }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It stands in line from now on, or from when it began to. */
  began(key: string): void {
    const known = this.#waits.get(key);
    const since = known?.since ?? this.#clock.monotonic();
    this.#waits.set(key, { endedMs: known?.endedMs ?? 0, since });
  }

  /** It stands in line no longer. */
  ended(key: string): void {
    if (this.#waits.has(key)) this.#waits.set(key, { endedMs: this.totalMs(key), since: undefined });
  }

  totalMs(key: string): number {
    const { endedMs = 0, since } = this.#waits.get(key) ?? {};
    return endedMs + (since === undefined ? 0 : this.#clock.monotonic() - since);
  }

  forget(key: string): void {
    this.#waits.delete(key);
  }
}
