import { ANNOTATION } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';
import { goesWithObject, isLeaving, isTakenDown } from './leaving.ts';
import { HAND_MADE_ID } from './hand-made.ts';
import { isAdoptable } from './refusal.ts';
import { isForeign, isReleased, isPending, keyOf, noteOf, pairOf, servingSecrets } from './secrets.ts';
import { brokenByTemporary } from './temporary.ts';
import type { CloudflareCall } from './calls.ts';
import { type State, WAIT_MS } from './state.ts';

/**
 * The design's promises. Each function says which one is broken, or nothing. A promise is judged at the moment at
 * which it could be broken: as a request is sent, as its effect takes place, and (promises-at-rest.ts) when all has come
 * to rest.
 */

const GRACE_MS = 3_600_000;

type PostCall = Extract<CloudflareCall, { readonly verb: 'post' }>;

/** A POST goes out only with its key stored, and never while or after another one for that key may store something. */
export function brokenByPost(
  { now, api, cloudflare, late, users }: State,
  { key }: PostCall,
): string | undefined {
  const kept = Object.values(api.secrets).some(
    (secret) => isPending(secret) && keyOf(secret) === key && noteOf(secret, 'postedAt') !== '',
  );
  if (!kept) return `POST for key ${key}, which no pending Secret keeps with a note that a POST may be out`;
  if (late.some(({ call }) => call.verb === 'post' && call.key === key))
    return `second POST for key ${key} while the first may still be stored`;
  if (cloudflare.stored.some((stored) => stored.key === key && !users.revoked.includes(stored.id)))
    return `second POST for key ${key}, for which a certificate is stored`;
  const before = cloudflare.posts[key];
  if (before && !before.refused && now < before.sentAt + WAIT_MS)
    return `second POST for key ${key} ${now - before.sentAt} ms after the first, whose end is not known`;
  return undefined;
}

/** When it is sent: nothing that serves is revoked, and nothing before its grace is over. */
export function brokenBySentRevocation(state: State, id: string): string | undefined {
  const broken = brokenByLandedRevocation(state, id);
  if (broken !== undefined) return broken;
  return isInGrace(state, id) ? `certificate ${id} is revoked before its grace is over` : undefined;
}

/**
 * When it takes place: nothing that serves is revoked. What people took out of its Secret themselves is excepted, and
 * what a rekey replaced where only released Secrets hold it. A request that is on its way cannot be called back: a
 * certificate whose backup people put back meanwhile is revoked, and may have been replaced anew by then.
 */
export function brokenByLandedRevocation(state: State, id: string): string | undefined {
  const { api, users } = state;
  const isRekeyed = Object.values(api.certificates).some(
    ({ metadata }) => metadata.annotations?.[ANNOTATION.rekeyRequestedAt] !== undefined,
  );
  const serves = servingSecrets(api).some(
    (secret) =>
      pairOf(secret)?.id === id && !(isRekeyed && isReleased(secret)) && !isTakenDown(state, secret),
  );
  if (id === HAND_MADE_ID) return 'a certificate that was not issued for the object is revoked';
  return serves && !users.dropped.includes(id) ? `certificate ${id} is revoked while it serves` : undefined;
}

/** An object that goes spares it too, unless it asks that all be revoked with it. */
function isInGrace({ api, now, users }: State, id: string): boolean {
  return Object.values(api.certificates).some(
    (certificate) =>
      !(isLeaving(certificate) && users.asks.onDelete) &&
      certificate.status?.superseded?.some(
        (each) =>
          each.id === id && each.revoke === 'Superseded' && now < Date.parse(each.supersededAt) + GRACE_MS,
      ),
  );
}

/** What the operator's writes may do to Secrets that hold a pair. */
export function brokenByWrite(before: State, after: State): string | undefined {
  for (const [name, secret] of Object.entries(before.api.secrets)) {
    const now = after.api.secrets[name];
    if (secret === now || isPending(secret)) continue;
    if (isForeign(secret) && isAdopted(before, secret, now)) continue;
    if (isForeign(secret)) return `Secret ${name}, which is somebody else's, is touched`;
    if (pairOf(secret) === undefined) continue;
    if (now === undefined && goesWithObject(before.api, secret)) continue;
    if (now === undefined) return `Secret ${name}, which held a pair, is deleted`;
    if (pairOf(now) === undefined) return `Secret ${name}, which held a pair, holds none`;
    const [keeper, other] = [noteOf(secret, 'certificate'), noteOf(now, 'certificate')];
    const kept = before.api.certificates[keeper];
    if (before.users.claimedMidway.includes(keeper)) continue;
    if (keeper !== other && kept?.spec.secretName === name && !isLeaving(kept))
      return `Secret ${name} of certificate ${keeper} is taken by ${other}`;
  }
  for (const secret of servingSecrets(after.api)) {
    const pair = pairOf(secret);
    const name = secret.metadata.name ?? '';
    if (pair === undefined || pairOf(before.api.secrets[name])?.id === pair.id) continue;
    if (pair.hostnames.includes('other.example.com')) return `Secret ${name} holds what nobody asked for`;
    const isRevoked = after.cloudflare.stored.some(({ id, revoked }) => id === pair.id && revoked);
    if (isRevoked && !after.users.dropped.includes(pair.id) && !isTakenDown(after, secret))
      return `Secret ${name} is given certificate ${pair.id}, which is revoked`;
  }
  return brokenByTemporary(before, after);
}

/** It is taken over as it is: whoever reads it has the pair that was there. */
function isAdopted({ api, users }: State, secret: Secret, now: Secret | undefined): boolean {
  const isSame = JSON.stringify(secret.data) === JSON.stringify(now?.data);
  return isSame && users.asks.existingSecret === 'Adopt' && isAdoptable(api, secret);
}
