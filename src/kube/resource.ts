import type { ConfigMap, KubeEvent, KubeObject, Lease, Namespace, ObjectRef, Secret } from './object.ts';

declare const objectType: unique symbol;

/** How a kind is addressed at the API server, and the type of its objects. */
export interface Resource<T extends KubeObject> {
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** As in the URL and in RBAC rules. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never present: ties the type of the objects to the address. */
  readonly [objectType]?: T;
}

export const secrets: Resource<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

export const configMaps: Resource<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

export const namespaces: Resource<Namespace> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

export const leases: Resource<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export const events: Resource<KubeEvent> = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** URL path of a collection: of one namespace, or of all where none is given. */
export function collectionPath(resource: Resource<KubeObject>, namespace?: string): string {
  const root = resource.apiVersion.includes('/') ? '/apis' : '/api';
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${resource.apiVersion}${scope}/${resource.plural}`;
}

/** URL path of one object. A namespaced kind needs a namespace: without one the server would answer 404. */
export function objectPath(resource: Resource<KubeObject>, ref: ObjectRef, subresource?: 'status'): string {
  if (resource.namespaced !== (ref.namespace !== undefined)) {
    throw new TypeError(
      `${resource.kind} ${ref.name}: ${resource.namespaced ? 'a namespace is missing' : 'the kind is cluster-scoped'}`,
    );
  }
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}${tail}`;
}
