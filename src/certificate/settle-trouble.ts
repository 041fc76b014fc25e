import { CloudflareError } from '../cloudflare/errors.ts';
import type { CertificateContext } from './context.ts';
import type { Settlement } from './discard.ts';
import type { Failure } from './failure.ts';
import { GIVE_UP_MS, giveUpLater, isRefusal } from './give-up.ts';
import { settleKey } from './attempts.ts';
import { failedRequest, type Outcome } from './outcome.ts';
import { sessionsFor } from './token-sessions.ts';

/** What a failed look or revocation leads to: another try, or giving up when no token may make one. */
export async function refusedOrFailed(
  context: CertificateContext,
  settlement: Settlement,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  if (error instanceof Error && isRefusal(error)) {
    const rest = await giveUpLater(context, settlement, error.message, signal);
    return error instanceof CloudflareError ? askLater(context, settlement, rest, error) : rest;
  }
  const outcome = failedRequest(error, signal);
  if (outcome.next !== 'failed') return outcome;
  const { attempt } = outcome;
  const failure = context.memory.attempts.failedToSettle(
    settlement.key,
    scopeOf(context, settlement),
    attempt,
  );
  if (failure === undefined) return outcome;
  context.log.warn({ certificate: settlement.key, ...attempt }, 'attempt to settle failed');
  return untilNextTry(context, failure);
}

/**
 * A refused token is not asked again before the issuance is given up, unless it changes: each answer has a Ray ID of
 * its own, so the status would be written anew each time, and each write would wake the object to ask again.
 */
function askLater(
  context: CertificateContext,
  settlement: Settlement,
  rest: Outcome,
  { rayId }: CloudflareError,
): Outcome {
  if (rest.next !== 'wait' || rest.said === undefined) return rest;
  const attempt = { ...rest.said, rayId, retryAfterMs: GIVE_UP_MS };
  const scope = scopeOf(context, settlement);
  return untilNextTry(
    context,
    context.memory.attempts.failed(settleKey(settlement.key), scope, attempt, undefined),
  );
}

/** The last failure of settling, as long as the same tokens are to be asked. */
export function settleFailure(
  context: Pick<CertificateContext, 'memory' | 'sessions'>,
  settlement: Settlement,
): Failure | undefined {
  return context.memory.attempts.failure(settleKey(settlement.key), scopeOf(context, settlement));
}

function untilNextTry({ clock }: CertificateContext, { reason, message, nextTime }: Failure): Outcome {
  return { next: 'wait', ms: nextTime - clock.now(), said: { reason, message } };
}

/** With another token it is worth another try. */
function scopeOf(
  context: Pick<CertificateContext, 'sessions'>,
  { pending, otherIssuers }: Settlement,
): string {
  return sessionsFor(context, pending, otherIssuers)
    .map(({ tokenDigest }) => tokenDigest)
    .join(' ');
}
