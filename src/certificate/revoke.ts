import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { settleKey } from './attempts.ts';
import type { Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import { revokeOne, servingSecrets } from './revocation.ts';
import { sessionsFor } from './token-sessions.ts';
import { refusedOrFailed } from './settle-trouble.ts';

/**
 * Looks at one of the ids that are noted, behind the guard, and revokes it; the next waits for another turn, for anybody
 * could have planted a thousand. When nothing is left to do the key is given up. A process that starts anew looks at all
 * of them again, and Cloudflare says which are revoked.
 */
export async function revoke(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending } = settlement;
  try {
    const id = pending.revoke.find((each) => waitMs(context, pending, each) === 0);
    if (id !== undefined) await look(context, settlement, id, signal);
    const left = pending.revoke
      .map((each) => waitMs(context, pending, each))
      .filter((ms) => ms !== undefined);
    if (left.length > 0) return { next: 'wait', ms: Math.min(...left) };
    return await discard(context, settlement, 'what it left is revoked or in use', signal);
  } catch (error) {
    return await refusedOrFailed(context, settlement, error, signal);
  }
}

async function look(
  context: CertificateContext,
  { pending, key, otherIssuers }: Settlement,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const wish = {
    id,
    namespace: pending.namespace,
    asker: key,
    claim: { by: 'key', digest: pending.keyDigest ?? '' },
    sessions: sessionsFor(context, pending, otherIssuers),
    serving: await servingSecrets(context, pending.namespace, signal),
    writeMs: context.memory.pendings.waits(pending).writeMs,
  } as const;
  const revoked = await revokeOne(context, wish, signal);
  // Only now: a token that is let read and never revoke would otherwise hold the object for ever.
  context.memory.attempts.refusedSince(settleKey(key), undefined);
  const known = context.memory.pendings.looks.get(pending.uid) ?? [];
  const found = revoked.result === 'wait' ? context.clock.monotonic() + revoked.ms : 'over';
  context.memory.pendings.looks.set(pending.uid, new Map([...known, [id, found]]));
  if (revoked.result === 'revoked') announce.revoked(context, pending, id);
}

/** Until the id is to be looked at, ms; undefined when nothing is left to do about it. */
function waitMs({ clock, memory }: CertificateContext, { uid }: Pending, id: string): number | undefined {
  const found = memory.pendings.looks.get(uid)?.get(id) ?? Number.NEGATIVE_INFINITY;
  return found === 'over' ? undefined : Math.max(0, found - clock.monotonic());
}
