import type { Clock } from '../clock.ts';

/** While a zone's names are still being looked at, whoever listens is told at most so often. */
const PAUSE_MS = 10_000;

interface Untold {
  readonly names: Set<string>;
  /** Monotonic. */
  toldMs: number;
  isWaiting: boolean;
}

export interface NewsOptions {
  readonly clock: Clock;
  readonly tell: (zone: string, hostnames: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/** Gathers what changed, so that five thousand first looks are not five thousand calls. */
export class News {
  readonly #o: NewsOptions;
  readonly #zones = new Map<string, Untold>();

  constructor(options: NewsOptions) {
    this.#o = options;
  }

  add(zone: string, hostname: string): void {
    this.#of(zone).names.add(hostname);
  }

  /** Tells what there is at once. */
  flush(zone: string): void {
    const untold = this.#zones.get(zone);
    if (untold === undefined || untold.names.size === 0) return;
    const hostnames = [...untold.names];
    untold.names.clear();
    untold.toldMs = this.#o.clock.monotonic();
    this.#o.tell(zone, hostnames);
  }

  /** Tells what there is once the pause since the last telling is over. */
  flushSoon(zone: string): void {
    const untold = this.#of(zone);
    if (untold.names.size === 0 || untold.isWaiting) return;
    const waitMs = untold.toldMs + PAUSE_MS - this.#o.clock.monotonic();
    if (waitMs <= 0) return this.flush(zone);
    untold.isWaiting = true;
    this.#o.clock.after(waitMs, this.#o.signal).then(
      () => {
        untold.isWaiting = false;
        if (this.#zones.get(zone) === untold) this.flush(zone);
      },
      () => undefined, // The end of the board: nobody is told any more.
    );
  }

  drop(zone: string): void {
    this.#zones.delete(zone);
  }

  #of(zone: string): Untold {
    const untold = this.#zones.get(zone) ?? {
      names: new Set<string>(),
      toldMs: Number.NEGATIVE_INFINITY,
      isWaiting: false,
    };
    this.#zones.set(zone, untold);
    return untold;
  }
}
