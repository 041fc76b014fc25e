import { rfc3339 } from '../api/conditions.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { keeperOf, type SecretFacts } from '../secret-facts.ts';
import { type Action, isRest } from './action.ts';
import { gate } from './gates.ts';
import { holdsCertificate } from './guard.ts';
import { recordOf } from './judge.ts';
import { decidePending } from './pending-rules.ts';
import { graceOf } from './revoke-time.ts';
import { isMarked, owed, type Superseded } from './superseded.ts';
import type { Leaving, World } from './world.ts';

/** How often it is looked at while something else is awaited. */
const LOOK_MS = 5000;

/**
 * What an object that is being deleted still owes, in this order: nothing of an issuance is left, what goes with its
 * Secrets stands in the status, the Secrets are deleted, what is marked is revoked. Nothing is created on the way: in a
 * namespace that is being deleted nothing can be. It never takes long: the object goes when its time is over, or when
 * nobody could revoke anything.
 */
export function decideLeaving(world: World, leaving: Leaving): Action {
  const toNote = deletedEntries(world, leaving.certificate);
  const left = [...new Set([...owed(world), ...toNote].map(({ id }) => id))];
  const spared = owed(world).filter((entry) => isSpared(world, leaving, entry));
  const { pending } = world;
  if (leaving.leftMs <= 0) return { type: 'LetGo', left, why: 'it took too long' };
  if (leaving.token === 'gone' && (left.length > 0 || pending))
    return { type: 'LetGo', left, why: 'no issuer of it has a token any more' };
  const action = pendingOrMarked(world, leaving, toNote);
  if (action === undefined && spared.length > 0)
    return { type: 'LetGo', left: spared.map(({ id }) => id), why: 'their grace is not over' };
  if (action === undefined) return { type: 'LetGo', left: [], why: 'nothing is left to revoke' };
  if (action.type === 'AwaitTurn') return action; // It is called, and goes in its time if it is not.
  return isRest(action) ? { type: 'Wait', ms: Math.min(waitMs(action), leaving.leftMs) } : action;
}

function pendingOrMarked(world: World, leaving: Leaving, toNote: readonly Superseded[]): Action | undefined {
  const { certificate, token } = leaving;
  const pending = decidePending(world);
  if (pending) return pending;
  if (toNote.length > 0) return { type: 'NoteDeleted', entries: toNote };
  const going = goingSecrets(world, certificate);
  const [secret] = going.filter(({ deleting }) => !deleting);
  if (secret) return { type: 'DeleteSecret', secret };
  // A finalizer of somebody holds the Secret: until it is gone its certificate may be served.
  if (going.length > 0) return { type: 'Wait', ms: LOOK_MS };
  const entries = owed(world).filter((entry) => !isSpared(world, leaving, entry));
  if (entries.length === 0) return undefined;
  if (world.clockSkew !== undefined || token === 'awaited') return { type: 'Wait', ms: LOOK_MS };
  const heldMs = (world.revokeFailure?.nextTime ?? world.now) - world.now;
  return heldMs > 0 ? { type: 'Wait', ms: heldMs } : revokeOrWait(world, entries);
}

/** A doubtful answer about one of them is doubted until it is asked for again. */
function revokeOrWait(world: World, entries: readonly Superseded[]): Action {
  const { revocations, now } = world;
  const againMs = ({ id }: Superseded): number => (revocations.get(id)?.againAt ?? now) - now;
  const ready = entries.filter((entry) => againMs(entry) <= 0);
  if (ready.length > 0) return gate(world, 'revokeLeaving') ?? { type: 'RevokeSuperseded', entries: ready };
  return { type: 'Wait', ms: Math.min(...entries.map(againMs)) };
}

/** Somebody may still serve it, and deleting the object alone does not say that nobody is to. */
function isSpared({ now }: World, { certificate }: Leaving, entry: Superseded): boolean {
  if (certificate.spec.revocation?.onDelete === 'Revoke' || entry.revoke !== 'Superseded') return false;
  return Date.parse(entry.supersededAt) + graceOf(certificate) > now;
}

function waitMs(action: Action): number {
  if (action.type === 'Wait') return action.ms;
  return action.type === 'Refuse' ? (action.retryMs ?? LOOK_MS) : LOOK_MS;
}

/** Secrets that are to go with the object before their certificates are revoked. */
function goingSecrets({ target, formers }: World, certificate: OriginCertificate): readonly SecretFacts[] {
  return [...(target ? [target] : []), ...formers].filter((secret) => isGoing(secret, certificate));
}

/**
 * Whether the Secret goes with its object. The owner reference says so: one that was taken over, or is kept by
 * `--cascade=orphan`, has none.
 */
export function isGoing(secret: SecretFacts, { metadata, spec }: OriginCertificate): boolean {
  const isOrphaning = metadata.finalizers?.includes('orphan') ?? false;
  if (spec.revocation?.onDelete !== 'Revoke' || isOrphaning) return false;
  return keeperOf(secret) === metadata.name && secret.owners.some(({ uid }) => uid === metadata.uid);
}

/** What goes with the Secrets, or went with them before, and is not marked yet. */
function deletedEntries(world: World, certificate: OriginCertificate): readonly Superseded[] {
  const { metadata, spec, status } = certificate;
  if (spec.revocation?.onDelete !== 'Revoke') return [];
  const entries = goingSecrets(world, certificate).flatMap((secret) => entryFrom(world, certificate, secret));
  const shown = status?.certificate;
  const isHeld = [...(world.target ? [world.target] : []), ...world.formers].some((secret) =>
    holdsCertificate(secret, shown?.id ?? ''),
  );
  if (shown?.issuedFor === metadata.uid && !isHeld) {
    entries.push(marked(certificate, shown.id, shown.notAfter, spec.issuerRef, world.now));
  }
  return entries.filter(({ id }) => !isMarked(world, certificate, id));
}

/** Read with its key from its own Secret, which says that it was issued for this object. */
function entryFrom(world: World, certificate: OriginCertificate, secret: SecretFacts): Superseded[] {
  if (secret.pair.state !== 'Matching') return [];
  const { id, notAfter } = secret.pair.certificate;
  const { issuedFor, need } = recordOf(certificate, secret, secret.pair.certificate);
  if (issuedFor !== certificate.metadata.uid) return [];
  return [marked(certificate, id, rfc3339(notAfter), need.issuer ?? certificate.spec.issuerRef, world.now)];
}

/** An entry for the status of an object that is being deleted. */
export function marked(
  { metadata }: OriginCertificate,
  id: string,
  notAfter: string,
  { kind, name }: OriginCertificate['spec']['issuerRef'],
  nowMs: number,
): Superseded {
  return {
    id,
    notAfter,
    supersededAt: rfc3339(nowMs),
    revoke: 'Deleted',
    issuedFor: metadata.uid,
    issuerRef: { kind, name },
  };
}
