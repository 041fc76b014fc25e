import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { rewritten, withCertificate, withoutCertificate, withSecret } from './api-server.ts';
import { type Move, withObjects } from './effects.ts';
import { isLeaving, isOf, KEEPS_SECRETS, ORPHAN } from './leaving.ts';
import { keyOf, noteOf, pairOf } from './secrets.ts';
import type { Objects, State } from './state.ts';

/** A person deletes the object: it goes at once, or when its finalizers let it go. */
export function deleted(
  state: State,
  certificate: OriginCertificate,
  { cascade = true } = {},
): State | undefined {
  const { metadata } = certificate;
  if (isLeaving(certificate)) return undefined;
  const finalizers = [...(metadata.finalizers ?? []), ...(cascade ? [] : [ORPHAN])];
  const kept = Object.values(state.api.secrets).flatMap((each) => each.metadata.uid ?? []);
  const going = {
    ...metadata,
    finalizers,
    deletionTimestamp: new Date(state.now).toISOString(),
    ...(!cascade && { annotations: { ...metadata.annotations, [KEEPS_SECRETS]: kept.join(' ') } }),
  };
  const api =
    finalizers.length > 0
      ? withCertificate(state.api, rewritten(certificate, { ...certificate, metadata: going }))
      : withoutCertificate(state.api, metadata.name);
  const after = withObjects(state, api);
  const owed = owedWith(state, certificate, cascade);
  const letGo = after.users.served.filter((id) => !owed.includes(id));
  return { ...after, users: { ...after.users, letGo, needs: after.users.needs + 1, hasDeleted: true } };
}

/**
 * The namespace is deleted: its Secrets go first, whoever needs them, and nothing can be made in it any more. What was
 * issued for a key that goes with it is nobody's to find.
 */
export function deletedWithNamespace(state: State, certificate: OriginCertificate): State | undefined {
  if (isLeaving(certificate)) return undefined;
  const lostKeys = Object.values(state.api.secrets).flatMap((secret) => keyOf(secret) ?? []);
  const after = withObjects(state, { ...state.api, secrets: {}, isTerminating: true });
  return deleted({ ...after, users: { ...after.users, lostKeys } }, certificate);
}

/** Ids that are to be revoked with the object, as far as can be seen when it is deleted. */
function owedWith({ api, users }: State, certificate: OriginCertificate, cascade: boolean): string[] {
  const { metadata, status } = certificate;
  const isOwed = users.asks.onDelete === 'Revoke';
  const marked = (status?.superseded ?? []).filter(
    ({ revoke, revokedAt, issuedFor }) =>
      revokedAt === undefined && issuedFor === metadata.uid && (isOwed ? revoke : revoke === 'Rekeyed'),
  );
  const held = Object.values(api.secrets).filter(
    (each) => isOwed && cascade && isOf(each, certificate) && noteOf(each, 'issuedFor') === metadata.uid,
  );
  const shown = status?.certificate;
  const isLost = isOwed && shown?.issuedFor === metadata.uid && !isHeld(api, shown.id);
  return [
    ...marked.map(({ id }) => id),
    ...held.flatMap((secret) => pairOf(secret)?.id ?? []),
    ...(isLost ? [shown.id] : []),
  ];
}

function isHeld({ secrets }: Objects, id: string): boolean {
  return Object.values(secrets).some((secret) => pairOf(secret)?.id === id);
}

/** The garbage collector takes the object's name off its Secrets, and then its finalizer off the object. */
export function orphaning(state: State): Move[] {
  return orphaned(state).map((certificate) => ({
    label: `garbage collector: keeps the Secrets of ${certificate.metadata.name}`,
    step: async () => ({ state: withoutOwner(state, certificate) }),
  }));
}

/** Objects that the garbage collector still has to do with. */
export function orphaned({ api }: State): OriginCertificate[] {
  return Object.values(api.certificates).filter((each) => each.metadata.finalizers?.includes(ORPHAN));
}

function withoutOwner(state: State, certificate: OriginCertificate): State {
  const { metadata } = certificate;
  let { api } = state;
  for (const secret of Object.values(api.secrets).filter((each) => isOf(each, certificate))) {
    const ownerReferences = (secret.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== metadata.uid);
    api = withSecret(
      api,
      rewritten(secret, { ...secret, metadata: { ...secret.metadata, ownerReferences } }),
    );
  }
  const finalizers = metadata.finalizers?.filter((each) => each !== ORPHAN) ?? [];
  const changed = rewritten(certificate, { ...certificate, metadata: { ...metadata, finalizers } });
  const after =
    finalizers.length > 0 ? withCertificate(api, changed) : withoutCertificate(api, metadata.name);
  return withObjects(state, after);
}
