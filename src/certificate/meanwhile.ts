import { type Action, isRest, type Rest } from './action.ts';
import { gate } from './gates.ts';
import { recordOf } from './judge.ts';
import { renewalOf } from './renewal.ts';
import { due, nextDueAt } from './revoke-time.ts';
import { nextTwinAt } from './twins.ts';
import type { Living } from './world.ts';

/** Certificates that were replaced are revoked when their time has come. */
export function revokeSuperseded(world: Living): Action | undefined {
  const entries = due(world);
  if (entries.length === 0) return undefined;
  return gate(world, 'revoke') ?? { type: 'RevokeSuperseded', entries };
}

/**
 * What has to wait for who knows how long must not keep a replaced certificate valid, which may have leaked: it is revoked first, or
 * the object stands in line for that while it waits, and looks again when something else is due.
 */
export function meanwhile(world: Living, rest: Rest): Action {
  if (rest.type === 'Done' || rest.type === 'AwaitIssuer') return rest; // Nothing is owed, or nobody could revoke it.
  if (rest.type === 'Wait' && rest.said === undefined) return rest; // It ends soon: what is under way comes first.
  const action = revokeSuperseded(world);
  if (action && !isRest(action)) return action;
  const at = Math.min(nextLookAt(world), world.now + retryMs(action));
  return { ...sooner(rest, at, world.now), ...(alsoWaits(action, rest) && { alsoFor: 'revocation' }) };
}

/** When what stands in the way of a revocation itself is looked at again, in ms. */
function retryMs(action: Rest | undefined): number {
  if (action?.type === 'Refuse') return action.retryMs ?? Infinity;
  return action?.type === 'Wait' ? action.ms : Infinity;
}

/** Whether the object stands in line for its revocation; in an incident it stands in one place only. */
function alsoWaits(action: Rest | undefined, rest: Rest): boolean {
  if (action?.type !== 'AwaitTurn') return false;
  const isHeldToo = rest.type === 'AwaitTurn' && rest.said !== undefined;
  return action.said === undefined || !isHeldToo;
}

/** When something of an object with a pair is due next, ms since the epoch: its renewal, or a revocation. */
export function nextLookAt(world: Living): number {
  const { certificate, target, now } = world;
  const times = [nextDueAt(world) ?? Infinity, nextTwinAt(world)];
  if (target?.pair.state === 'Matching') {
    const { revision } = recordOf(certificate, target, target.pair.certificate);
    times.push(renewalOf(certificate, target.pair.certificate, revision).at);
  }
  return Math.min(Infinity, ...times.filter((time) => time > now));
}

/** The same rest, which ends at that time (ms since the epoch) if it does not end before. */
export function sooner<Waiting extends Exclude<Rest, { readonly type: 'Done' | 'AwaitIssuer' }>>(
  rest: Waiting,
  at: number,
  now: number,
): Waiting {
  if (at === Infinity) return rest;
  switch (rest.type) {
    case 'Refuse':
      return { ...rest, retryMs: Math.min(rest.retryMs ?? Infinity, at - now) };
    case 'Wait':
      return { ...rest, ms: Math.min(rest.ms, at - now) };
    case 'AwaitTurn':
      return { ...rest, wakeAt: Math.min(rest.wakeAt ?? Infinity, at) };
  }
}
