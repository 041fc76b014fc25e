import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { settleKey } from './memory.ts';
import type { Outcome } from './outcome.ts';
import { revokeOne, servingSecrets } from './revocation.ts';
import { sessionsFor } from './token-sessions.ts';
import { heldBack, refusedOrFailed } from './settle-trouble.ts';

/** Revokes what is noted, each id behind the guard, and gives the key up when nothing is left to do. */
export async function revoke(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending } = settlement;
  const held = heldBack(context, settlement);
  if (held !== undefined) return held;
  try {
    const wish = {
      namespace: pending.namespace,
      asker: settlement.key,
      claim: { by: 'key', digest: pending.keyDigest ?? '' },
      sessions: sessionsFor(context, pending, settlement.otherIssuers),
      serving: await servingSecrets(context, pending.namespace, signal),
      writeMs: context.memory.waits(pending).writeMs,
    } as const;
    let waitMs = 0;
    for (const id of pending.revoke) {
      const revoked = await revokeOne(context, { ...wish, id }, signal);
      // Only now: a token that is let read and never revoke would otherwise hold the object for ever.
      context.memory.refusedSince(settleKey(settlement.key), undefined);
      if (revoked.result === 'wait') waitMs = Math.max(waitMs, revoked.ms);
      if (revoked.result === 'revoked') announce.revoked(context, pending, id);
    }
    if (waitMs > 0) return { next: 'wait', ms: waitMs };
    return await discard(context, settlement, 'what it left is revoked or in use', signal);
  } catch (error) {
    return await refusedOrFailed(context, settlement, error, signal);
  }
}
