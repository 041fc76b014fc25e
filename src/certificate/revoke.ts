import { CloudflareError } from '../cloudflare/errors.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { isRefusal } from './give-up.ts';
import { settleKey } from './attempts.ts';
import type { Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import type { Looks } from './pending-memory.ts';
import { revokeOne, servingSecrets } from './revocation.ts';
import { sessionsFor } from './token-sessions.ts';
import { refusedOrFailed } from './settle-trouble.ts';

type Look = Looks extends ReadonlyMap<string, infer Found> ? Found : never;

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
  const id = nextOf(context, pending);
  try {
    if (id !== undefined) await look(context, settlement, id, signal);
    const ms = waitMs(context, pending);
    if (ms !== undefined) return { next: 'wait', ms };
    return await discard(context, settlement, 'what it left is revoked or in use', signal);
  } catch (error) {
    if (id === undefined || !(error instanceof CloudflareError))
      return await refusedOrFailed(context, settlement, error, signal);
    const isRefused = isRefusal(error) && error.kind !== 'CredentialsInvalid';
    note(context, pending, id, isRefused ? 'refused' : context.clock.monotonic());
    // What a token may not do with one id it may do with the next: that is looked at before all are given up.
    if (isRefused && unheard(context, pending).length > 0)
      return { next: 'wait', ms: waitMs(context, pending) ?? 0 };
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
  note(context, pending, id, revoked.result === 'wait' ? context.clock.monotonic() + revoked.ms : 'over');
  if (revoked.result === 'revoked') announce.revoked(context, pending, id);
}

/** Behind all that were noted before. */
function note({ memory }: CertificateContext, { uid }: Pending, id: string, found: Look): void {
  const others = [...(memory.pendings.looks.get(uid) ?? [])].filter(([each]) => each !== id);
  memory.pendings.looks.set(uid, new Map([...others, [id, found]]));
}

/** The id to look at now: one that nobody has looked at, then the one that failed first; what is refused comes last. */
function nextOf(context: CertificateContext, pending: Pending): string | undefined {
  const [first] = unheard(context, pending);
  if (first) return first.at <= context.clock.monotonic() ? first.id : undefined;
  const looks = context.memory.pendings.looks.get(pending.uid) ?? new Map<string, Look>();
  return [...looks.keys()].find((id) => looks.get(id) === 'refused' && pending.revoke.includes(id));
}

/** Those that Cloudflare has not said the last word about, and from when on they are to be looked at. */
function unheard(
  { memory }: CertificateContext,
  { uid, revoke }: Pending,
): { readonly id: string; readonly at: number }[] {
  const looks = memory.pendings.looks.get(uid);
  return revoke
    .map((id) => ({ id, at: looks?.get(id) ?? Number.NEGATIVE_INFINITY }))
    .filter((each): each is { id: string; at: number } => typeof each.at === 'number')
    .toSorted((a, b) => compare(a.at, b.at));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b; // Two infinities have no difference.
}

/** Until the next id is to be looked at, ms; undefined when nothing is left to do about any. */
function waitMs(context: CertificateContext, pending: Pending): number | undefined {
  const [first] = unheard(context, pending);
  if (first) return Math.max(0, first.at - context.clock.monotonic());
  return nextOf(context, pending) === undefined ? undefined : 0;
}
