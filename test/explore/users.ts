import { ANNOTATION, MANAGED_LABEL } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { born, rewritten, withCertificate, withoutSecret, withSecret } from './api-server.ts';
import { ISSUERS } from './context.ts';
import { deleted, deletedWithNamespace } from './deletion.ts';
import { withObjects } from './effects.ts';
import { carriedBy, isForeign, noteOf, pairOf } from './secrets.ts';
import { type Asks, NAMESPACE, type Objects, type State, type Users } from './state.ts';

/** What a person does, by a name that traces show. */
export interface Deed {
  readonly label: string;
  readonly state: State;
}

export type DeedName = (typeof DEEDS)[number] | (typeof RARE_DEEDS)[number];
/** Done in worlds that name them. */
const RARE_DEEDS = [
  'delete object only',
  'delete namespace',
  'delete issuer',
  'Cloudflare goes away',
  'forbid Secrets',
] as const;
export const DEEDS = [
  'edit hostnames',
  'change issuer',
  'replace issuer',
  'rename Secret',
  'ask for renewal',
  'ask for rekey',
  'delete object',
  'create object',
  'delete Secret',
  'restore Secret',
  'take label off Secret',
  'revoke at Cloudflare',
  'put own Secret',
  'take own Secret away',
] as const;

/** What objects ask for. */
export const HOSTNAMES = [['a.example.com'], ['b.example.com']] as const;
const SECRETS = ['one', 'two'] as const;

/** All that a person can do now to the certificate of that name. */
export function deeds(state: State, name: string, allowed: readonly DeedName[]): Deed[] {
  return allowed.flatMap((label) => {
    const done = deed(state, name, label);
    return done ? [{ label: `user: ${label} of ${name}`, state: done }] : [];
  });
}

function deed(state: State, name: string, label: DeedName): State | undefined {
  const certificate = state.api.certificates[name];
  if (label === 'create object')
    return certificate || state.api.isTerminating ? undefined : created(state, name);
  if (label === 'restore Secret') return restored(state);
  if (label === 'revoke at Cloudflare') return revoked(state);
  if (label === 'Cloudflare goes away') return withoutCloudflare(state);
  if (label === 'forbid Secrets') return { ...state, refusedUntil: state.now + REFUSED_MS };
  if (!certificate) return undefined;
  const { spec } = certificate;
  switch (label) {
    case 'edit hostnames':
      return changed(state, certificate, { hostnames: [...next(HOSTNAMES, spec.hostnames)] }, 1);
    case 'change issuer':
      return otherIssuer(state, certificate);
    case 'replace issuer':
      return otherIssuer(state, certificate, { andDelete: true });
    case 'rename Secret':
      return renamed(state, certificate);
    case 'ask for renewal':
      return asking(state, certificate, ANNOTATION.renewRequestedAt);
    case 'ask for rekey':
      return leaking(asking(state, certificate, ANNOTATION.rekeyRequestedAt), certificate);
    case 'delete object':
      return deleted(state, certificate);
    case 'delete object only':
      return deleted(state, certificate, { cascade: false });
    case 'delete namespace':
      return deletedWithNamespace(state, certificate);
    case 'delete issuer':
      return withoutIssuer(state, spec.issuerRef.name);
    case 'delete Secret':
      return dropped(state, spec.secretName);
    case 'take label off Secret':
      return unlabelled(state, spec.secretName);
    case 'put own Secret':
      return theirs(state, spec.secretName);
    case 'take own Secret away':
      return withoutTheirs(state, spec.secretName);
  }
}

/** The other of two. */
function next<T>(values: readonly T[], now: unknown): T {
  const found = values.find((value) => JSON.stringify(value) !== JSON.stringify(now));
  if (found === undefined) throw new Error('there is no other');
  return found;
}

export function created(
  state: State,
  name: string,
  hostnames: readonly string[] = HOSTNAMES[0],
  secretName = 'one',
): State {
  const uid = `${name}.${(state.api.births[`certificate ${name}`] ?? 0) + 1}`;
  const certificate: OriginCertificate = {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginCertificate',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid,
      generation: 1,
      resourceVersion: `${uid}.1`,
      creationTimestamp: new Date(state.now).toISOString(),
    },
    spec: {
      secretName,
      hostnames: [...hostnames],
      issuerRef: { kind: 'OriginIssuer', name: ISSUERS[0] },
      suspend: false,
      ...specOf(state.users.asks),
    },
  };
  return claiming(state, withObjects(state, withCertificate(state.api, certificate)), name);
}

/** Whoever read that the object wants no Secret, or another one, may write just after it wants this one. */
function claiming(before: State, after: State, name: string): State {
  const { claimedMidway } = after.users;
  if (!isMidway(before) || claimedMidway.includes(name)) return after;
  return withUsers(after, { claimedMidway: [...claimedMidway, name] });
}

function specOf({ existingSecret, ...revocation }: Asks): Partial<OriginCertificate['spec']> {
  return {
    revocation: { gracePeriod: '1h', ...revocation },
    ...(revocation.onDelete && { secretDeletionPolicy: 'Delete' }),
    ...(existingSecret && { existingSecret }),
  };
}

function changed(
  state: State,
  certificate: OriginCertificate,
  change: Partial<OriginCertificate['spec']>,
  needs: number,
): State {
  const { metadata, spec } = certificate;
  const generation = (metadata.generation ?? 0) + 1;
  const after = { ...certificate, metadata: { ...metadata, generation }, spec: { ...spec, ...change } };
  const api = withCertificate(state.api, rewritten(certificate, after));
  return withUsers(withObjects(state, api), { needs: state.users.needs + needs });
}

/** The old issuer may go: then what was posted to it can only be looked for, and revoked, with the other's token. */
function otherIssuer(
  state: State,
  certificate: OriginCertificate,
  { andDelete = false } = {},
): State | undefined {
  const before = certificate.spec.issuerRef.name;
  const name = next(ISSUERS, before);
  if (!state.api.issuers.includes(name)) return undefined;
  const after = changed(state, certificate, { issuerRef: { kind: 'OriginIssuer', name } }, 1);
  return andDelete ? withoutIssuer(after, before) : after;
}

function withoutIssuer(state: State, name: string): State | undefined {
  const { api } = state;
  if (!api.issuers.includes(name)) return undefined;
  return withObjects(state, { ...api, issuers: api.issuers.filter((each) => each !== name) });
}

/** For longer than anything is remembered that is not written down. */
const REFUSED_MS = 30 * 60_000;
/** For longer than any deletion may wait. */
const AWAY_MS = 20 * 60_000;

function withoutCloudflare(state: State): State {
  return { ...state, cloudflare: { ...state.cloudflare, awayUntil: state.now + AWAY_MS } };
}

/** A Secret that nobody asked the operator for, under the name that the object wants. */
function theirs(state: State, name: string): State | undefined {
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
function withoutTheirs(state: State, name: string): State | undefined {
  const secret = state.api.secrets[name];
  if (!isForeign(secret)) return undefined;
  const needs = state.users.needs + (pairOf(secret) ? 1 : 0);
  return withUsers(withObjects(state, withoutSecret(state.api, name)), { needs });
}

/**
 * The pair is copied to the new name, unless a Secret is there, whose own pair may not be what is asked for. Of two
 * that share a Secret each needs a pair from now on, and the one that waited may take the Secret before it is copied.
 */
function renamed(state: State, certificate: OriginCertificate): State {
  const secretName = next(SECRETS, certificate.spec.secretName);
  const isShared = Object.values(state.api.certificates).some(
    (other) => other !== certificate && other.spec.secretName === certificate.spec.secretName,
  );
  const isTaken = state.api.secrets[secretName] !== undefined;
  const after = changed(state, certificate, { secretName }, (isShared ? 2 : 0) + (isTaken ? 1 : 0));
  const left = isShared ? withUsers(after, { leaked: leftToOthers(after, certificate) }) : after;
  return claiming(state, left, certificate.metadata.name);
}

/** The pair that another one may take with the Secret, before its own object has had it revoked, is that one's. */
function leftToOthers({ api, users }: State, { spec }: OriginCertificate): readonly string[] {
  const id = pairOf(api.secrets[spec.secretName])?.id;
  return users.leaked.filter((each) => each !== id);
}

/** Whether what somebody has read may be what it writes by. */
function isMidway({ processes, late }: State): boolean {
  return processes.some(({ pass }) => pass !== undefined) || late.length > 0;
}

function asking(state: State, certificate: OriginCertificate, request: string): State {
  const { metadata } = certificate;
  const asked = Number(metadata.annotations?.[request] ?? '0') + 1;
  const annotations = { ...metadata.annotations, [request]: String(asked) };
  const after = { ...certificate, metadata: { ...metadata, annotations } };
  const api = withCertificate(state.api, rewritten(certificate, after));
  return withUsers(withObjects(state, api), { needs: state.users.needs + 1 });
}

/**
 * The key of the object's pair in use is known to somebody else. In the middle of a pass nobody can say which pair is meant: the
 * one that a person saw, or the one that is written in that moment.
 */
function leaking(state: State, { metadata, spec }: OriginCertificate): State {
  const secret = state.api.secrets[spec.secretName];
  const id = noteOf(secret, 'certificate') === metadata.name ? pairOf(secret)?.id : undefined;
  return id === undefined || isMidway(state)
    ? state
    : withUsers(state, { leaked: [...state.users.leaked, id] });
}

/** Deleted by hand: what it held is nobody's any more, and another may be issued. */
function dropped(state: State, secretName: string): State | undefined {
  const secret = state.api.secrets[secretName];
  if (pairOf(secret) === undefined) return undefined;
  const after = withObjects(state, withoutSecret(state.api, secretName));
  return withUsers(after, {
    ...letGoOf(after.users, secret),
    needs: state.users.needs + 1 + asked(state.api),
  });
}

/** Only the Secret knows that a request was handled: an issuance begun before the request lets it be handled again. */
function asked({ certificates }: Objects): number {
  const requests = Object.values(certificates).map(({ metadata }) => metadata.annotations ?? {});
  const kinds = [ANNOTATION.renewRequestedAt, ANNOTATION.rekeyRequestedAt];
  return requests.some((annotations) => kinds.some((kind) => annotations[kind] !== undefined)) ? 1 : 0;
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
function restored(state: State): State | undefined {
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
function unlabelled(state: State, secretName: string): State | undefined {
  const secret = state.api.secrets[secretName];
  if (secret?.metadata.labels?.[MANAGED_LABEL] === undefined) return undefined;
  const { [MANAGED_LABEL]: _, ...labels } = secret.metadata.labels;
  const after = { ...secret, metadata: { ...secret.metadata, labels } };
  const stripped = withObjects(state, withSecret(state.api, rewritten(secret, after)));
  return withUsers(stripped, { needs: stripped.users.needs + 1 });
}

/** In the dashboard, the newest certificate, before anybody but Cloudflare has it. */
function revoked(state: State): State | undefined {
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
function isTaken({ api, late, processes }: State, id: string): boolean {
  return (
    processes.some(({ pass }) => pass !== undefined) ||
    processes.some(({ listing }) => listing?.certificates.some((each) => each.id === id)) ||
    late.some(({ call }) => call.verb === 'apply' || call.verb === 'patch') ||
    Object.values(api.secrets).some((secret) => carriedBy(secret)?.id === id)
  );
}

function withUsers(state: State, change: Partial<Users>): State {
  return { ...state, users: { ...state.users, ...change } };
}
