import type { Operation } from './errors.ts';
import { type KubeObject, keyOf, type ObjectRef, refOf } from './object.ts';
import { collectionPath, objectPath, type Resource } from './resource.ts';
import type { Request } from './transport.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly signal: AbortSignal;
}

export interface PageOptions extends ListOptions {
  readonly limit?: number | undefined;
  /** From the page before. */
  readonly continue?: string | undefined;
}

export interface WatchOptions extends Omit<ListOptions, 'fieldSelector'> {
  readonly resourceVersion: string;
  /** After which the server closes the watch. */
  readonly timeoutSeconds: number;
  /** Longest silence, after which the watch counts as dead. Default: timeoutSeconds and 10 s more. */
  readonly idleMs?: number;
}

export interface WriteOptions {
  readonly signal: AbortSignal;
  readonly fieldManager: string;
  /** Asks the server to check everything and store nothing; its warnings are passed over. */
  readonly dryRun?: boolean;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status';
}

export interface ApplyOptions extends PatchOptions {
  /** Takes fields over that another manager owns, instead of a Conflict. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly signal: AbortSignal;
  /** Preconditions: Conflict unless the object still has them. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

type AnyResource = Resource<KubeObject>;

export function getRequest(resource: AnyResource, ref: ObjectRef, signal: AbortSignal): Request {
  return {
    operation: operationOf('get', resource, ref),
    method: 'GET',
    path: objectPath(resource, ref),
    signal,
  };
}

export function listRequest(resource: AnyResource, o: PageOptions): Request {
  return {
    operation: listOperation('list', resource, o.namespace),
    method: 'GET',
    path: collectionPath(resource, o.namespace),
    query: {
      labelSelector: o.labelSelector,
      fieldSelector: o.fieldSelector,
      resourceVersion: o.resourceVersion,
      limit: o.limit?.toString(),
      continue: o.continue,
    },
    signal: o.signal,
  };
}

export function watchRequest(resource: AnyResource, o: WatchOptions): Request {
  return {
    operation: listOperation('watch', resource, o.namespace),
    method: 'GET',
    path: collectionPath(resource, o.namespace),
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      labelSelector: o.labelSelector,
      resourceVersion: o.resourceVersion,
      timeoutSeconds: o.timeoutSeconds.toString(),
    },
    idleMs: o.idleMs ?? (o.timeoutSeconds + 10) * 1_000,
    signal: o.signal,
  };
}

export function createRequest<T extends KubeObject>(
  resource: Resource<T>,
  body: T,
  o: WriteOptions,
): Request {
  const { namespace, name = `${body.metadata.generateName ?? ''}*` } = body.metadata;
  return {
    operation: operationOf('create', resource, namespace === undefined ? { name } : { name, namespace }),
    method: 'POST',
    path: collectionPath(resource, namespace),
    query: writeQuery(o),
    body: typed(resource, body),
    quiet: o.dryRun ?? false,
    signal: o.signal,
  };
}

export function applyRequest<T extends KubeObject>(resource: Resource<T>, body: T, o: ApplyOptions): Request {
  const ref = refOf(body);
  return {
    operation: operationOf('apply', resource, ref, o.subresource),
    method: 'PATCH',
    path: objectPath(resource, ref, o.subresource),
    query: { ...writeQuery(o), force: o.force ? 'true' : undefined },
    contentType: 'application/apply-patch+yaml',
    body: typed(resource, body),
    quiet: o.dryRun ?? false,
    signal: o.signal,
  };
}

export function mergePatchRequest(
  resource: AnyResource,
  ref: ObjectRef,
  patch: object,
  o: PatchOptions,
): Request {
  return {
    operation: operationOf('patch', resource, ref, o.subresource),
    method: 'PATCH',
    path: objectPath(resource, ref, o.subresource),
    query: writeQuery(o),
    contentType: 'application/merge-patch+json',
    body: patch,
    signal: o.signal,
  };
}

export function deleteRequest(resource: AnyResource, ref: ObjectRef, o: DeleteOptions): Request {
  const { uid, resourceVersion, signal } = o;
  return {
    operation: operationOf('delete', resource, ref),
    method: 'DELETE',
    path: objectPath(resource, ref),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
    signal,
  };
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): NonNullable<Request['query']> {
  return { fieldManager, dryRun: dryRun ? 'All' : undefined };
}

/** The server refuses bodies without these, and objects out of a list have none. */
function typed<T extends KubeObject>(resource: Resource<T>, body: T): T {
  return { ...body, apiVersion: resource.apiVersion, kind: resource.kind };
}

function operationOf(verb: string, resource: AnyResource, ref: ObjectRef, subresource?: string): Operation {
  const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  return { verb, resource: plural, name: keyOf(ref) };
}

function listOperation(verb: string, resource: AnyResource, namespace: string | undefined): Operation {
  return { verb, resource: resource.plural, ...(namespace === undefined ? {} : { name: `in ${namespace}` }) };
}
