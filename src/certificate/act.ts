import type { Effect } from './action.ts';
import type { CertificateContext } from './context.ts';
import { decide } from './decide.ts';
import { issue, accept, postAgain } from './issue.ts';
import { adopt } from './adopt.ts';
import { bridge } from './bridge.ts';
import { finalize } from './finalizer.ts';
import { deleteSecret, letGo, noteDeleted } from './let-go.ts';
import { copy, release, rewrite } from './mend.ts';
import type { Seen } from './observe.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import type { Issuance } from './pending-io.ts';
import { type Subject, subjectKey } from './subject.ts';
import { search } from './search.ts';
import { decode } from '../secret-facts.ts';
import { discard, settlementOf } from './discard.ts';
import { revoke } from './revoke.ts';
import { revokeSuperseded } from './revoke-superseded.ts';
import { revokeTwins } from './revoke-twins.ts';
import { settle } from './settle.ts';
import { isLiving, type Leaving, type Living } from './world.ts';

/** Carries out one action, decided on what was read live just before. */
export async function act(
  context: CertificateContext,
  subject: Subject,
  seen: Seen,
  action: Effect,
  signal: AbortSignal,
): Promise<Outcome> {
  const { world } = seen;
  const key = subjectKey(subject);
  const object = world.certificate ?? world.leaving?.certificate;
  context.memory.lineWaits.ended(key);
  switch (action.type) {
    case 'Settle':
      return settle(context, settlementOf(object, action.pending, key), signal);
    case 'Revoke':
      return revoke(context, settlementOf(object, action.pending, key), signal);
    case 'Discard':
      await discard(context, { pending: action.pending, key }, action.why, signal);
      return afterDiscard(seen);
    case 'RevokeSuperseded':
      return revokeSuperseded(context, world, action.entries, key, signal);
    case 'NoteDeleted':
    case 'DeleteSecret':
    case 'LetGo':
      return world.leaving ? actForLeaving(context, world.leaving, action, signal) : OBSERVE;
    default:
      return isLiving(world) ? actForObject(context, { seen, world, key }, action, signal) : OBSERVE;
  }
}

type OfAnyObject = 'Settle' | 'Revoke' | 'Discard' | 'RevokeSuperseded';
type OfLeaving = 'NoteDeleted' | 'DeleteSecret' | 'LetGo';

/** The actions that only an object needs that is being deleted. */
function actForLeaving(
  context: CertificateContext,
  { certificate }: Leaving,
  action: Extract<Effect, { readonly type: OfLeaving }>,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (action.type) {
    case 'NoteDeleted':
      return noteDeleted(context, certificate, action.entries, signal);
    case 'DeleteSecret':
      return deleteSecret(context, action.secret, signal);
    case 'LetGo':
      return letGo(context, certificate, action, signal);
  }
}

/** The actions that only an existing object can need. */
async function actForObject(
  context: CertificateContext,
  { seen, world, key }: { readonly seen: Seen; readonly world: Living; readonly key: string },
  action: Exclude<Effect, { readonly type: OfAnyObject | OfLeaving }>,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (action.type) {
    case 'Rewrite':
      context.log.info({ certificate: key, mended: action.why }, 'Secret mended');
      return rewrite(context, seen, world, action.target, signal);
    case 'Adopt':
      return adopt(context, world, action.target, signal);
    case 'Bridge':
      return bridge(context, world, signal);
    case 'Copy':
      return copy(context, seen, world, action.from, signal);
    case 'Release':
      return release(context, world, action.former, signal);
    case 'RevokeTwins':
      return revokeTwins(context, world, action.twins, key, signal);
    case 'Protect':
    case 'Unprotect':
      return finalize(context, seen, world, action.type === 'Protect', signal);
    case 'Issue':
      return issue(context, seen, world, action.reason, signal);
    case 'Post':
      return withIssuance(seen, action.pending, (issuance) => postAgain(context, issuance, signal));
    case 'Search':
      return withIssuance(seen, action.pending, (issuance) => search(context, issuance, key, signal));
    case 'Write':
      return withIssuance(seen, action.pending, (issuance) =>
        accept(context, issuance, decode(issuance.pendingSecret.data?.['tls.crt']) ?? '', 'issued', signal),
      );
  }
}

/**
 * With the pending Secret gone and all else in order, what was just read and written says so: whatever changes from
 * now on wakes us. If more is to be done, it is decided on what is read anew.
 */
function afterDiscard(seen: Seen): Outcome {
  const waits = { postMs: 0, writeMs: 0 };
  const world = { ...seen.world, pending: undefined, waits, failure: undefined };
  if (!isLiving(world) || decide(world).type !== 'Done') return OBSERVE;
  return { next: 'decide', seen: { ...seen, world, pending: undefined } };
}

async function withIssuance(
  seen: Seen,
  pending: Pending,
  work: (issuance: Issuance) => Promise<Outcome>,
): Promise<Outcome> {
  if (!isLiving(seen.world) || seen.pending === undefined) return OBSERVE;
  return work({ world: seen.world, seen, pending, pendingSecret: seen.pending });
}
