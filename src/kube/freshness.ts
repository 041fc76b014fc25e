import { type Access, FenceError } from '../fence.ts';
import { pause } from './pause.ts';

export interface FreshnessOptions {
  /** Monotonic time (performance.now) at which the newest answered read began; minus infinity before the first. */
  readonly lastReadMs: () => number;
  /** Reads something small, so that there is an answer also while nobody else reads. */
  readonly read: (signal: AbortSignal) => Promise<unknown>;
  /** How old the last answered read may be. Default 15 s. */
  readonly limitMs?: number;
  /** Told once when that is over, with how the last look failed. */
  readonly onStale?: (error: unknown) => void;
  /** Told once when a read is answered again. */
  readonly onFresh?: () => void;
}

/** Nothing is written or issued: what this process knows of the world is too old. */
export class StaleError extends FenceError {
  override readonly name = 'StaleError';
}

const LIMIT_MS = 15_000;

/**
 * Whether the API server was heard lately. Who is not heard by it may have been replaced, and what it believes may
 * have been changed or deleted: nothing may have an effect then. In good weather there is always an answer that is
 * fresh: whenever a fifth of the limit has passed without one, something small is read.
 */
export class Freshness {
  readonly #o: FreshnessOptions;
  readonly #limitMs: number;
  #isStale = false;
  #lastError: unknown;

  constructor(options: FreshnessOptions) {
    this.#o = options;
    this.#limitMs = options.limitMs ?? LIMIT_MS;
  }

  /** Why what is known may be old; undefined while it is not. */
  problem(): string | undefined {
    const silentMs = performance.now() - this.#o.lastReadMs();
    if (silentMs <= this.#limitMs) return undefined;
    if (!Number.isFinite(silentMs)) return 'the API server was not read yet';
    return `the API server was last read ${Math.floor(silentMs / 1000)} s ago`;
  }

  /** A fence: throws a StaleError for what has an effect, unless the API server was heard lately. */
  assertFresh(access: Access): void {
    const problem = access === 'read' ? undefined : this.problem();
    if (problem !== undefined) throw new StaleError(problem);
  }

  /** Looks and tells, until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const everyMs = this.#limitMs / 5;
    while (!signal.aborted) {
      if (performance.now() - this.#o.lastReadMs() >= everyMs) await this.#look(signal);
      if (!signal.aborted) this.#tell();
      await pause(everyMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      await this.#o.read(AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(this.#limitMs / 3))]));
    } catch (error) {
      this.#lastError = error; // Told when it lasts: a single one says nothing.
    }
  }

  #tell(): void {
    const isStale = this.problem() !== undefined;
    if (isStale === this.#isStale) return;
    this.#isStale = isStale;
    if (isStale) this.#o.onStale?.(this.#lastError);
    else this.#o.onFresh?.();
  }
}
