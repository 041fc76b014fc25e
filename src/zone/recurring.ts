import { CloudflareError } from '../cloudflare/errors.ts';
import { retryMs } from './schedule.ts';

/** Why the last reading failed, while it does. */
export interface ReadFailure {
  readonly error: CloudflareError;
  /** Failures in a row. */
  readonly count: number;
  /** Ms since the epoch: when the first of them was. */
  readonly since: number;
}

/** Asked in vain: only a person can change that, so one question every five minutes is enough. */
const REFUSED_MS = 5 * 60_000;

/** The two times of a moment. */
export interface Instant {
  /** Ms since the epoch. */
  readonly now: number;
  /** Monotonic ms. */
  readonly monotonic: number;
}

/** Something that is read from Cloudflare again and again: what was read last, whether that failed, when it is due. */
export class Recurring<T> {
  #value: T | undefined;
  #failure: ReadFailure | undefined;
  #nextMs = Number.NEGATIVE_INFINITY;
  #readAt: number | undefined;

  /** What was read last, however long ago; undefined: never. */
  get value(): T | undefined {
    return this.#value;
  }

  /** Ms since the epoch of the last reading that went well. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  /** Undefined while the last reading went well. */
  get failure(): ReadFailure | undefined {
    return this.#failure;
  }

  /** Monotonic ms when it is to be read again. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Has it read again at the next pass; what is known stays. */
  expire(): void {
    this.#nextMs = Number.NEGATIVE_INFINITY;
  }

  /** Forgets what was read, which was of something else. */
  clear(): void {
    this.#value = undefined;
    this.#failure = undefined;
    this.#readAt = undefined;
    this.expire();
  }

  /** Not before this moment (monotonic): it is being read in the background. */
  postpone(untilMs: number): void {
    this.#nextMs = untilMs;
  }

  /** @param afterMs until the next reading. */
  succeeded(value: T, { now, monotonic }: Instant, afterMs: number): void {
    this.#value = value;
    this.#readAt = now;
    this.#failure = undefined;
    this.#nextMs = monotonic + afterMs;
  }

  failed(error: CloudflareError, { now, monotonic }: Instant, random: number): void {
    const { count = 0, since = now, error: before } = this.#failure ?? {};
    // A trouble that goes on is told in the same words: those of each failure differ by their Ray ID.
    const isSame = before?.kind === error.kind && before.operation === error.operation;
    this.#failure = { error: isSame ? before : error, count: count + 1, since };
    this.#nextMs = monotonic + waitMs(error, count + 1, random);
  }
}

/** Whether Cloudflare said no for good: this token, or what it asks for, has to change. */
export function isRefusal({ kind }: CloudflareError): boolean {
  switch (kind) {
    case 'CredentialsInvalid':
    case 'PermissionMissing':
    case 'RequestRejected':
    case 'NotFound':
    case 'ZoneNotFound':
      return true;
    default:
      return false;
  }
}

/** The error, if it is Cloudflare's and one to go on after; thrown again where this process may not or should not. */
export function contained(error: unknown): CloudflareError {
  if (!(error instanceof CloudflareError) || error.kind === 'Fenced' || error.kind === 'Aborted') throw error;
  return error;
}

/** How long to wait after that many failures in a row, ms. */
export function waitMs(error: CloudflareError, count: number, random: number): number {
  if (error.retryAfterMs !== undefined) return Math.max(1000, error.retryAfterMs);
  return isRefusal(error) ? REFUSED_MS : retryMs(count, random);
}
