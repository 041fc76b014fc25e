import { CloudflareError } from '../cloudflare/errors.ts';
import type { FailedAttempt } from './failure.ts';
import type { Seen } from './observe.ts';

/** How carrying out an action ended. */
export type Outcome =
  /** Look again: what is true now is known only to the API server. */
  | { readonly next: 'observe' }
  /** The API server's answers to our own writes say what is true now. */
  | { readonly next: 'decide'; readonly seen: Seen }
  /** Something in the background has to end first; it wakes us, and at the latest we look again after `ms`. */
  | { readonly next: 'wait'; readonly ms: number; readonly said?: Said }
  | { readonly next: 'failed'; readonly attempt: FailedAttempt };

/** Why something has to be waited for, where a person could help. */
export interface Said {
  readonly reason: FailedAttempt['reason'];
  readonly message: string;
}

export const OBSERVE: Outcome = { next: 'observe' };

/** A failed Cloudflare request as an attempt; what is no answer to the attempt itself is thrown on. */
export function failedRequest(error: unknown, signal: AbortSignal): Outcome {
  if (signal.aborted || !(error instanceof CloudflareError) || error.kind === 'Fenced') throw error;
  const { message, rayId, retryAfterMs } = error;
  return { next: 'failed', attempt: { reason: reasonOf(error), message, rayId, retryAfterMs } };
}

/** What the status says of a failed request. */
export function reasonOf({ kind }: CloudflareError): FailedAttempt['reason'] {
  switch (kind) {
    case 'RateLimited':
    case 'CredentialsInvalid':
    case 'PermissionMissing':
    case 'HostnameRejected':
    case 'RequestRejected':
      return kind;
    case 'BudgetExhausted':
      return 'RateLimited';
    case 'CloudflareUnavailable':
    case 'SettingNotEditable':
    case 'ZoneNotFound':
    case 'NotFound':
    case 'AlreadyRevoked':
    case 'Aborted':
    case 'Fenced':
      return 'CloudflareUnavailable';
  }
}

/** Nothing of the request has taken effect: it was refused by name, or never sent. */
export function hadNoEffect(error: unknown): boolean {
  if (!(error instanceof CloudflareError)) return false;
  return error.definite || error.kind === 'BudgetExhausted' || error.kind === 'Fenced';
}
