import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import { applied, ownership } from './apply.ts';
import type { Answer, KubeCall } from './calls.ts';
import { NAMESPACE, type Objects } from './state.ts';

/** What the API server holds after a request, and what it answers. */
export interface Served {
  readonly api: Objects;
  readonly answer: Answer;
}

/**
 * The API server as far as the protocol relies on it: preconditions by uid and resourceVersion, creation by apply only
 * with resourceVersion "1", ownership of what was applied, no new version where nothing changes.
 */
export function serve(api: Objects, call: KubeCall): Served {
  switch (call.verb) {
    case 'get': {
      const found = call.plural === 'secrets' ? api.secrets[call.name] : api.certificates[call.name];
      return { api, answer: { ok: found } };
    }
    case 'list':
      return { api, answer: { ok: Object.values(api.secrets) } };
    case 'list keepers': {
      const keeper = { metadata: { name: 'other' }, spec: { secretName: 'one' } };
      return { api, answer: { ok: api.isKeptElsewhere ? [keeper] : [] } };
    }
    case 'create': {
      const name = call.body.metadata.name ?? '';
      if (api.isTerminating) return { api, answer: { kube: 'Forbidden' } };
      if (api.secrets[name]) return { api, answer: { kube: 'AlreadyExists' } };
      return stored(api, born(api, call.body));
    }
    case 'apply':
      return call.plural === 'secrets' ? applySecret(api, call) : applyStatus(api, call.body);
    case 'patch': {
      if (call.plural !== 'secrets') return patchFinalizers(api, call);
      const found = api.secrets[call.name];
      if (!found) return { api, answer: { kube: 'NotFound' } };
      if (!isStill(found, call.patch.metadata)) return { api, answer: { kube: 'Conflict' } };
      return stored(api, rewritten(found, patched(found, call.patch)));
    }
    case 'delete': {
      const found = api.secrets[call.name];
      if (!found) return { api, answer: { kube: 'NotFound' } };
      if (!isStill(found, call)) return { api, answer: { kube: 'Conflict' } };
      return { api: withoutSecret(api, call.name), answer: { ok: 'deleted' } };
    }
  }
}

interface Precondition {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

function isStill({ metadata }: KubeObject, { uid, resourceVersion }: Precondition): boolean {
  return (
    (uid === undefined || uid === metadata.uid) &&
    (resourceVersion === undefined || resourceVersion === metadata.resourceVersion)
  );
}

function applySecret(api: Objects, { body, dryRun }: Extract<KubeCall, { readonly verb: 'apply' }>): Served {
  const found = api.secrets[body.metadata.name ?? ''];
  const { uid, resourceVersion } = body.metadata;
  if (
    found ? !isStill(found, { uid, resourceVersion }) : uid !== undefined || (resourceVersion ?? '1') !== '1'
  )
    return { api, answer: { kube: 'Conflict' } };
  if (!found && api.isTerminating) return { api, answer: { kube: 'Forbidden' } };
  if (dryRun) return { api, answer: { ok: body } };
  const made = { ...body, metadata: { ...body.metadata, managedFields: [ownership(body)] } };
  return stored(api, found ? rewritten(found, applied(found, made)) : born(api, made));
}

/** JSON merge patch of the parts that the operator patches. */
function patched(found: Secret, { metadata, data }: Secret): Secret {
  return {
    ...found,
    metadata: {
      ...found.metadata,
      labels: { ...found.metadata.labels, ...metadata.labels },
      annotations: { ...found.metadata.annotations, ...metadata.annotations },
      ...(metadata.ownerReferences && { ownerReferences: metadata.ownerReferences }),
    },
    data: { ...found.data, ...data },
  };
}

function applyStatus(api: Objects, { metadata, status }: Secret & { readonly status?: object }): Served {
  const name = metadata.name ?? '';
  const found = api.certificates[name];
  if (!found) return { api, answer: { kube: 'NotFound' } };
  if (!isStill(found, metadata)) return { api, answer: { kube: 'Conflict' } };
  const changed = rewritten(found, { ...found, status } as OriginCertificate);
  return { api: withCertificate(api, changed), answer: { ok: changed } };
}

/** The last finalizer of an object that is being deleted takes the object with it. */
function patchFinalizers(
  api: Objects,
  { name, patch }: Extract<KubeCall, { readonly verb: 'patch' }>,
): Served {
  const found = api.certificates[name];
  if (!found) return { api, answer: { kube: 'NotFound' } };
  if (!isStill(found, patch.metadata)) return { api, answer: { kube: 'Conflict' } };
  const finalizers = [...(patch.metadata.finalizers ?? [])];
  const changed = rewritten(found, { ...found, metadata: { ...found.metadata, finalizers } });
  const isGone = found.metadata.deletionTimestamp !== undefined && finalizers.length === 0;
  const after = isGone ? withoutCertificate(api, name) : withCertificate(api, changed);
  return { api: after, answer: { ok: changed } };
}

function stored(api: Objects, secret: Secret): Served {
  const name = secret.metadata.name ?? '';
  if (api.secrets[name] === secret) return { api, answer: { ok: secret } };
  const births = { ...api.births, [`secret ${name}`]: birthOf(secret) };
  return {
    api: { ...api, secrets: sorted({ ...api.secrets, [name]: secret }), births },
    answer: { ok: secret },
  };
}

/** A new Secret, with a uid and a resourceVersion of its own. */
export function born(api: Objects, body: Secret): Secret {
  const name = body.metadata.name ?? '';
  const uid = `${name}.${(api.births[`secret ${name}`] ?? 0) + 1}`;
  return { ...body, metadata: { ...body.metadata, namespace: NAMESPACE, uid, resourceVersion: `${uid}.1` } };
}

function birthOf({ metadata: { uid = '' } }: KubeObject): number {
  return Number(uid.slice(uid.lastIndexOf('.') + 1));
}

/** The object with its next resourceVersion; itself where nothing is different. */
export function rewritten<T extends KubeObject>(before: T, after: T): T {
  if (JSON.stringify(before) === JSON.stringify(after)) return before;
  const { uid = '', resourceVersion = '' } = before.metadata;
  const version = Number(resourceVersion.slice(uid.length + 1)) + 1;
  return { ...after, metadata: { ...after.metadata, resourceVersion: `${uid}.${version}` } };
}

/** With this Secret in the place of any of that name. */
export function withSecret(api: Objects, secret: Secret): Objects {
  return stored(api, secret).api;
}

/** Without the Secret of that name, if there is one. */
export function withoutSecret(api: Objects, name: string): Objects {
  const { [name]: _, ...secrets } = api.secrets;
  return { ...api, secrets };
}

/** With this OriginCertificate in the place of any of that name. */
export function withCertificate(api: Objects, certificate: OriginCertificate): Objects {
  const { name } = certificate.metadata;
  const births = { ...api.births, [`certificate ${name}`]: birthOf(certificate) };
  return { ...api, certificates: sorted({ ...api.certificates, [name]: certificate }), births };
}

/** Without the OriginCertificate of that name, if there is one. */
export function withoutCertificate(api: Objects, name: string): Objects {
  const { [name]: _, ...certificates } = api.certificates;
  return { ...api, certificates };
}

/** The order in which objects came to be is no part of a state. */
function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
