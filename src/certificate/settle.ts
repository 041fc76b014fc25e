import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { giveUpLater } from './give-up.ts';
import { settleKey } from './attempts.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import { patchPending } from './pending-io.ts';
import { find } from './search.ts';
import { sessionsFor } from './token-sessions.ts';
import { refusedOrFailed } from './settle-trouble.ts';

const LOOK_AGAIN_MS = 15_000;

/**
 * Looks for what an unwanted issuance left at Cloudflare. What is found is noted on the pending Secret before
 * anything is done about it: from then on that certificate can only be revoked, whatever spec and target say.
 */
export async function settle(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending, key } = settlement;
  try {
    const sessions = sessionsFor(context, pending, settlement.otherIssuers);
    const found = await find(context, pending, sessions, key, signal);
    if (found.kind !== 'unseen') context.memory.attempts.refusedSince(settleKey(key), undefined);
    switch (found.kind) {
      case 'reading':
        return { next: 'wait', ms: LOOK_AGAIN_MS };
      case 'unseen':
        return await giveUpLater(
          context,
          settlement,
          `no token at hand sees the zone of ${found.hostname}`,
          signal,
        );
      case 'nothing':
        if (pending.revoke.length > 0) return await note(context, pending, [], signal);
        return await discard(context, settlement, 'Cloudflare has nothing for its key', signal);
      case 'matches':
        return await note(
          context,
          pending,
          found.certificates.map(({ id }) => id),
          signal,
        );
    }
  } catch (error) {
    return await refusedOrFailed(context, settlement, error, signal);
  }
}

async function note(
  context: CertificateContext,
  pending: Pending,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  await patchPending(context, pending, { postedAt: '', revoke: [...pending.revoke, ...ids] }, signal);
  return OBSERVE;
}
