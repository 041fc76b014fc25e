import { ANNOTATION } from '../../src/api/names.ts';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { rewritten, withCertificate } from './api-server.ts';
import { ISSUERS } from './context.ts';
import { withObjects } from './effects.ts';
import { issuedPairOf, noteOf, pairOf } from './secrets.ts';
import { type Asks, isMidway, NAMESPACE, type Objects, type State, type Users } from './state.ts';

/** What people want of the operator, by its objects. */

/** What objects ask for. */
export const HOSTNAMES = [['a.example.com'], ['b.example.com']] as const;
const SECRETS = ['one', 'two'] as const;

/** A person makes an object of that name, which asks for what the objects of this world ask for. */
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
  const after = claiming(state, withObjects(state, withCertificate(state.api, certificate)), name);
  return state.users.asks.temporaryCertificate
    ? withUsers(after, { bridged: bridgedWith(after, name) })
    : after;
}

function bridgedWith({ users }: State, name: string): readonly string[] {
  return [...new Set([...users.bridged, name])].toSorted();
}

/** A person asks for a temporary pair, or does so no longer; who read it before may still write one. */
export function bridging(state: State, certificate: OriginCertificate): State {
  const { name } = certificate.metadata;
  const temporaryCertificate = !certificate.spec.temporaryCertificate;
  const after = changed(state, certificate, { temporaryCertificate }, 0);
  if (temporaryCertificate) return withUsers(after, { bridged: bridgedWith(after, name) });
  if (mayStillWrite(state)) return after;
  return withUsers(after, { bridged: after.users.bridged.filter((each) => each !== name) });
}

function specOf({
  existingSecret,
  temporaryCertificate,
  ...revocation
}: Asks): Partial<OriginCertificate['spec']> {
  return {
    revocation: { gracePeriod: '1h', ...revocation },
    ...(revocation.onDelete && { secretDeletionPolicy: 'Delete' }),
    ...(existingSecret && { existingSecret }),
    ...(temporaryCertificate && { temporaryCertificate }),
  };
}

/** Whoever read that the object wants no Secret, or another one, may write just after it wants this one. */
function claiming(before: State, after: State, name: string): State {
  const { claimedMidway } = after.users;
  if (!mayStillWrite(before) || claimedMidway.includes(name)) return after;
  return withUsers(after, { claimedMidway: [...claimedMidway, name] });
}

/** Whether what somebody has read may be what it writes by. */
function mayStillWrite(state: State): boolean {
  return isMidway(state) || state.late.length > 0;
}

/**
 * A person changes the object's spec.
 *
 * @param needs how many more certificates may be issued for that. */
export function changed(
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

/** The other of two. */
export function next<T>(values: readonly T[], now: unknown): T {
  const found = values.find((value) => JSON.stringify(value) !== JSON.stringify(now));
  if (found === undefined) throw new Error('there is no other');
  return found;
}

/** The old issuer may go: then what was posted to it can only be looked for, and revoked, with the other's token. */
export function otherIssuer(
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

/** A person deletes the issuer; nobody makes it again. */
export function withoutIssuer(state: State, name: string): State | undefined {
  const { api } = state;
  if (!api.issuers.includes(name)) return undefined;
  return withObjects(state, { ...api, issuers: api.issuers.filter((each) => each !== name) });
}

/**
 * The pair is copied to the new name, unless a Secret is there, whose own pair may not be what is asked for. Of two
 * that share a Secret each needs a pair from now on, and the one that waited may take the Secret before it is copied.
 */
export function renamed(state: State, certificate: OriginCertificate): State {
  const secretName = next(SECRETS, certificate.spec.secretName);
  const isShared = Object.values(state.api.certificates).some(
    (other) => other !== certificate && other.spec.secretName === certificate.spec.secretName,
  );
  const isTaken = state.api.secrets[secretName] !== undefined;
  const after = changed(state, certificate, { secretName }, (isShared ? 2 : 0) + (isTaken ? 1 : 0));
  const left = isShared ? withUsers(after, leftToOthers(after, certificate)) : after;
  return claiming(state, left, certificate.metadata.name);
}

/**
 * Another one may take the pair with the Secret: before its own object has had it revoked, and before the status tells
 * which one replaced which. Then it is as with a Secret that people overwrite.
 */
function leftToOthers({ api, users }: State, { metadata, spec }: OriginCertificate): Partial<Users> {
  const secret = api.secrets[spec.secretName];
  if (noteOf(secret, 'certificate') !== metadata.name) return {};
  const id = pairOf(secret)?.id;
  const ids = [id ?? '', noteOf(secret, 'previousCertificateId')].filter((each) => each !== '');
  return {
    leaked: users.leaked.filter((each) => each !== id),
    letGo: [...new Set([...users.letGo, ...ids])],
  };
}

/** A person sets the annotation `request` to a value that it never had: one more certificate is asked for. */
export function asking(state: State, certificate: OriginCertificate, request: string): State {
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
export function leaking(state: State, { metadata, spec }: OriginCertificate): State {
  const secret = state.api.secrets[spec.secretName];
  const id = noteOf(secret, 'certificate') === metadata.name ? issuedPairOf(secret)?.id : undefined;
  return id === undefined || mayStillWrite(state)
    ? state
    : withUsers(state, { leaked: [...state.users.leaked, id] });
}

/** Only the Secret knows that a request was handled: an issuance begun before the request lets it be handled again. */
export function asked({ certificates }: Objects): number {
  const requests = Object.values(certificates).map(({ metadata }) => metadata.annotations ?? {});
  const kinds = [ANNOTATION.renewRequestedAt, ANNOTATION.rekeyRequestedAt];
  return requests.some((annotations) => kinds.some((kind) => annotations[kind] !== undefined)) ? 1 : 0;
}

/** With these things about people told otherwise. */
export function withUsers(state: State, change: Partial<Users>): State {
  return { ...state, users: { ...state.users, ...change } };
}
