import { MANAGED_LABEL, SECRET_KEY } from '../../src/api/names.ts';
import type { Secret } from '../../src/kube/object.ts';
import { encode } from '../../src/secret-facts.ts';
import { born, rewritten, withoutSecret, withSecret } from './api-server.ts';
import { withObjects } from './effects.ts';
import { keyText } from './paper.ts';
import { carriedBy, isForeign, issuedPairOf, noteOf, pairOf } from './secrets.ts';
import { isMidway, NAMESPACE, type State, type Users } from './state.ts';
import { asked, withUsers } from './wishes.ts';

/** What people do to Secrets and at Cloudflare, behind the operator's back. */

/** For longer than anything is remembered that is not written down. */
export const REFUSED_MS = 30 * 60_000;
/** For longer than any deletion may wait. */
const AWAY_MS = 20 * 60_000;

/** Cloudflare answers nobody for a while. */
export function withoutCloudflare(state: State): State {
  return { ...state, cloudflare: { ...state.cloudflare, awayUntil: state.now + AWAY_MS } };
}

/** A Secret that nobody asked the operator for, under the name that the object wants. */
export function theirs(state: State, name: string): State | undefined {
  if (state.api.secrets[name]) return undefined;
  const body: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name, namespace: NAMESPACE },
    data: { password: 'dGhlaXJz' },
  };
  return withObjects(state, withSecret(state.api, born(state.api, body)));
}

/** Where it held a pair that could have been taken over, one is issued instead. */
export function withoutTheirs(state: State, name: string): State | undefined {
  const secret = state.api.secrets[name];
  if (!isForeign(secret)) return undefined;
  const needs = state.users.needs + (pairOf(secret) ? 1 : 0);
  return withUsers(withObjects(state, withoutSecret(state.api, name)), { needs });
}

/** Deleted by hand: what it held is nobody's any more, and another may be issued unless it was a temporary one. */
export function dropped(state: State, secretName: string): State | undefined {
  const secret = state.api.secrets[secretName];
  if (pairOf(secret) === undefined) return undefined;
  return lost(withObjects(state, withoutSecret(state.api, secretName)), secret);
}

/** Its key is overwritten by hand with another one's, a temporary pair is emptied: readers that load it fail. */
export function garbled(state: State, secretName: string): State | undefined {
  const secret = state.api.secrets[secretName];
  if (secret === undefined || isForeign(secret) || pairOf(secret) === undefined) return undefined;
  const empty = issuedPairOf(secret) === undefined && { [SECRET_KEY.certificate]: '' };
  const data = { ...secret.data, [SECRET_KEY.privateKey]: encode(keyText('none')), ...empty };
  return lost(withObjects(state, withSecret(state.api, rewritten(secret, { ...secret, data }))), secret);
}

function lost(after: State, secret: Secret | undefined): State {
  const needs = issuedPairOf(secret) ? 1 + asked(after.api) : 0;
  return withUsers(after, { ...letGoOf(after.users, secret), needs: after.users.needs + needs });
}

/** With a Secret goes what only it knew: its certificate, and the one before until the status names that. */
function letGoOf(users: Users, secret: Secret | undefined): Users {
  const id = pairOf(secret)?.id;
  if (id === undefined) return users;
  const previous = noteOf(secret, 'previousCertificateId');
  return {
    ...users,
    dropped: [...new Set([...users.dropped, id])],
    letGo: [...new Set([...users.letGo, id, ...(previous === '' ? [] : [previous])])],
  };
}

/** A backup is put back in the place of what is there now, as long as its certificate is not revoked. */
export function restored(state: State): State | undefined {
  const { users, api, cloudflare } = state;
  const id = pairOf(users.backup)?.id;
  if (users.backup === undefined || id === undefined) return undefined;
  if (cloudflare.stored.some((stored) => stored.id === id && stored.revoked)) return undefined;
  const name = users.backup.metadata.name ?? '';
  const there = pairOf(api.secrets[name])?.id;
  if (there === id) return undefined;
  const { managedFields: _, ...metadata } = users.backup.metadata;
  const secret = born(api, { ...users.backup, metadata });
  const after = withObjects(state, withSecret(withoutSecret(api, name), secret));
  const lost = letGoOf(letGoOf(after.users, users.backup), api.secrets[name]);
  return withUsers(after, { ...lost, needs: users.needs + 1 + asked(api) });
}

/** The watch does not select the Secret any more: after a rename nobody may find its pair, and another is issued. */
export function unlabelled(state: State, secretName: string): State | undefined {
  const secret = state.api.secrets[secretName];
  if (secret?.metadata.labels?.[MANAGED_LABEL] === undefined) return undefined;
  const { [MANAGED_LABEL]: _, ...labels } = secret.metadata.labels;
  const after = { ...secret, metadata: { ...secret.metadata, labels } };
  const stripped = withObjects(state, withSecret(state.api, rewritten(secret, after)));
  return withUsers(stripped, { needs: stripped.users.needs + 1 });
}

/** In the dashboard, the newest certificate, before anybody but Cloudflare has it. */
export function revoked(state: State): State | undefined {
  const { cloudflare, users } = state;
  const found = cloudflare.stored.at(-1);
  if (found === undefined || found.revoked || isTaken(state, found.id)) return undefined;
  const stored = cloudflare.stored.map((each) => (each === found ? { ...each, revoked: true } : each));
  return withUsers(
    { ...state, cloudflare: { ...cloudflare, stored } },
    { revoked: [...users.revoked, found.id], needs: users.needs + 1 },
  );
}

/** Somebody has the certificate: in a Secret, in a write under way, in a listing, or in the middle of a pass. */
function isTaken(state: State, id: string): boolean {
  const { api, late, processes } = state;
  return (
    isMidway(state) ||
    processes.some(({ listing }) => listing?.certificates.some((each) => each.id === id)) ||
    late.some(({ call }) => call.verb === 'apply' || call.verb === 'patch') ||
    Object.values(api.secrets).some((secret) => carriedBy(secret)?.id === id)
  );
}
