import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { ISSUERS } from './context.ts';
import { issuedPairOf, noteOf, pairOf } from './secrets.ts';
import type { Objects, State } from './state.ts';

/** A finalizer with which the garbage collector keeps what belongs to the object: `kubectl delete --cascade=orphan`. */
export const ORPHAN = 'orphan';
/** How long a deletion may wait for the operator. */
const LONGEST_MS = 5 * 60_000;
const MINUTE_MS = 60_000;

/** Whether the object was deleted and is still there. */
export function isLeaving({ metadata }: OriginCertificate): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Names, for the promises alone, the Secrets that whoever deleted the object wants to keep, by uid. */
export const KEEPS_SECRETS = 'explore/keeps-secrets';

/** Whether the Secret is to go with an object that is being deleted. */
export function goesWithObject({ certificates }: Objects, secret: Secret): boolean {
  return Object.values(certificates).some(
    (each) =>
      isLeaving(each) &&
      isOf(secret, each) &&
      noteOf(secret, 'adopted') === '' &&
      !each.metadata.annotations?.[KEEPS_SECRETS]?.split(' ').includes(secret.metadata.uid ?? ''),
  );
}

/** Whether the Secret belongs to the object. */
export function isOf({ metadata }: Secret, certificate: OriginCertificate): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === certificate.metadata.uid) ?? false;
}

/** Ids of certificates whose Secret went with its object, which its readers saw. */
export function takenDown({ users, api }: State, after: Objects): readonly string[] {
  const ids = Object.entries(api.secrets)
    .filter(([name, secret]) => after.secrets[name] === undefined && goesWithObject(api, secret))
    .flatMap(([, secret]) => issuedPairOf(secret)?.id ?? []);
  return ids.length === 0 ? users.takenDown : [...new Set([...users.takenDown, ...ids])].toSorted();
}

/** Whether it is only back for as long as its object is: the garbage collector takes it with that. */
export function isTakenDown({ users, api }: State, secret: Secret): boolean {
  return users.takenDown.includes(pairOf(secret)?.id ?? '') && goesWithObject(api, secret);
}

/**
 * Which object has been deleted for longer than it may take, at that time: with Cloudflare away or without an issuer it
 * waits in vain, and every process has time of its own. Else it never waits so long.
 */
export function brokenByWaiting(state: State, at: number): string | undefined {
  const longestMs = isInVain(state) ? state.started * LONGEST_MS + MINUTE_MS : LONGEST_MS - 1;
  const wedged = Object.values(state.api.certificates).find(
    ({ metadata }) => at > Date.parse(metadata.deletionTimestamp ?? '') + longestMs,
  );
  return wedged && `${wedged.metadata.name} is deleted and does not go`;
}

/** Whether there is nobody to revoke anything, or was for a while. */
function isInVain({ cloudflare, api }: State): boolean {
  return cloudflare.awayUntil > 0 || api.issuers.length < ISSUERS.length;
}

/**
 * Ids that nobody has to know any more. Objects that go after all that time leave behind what could not be revoked: the
 * operator counts it as given up. And what another object took over serves that one, for which it was not issued.
 */
export function letGoSince(state: State, after: Objects): readonly string[] {
  const { now, users, api: before } = state;
  const handedOver = Object.entries(before.secrets).flatMap(([name, secret]) => {
    const keeper = before.certificates[noteOf(secret, 'certificate')];
    const isTaken =
      after.secrets[name] && noteOf(after.secrets[name], 'certificate') !== keeper?.metadata.name;
    return keeper && isLeaving(keeper) && isTaken ? (pairOf(secret)?.id ?? []) : [];
  });
  const isGivenUp =
    isInVain(state) &&
    Object.values(before.certificates).some(
      ({ metadata: { name, deletionTimestamp } }) =>
        deletionTimestamp !== undefined &&
        after.certificates[name] === undefined &&
        now >= Date.parse(deletionTimestamp) + LONGEST_MS,
    );
  const ids = [...handedOver, ...(isGivenUp ? users.served : [])];
  return ids.length === 0 ? users.letGo : [...new Set([...users.letGo, ...ids])].toSorted();
}
