import type { FailureReason } from '../api/conditions.ts';

/** Attempts that went wrong, counted since the last success. */
export interface Failure {
  readonly reason: FailureReason;
  /** What happened and what to do; safe to show. */
  readonly message: string;
  readonly rayId: string | undefined;
  readonly count: number;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly lastTime: number;
  readonly nextTime: number;
}

/** What an attempt that went wrong says of itself. */
export interface FailedAttempt {
  readonly reason: FailureReason;
  readonly message: string;
  readonly rayId?: string | undefined;
  /** What the server said to wait, in ms. */
  readonly retryAfterMs?: number | undefined;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** First and longest delay between attempts, by what went wrong. Doubled in between. */
const RETRY: Readonly<Record<FailureReason, { readonly firstMs: number; readonly longestMs: number }>> = {
  CloudflareUnavailable: { firstMs: 5 * SECOND, longestMs: 10 * MINUTE },
  RateLimited: { firstMs: 5 * SECOND, longestMs: 5 * MINUTE },
  CredentialsMissing: { firstMs: 5 * MINUTE, longestMs: 5 * MINUTE },
  CredentialsInvalid: { firstMs: 5 * MINUTE, longestMs: 5 * MINUTE },
  PermissionMissing: { firstMs: 5 * MINUTE, longestMs: 5 * MINUTE },
  HostnameRejected: { firstMs: 10 * MINUTE, longestMs: HOUR },
  RequestRejected: { firstMs: HOUR, longestMs: HOUR },
  BadResponse: { firstMs: HOUR, longestMs: 24 * HOUR },
  SecretImmutable: { firstMs: 10 * SECOND, longestMs: 5 * MINUTE },
  SecretWriteRefused: { firstMs: 10 * SECOND, longestMs: 5 * MINUTE },
};

/** Outages end by themselves: these never wait longer than a twentieth of what is left until expiry. */
const BOUNDED_BY_EXPIRY: ReadonlySet<FailureReason> = new Set<FailureReason>(['CloudflareUnavailable']);

/** What all objects of a token may meet together: what one of them met then says nothing of that one. */
const SHARED: ReadonlySet<FailureReason> = new Set<FailureReason>([
  'CloudflareUnavailable',
  'CredentialsInvalid',
  'PermissionMissing',
]);

export function isShared(reason: string): boolean {
  return [...SHARED].some((each) => each === reason);
}

/**
 * The failure that stands after one more failed attempt.
 *
 * @param leftMs time until the certificate in use expires; undefined when there is none.
 * @param random uniform in [0, 1): spreads objects that failed together.
 */
export function nextFailure(
  previous: Failure | undefined,
  attempt: FailedAttempt,
  nowMs: number,
  leftMs: number | undefined,
  random: number,
): Failure {
  const again = previous?.reason === attempt.reason ? previous : undefined;
  const count = (again?.count ?? 0) + 1;
  return {
    reason: attempt.reason,
    message: attempt.message,
    rayId: attempt.rayId,
    count,
    since: again?.since ?? nowMs,
    lastTime: nowMs,
    nextTime:
      nowMs + Math.max(attempt.retryAfterMs ?? 0, retryDelayMs(attempt.reason, count, leftMs, random)),
  };
}

function retryDelayMs(
  reason: FailureReason,
  count: number,
  leftMs: number | undefined,
  random: number,
): number {
  const { firstMs, longestMs } = RETRY[reason];
  const exponential = Math.min(longestMs, firstMs * 2 ** Math.min(count - 1, 20));
  const bounded =
    BOUNDED_BY_EXPIRY.has(reason) && leftMs !== undefined && leftMs > 0
      ? Math.max(firstMs, Math.min(exponential, leftMs / 20))
      : exponential;
  return bounded * (1 - 0.2 * random);
}

/** Whether a reason read back from a status is one of ours. */
export function isFailureReason(reason: string): reason is FailureReason {
  return Object.hasOwn(RETRY, reason);
}
