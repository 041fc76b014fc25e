import type { Share } from './budget.ts';
import { ruleByStatus, ruleOf } from './codes.ts';
import type { ApiMessage } from './envelope.ts';
import { CloudflareError, detailsOf, type FailureKind, unavailable } from './errors.ts';
import { type Operation, phraseOf } from './operation.ts';
import { wordsFor } from './remedies.ts';

/** An answer that is not a success, as far as it could be read. */
export interface RefusedAnswer {
  readonly operation: Operation;
  /** What the token is for: an issuer and an OriginZone need different permissions. */
  readonly share: Share;
  readonly status: number;
  /** `errors` of the envelope, chains flattened; undefined where the body was no envelope. */
  readonly errors: readonly ApiMessage[] | undefined;
  readonly rayId: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Without a Retry-After, a limited token is tried again after this: Cloudflare blocks for up to five minutes. */
const DEFAULT_RETRY_AFTER_MS = 60_000;

/** A heading that stands beside the real error. */
const SAYS_NOTHING = 1000;

/** The error for an answer that is not a success: by Cloudflare's code where it is known, else by the status. */
export function refusedError(answer: RefusedAnswer): CloudflareError {
  const { operation, status, errors, rayId, retryAfterMs } = answer;
  if (status === 429) return refusalError('RateLimited', true, errors?.[0], answer);
  if (errors === undefined) {
    return unavailable(operation, `HTTP status ${status} without a readable body`, {
      status,
      rayId,
      retryAfterMs,
    });
  }
  const judged = errors
    .filter(({ code }) => code !== SAYS_NOTHING)
    .map((error) => ({ error, rule: ruleOf(error, operation) }));
  const unclear = judged.find(({ rule }) => rule !== undefined && !rule.definite);
  const known = unclear ?? judged.find(({ rule }) => rule !== undefined);
  if (known?.rule !== undefined) {
    const definite = judged.every(({ rule }) => rule?.definite === true);
    return refusalError(known.rule.kind, definite, known.error, answer);
  }
  const { kind, definite } = ruleByStatus(status, operation);
  return refusalError(kind, definite, judged[0]?.error ?? errors[0], answer);
}

function refusalError(
  kind: FailureKind,
  definite: boolean,
  error: ApiMessage | undefined,
  answer: RefusedAnswer,
): CloudflareError {
  const { operation, share, status, rayId } = answer;
  const retryAfterMs = answer.retryAfterMs ?? (kind === 'RateLimited' ? DEFAULT_RETRY_AFTER_MS : undefined);
  const said = error === undefined || error.message === '' ? `HTTP status ${status}` : `"${error.message}"`;
  const { happened, remedy } = wordsFor(kind, operation, share);
  const message = `Cloudflare ${happened} while ${phraseOf(operation)}: ${said}. ${remedy}${detailsOf(error?.code, rayId)}.`;
  return new CloudflareError(message, {
    kind,
    definite,
    operation,
    code: error?.code,
    status,
    rayId,
    retryAfterMs,
  });
}
