import { formatDuration } from '../api/duration.ts';
import { type Operation, phraseOf } from './operation.ts';

/** What is to be done about a failed request. Closed: conditions, retries and metrics are keyed by it. */
export type FailureKind =
  | 'CloudflareUnavailable'
  | 'RateLimited'
  | 'CredentialsInvalid'
  | 'PermissionMissing'
  | 'HostnameRejected'
  | 'RequestRejected'
  /** The zone's plan does not let the setting be changed. */
  | 'SettingNotEditable'
  /** The zone's id leads nowhere (any more). */
  | 'ZoneNotFound'
  | 'NotFound'
  | 'AlreadyRevoked'
  | 'BudgetExhausted'
  | 'Aborted'
  | 'Fenced';

interface CloudflareErrorOptions {
  readonly kind: FailureKind;
  readonly definite: boolean;
  readonly operation: Operation;
  readonly code?: number | undefined;
  readonly status?: number | undefined;
  readonly rayId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The one error of this folder. Its message can stand in a condition: what happened, what to do, Cloudflare's
 * code and Ray ID; never a token, a body or a header.
 */
export class CloudflareError extends Error {
  override readonly name = 'CloudflareError';
  readonly kind: FailureKind;
  /**
   * True where the request certainly changed nothing: Cloudflare refused it with a code known to mean so, or
   * limited it, or it was never sent. A POST that ends with false may have stored a certificate.
   */
  readonly definite: boolean;
  readonly operation: Operation;
  /** Cloudflare's error code that decided the kind. */
  readonly code: number | undefined;
  /** HTTP status, where an answer came. */
  readonly status: number | undefined;
  readonly rayId: string | undefined;
  /** How long to wait before the next request, where somebody said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: CloudflareErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.definite = options.definite;
    this.operation = options.operation;
    this.code = options.code;
    this.status = options.status;
    this.rayId = options.rayId;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nothing was sent: the process's own budget is used up for now. */
export function budgetExhausted(operation: Operation, retryAfterMs: number): CloudflareError {
  const wait = formatDuration(Math.max(retryAfterMs, 1000));
  return new CloudflareError(
    `Waiting for Cloudflare's request budget before ${phraseOf(operation)}. Nothing needs to be done; the next try is in about ${wait}.`,
    { kind: 'BudgetExhausted', definite: true, operation, retryAfterMs },
  );
}

/** Nothing was sent: this token was told to wait by an earlier 429. */
export function stillRateLimited(operation: Operation, retryAfterMs: number): CloudflareError {
  return new CloudflareError(
    `Cloudflare limits the requests of this token; ${phraseOf(operation)} waits ${formatDuration(Math.max(retryAfterMs, 1000))} more. Look for other users of the same Cloudflare account if this lasts.`,
    { kind: 'RateLimited', definite: true, operation, retryAfterMs },
  );
}

/** Nothing was sent: requests of this token fail for everybody, and one at a time is tried until one gets through. */
export function heldBack(
  operation: Operation,
  { kind, message, rayId }: CloudflareError,
  retryAfterMs: number,
): CloudflareError {
  return new CloudflareError(
    `${message} Until it works again one request at a time is tried with this token; ${phraseOf(operation)} waits for that.`,
    { kind, definite: true, operation, rayId, retryAfterMs },
  );
}

/**
 * The error as they are told it who may know where the token comes from: of a refused token that is half of the remedy.
 * Others may use the same token, and theirs comes from elsewhere.
 */
export function fromSource(error: CloudflareError, source: string | undefined): CloudflareError {
  const isRefused = error.kind === 'CredentialsInvalid' || error.kind === 'PermissionMissing';
  if (source === undefined || !isRefused) return error;
  return new CloudflareError(`${source}: ${error.message}`, error);
}

/** Nothing was sent: the token is none. */
export function unusableToken(operation: Operation, problem: string): CloudflareError {
  return new CloudflareError(problem, { kind: 'CredentialsInvalid', definite: true, operation });
}

/** Nothing was sent: the process may not act now, for the reason that the fence gives. */
export function fenced(operation: Operation, cause: unknown): CloudflareError {
  const why = cause instanceof Error ? cause.message : 'this process may not act now';
  return new CloudflareError(`Not ${phraseOf(operation)}: ${why}.`, {
    kind: 'Fenced',
    definite: true,
    operation,
    cause,
  });
}

/** The caller gave up. `sent` false: before anything left, so nothing was changed. */
export function aborted(operation: Operation, sent: boolean, cause: unknown): CloudflareError {
  return new CloudflareError(`Stopped while ${phraseOf(operation)}.`, {
    kind: 'Aborted',
    definite: !sent,
    operation,
    cause,
  });
}

/** No usable answer came: network, timeout, or a body that no Cloudflare API sends. */
export function unavailable(
  operation: Operation,
  happened: string,
  answer: Pick<CloudflareErrorOptions, 'status' | 'rayId' | 'retryAfterMs' | 'cause'> = {},
): CloudflareError {
  const details = detailsOf(undefined, answer.rayId);
  return new CloudflareError(
    `Cloudflare gave no usable answer while ${phraseOf(operation)}: ${happened}. The operator tries again; if it lasts, check the network, HTTPS_PROXY and cloudflarestatus.com${details}.`,
    { ...answer, kind: 'CloudflareUnavailable', definite: false, operation },
  );
}

/** ` (code 1010, Ray ID 8f…)`, or nothing where neither is known. */
export function detailsOf(code: number | undefined, rayId: string | undefined): string {
  const parts = [
    ...(code === undefined ? [] : [`code ${code}`]),
    ...(rayId === undefined ? [] : [`Ray ID ${rayId}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
