import { normalizeHostname } from '../api/hostname.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import type { Resource } from '../kube/resource.ts';

/** A hostname that something in the cluster routes, and where that is reached. */
export interface Route {
  /** Normalised; may be a wildcard. */
  readonly hostname: string;
  /** `host:443`; empty while the controller has not said. */
  readonly addresses: readonly string[];
  /** `Ingress shop/web`, for messages. */
  readonly source: string;
}

export interface Routes {
  readonly routes: readonly Route[];
  /** What could not be read. */
  readonly problems: readonly string[];
}

interface Ingress extends KubeObject {
  readonly spec?: {
    readonly rules?: readonly { readonly host?: string }[];
    readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  };
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

interface Gateway extends KubeObject {
  readonly spec?: { readonly listeners?: readonly { readonly hostname?: string }[] };
  readonly status?: { readonly addresses?: readonly { readonly value?: string }[] };
}

interface HttpRoute extends KubeObject {
  readonly spec?: { readonly hostnames?: readonly string[] };
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef?: {
        readonly group?: string;
        readonly kind?: string;
        readonly name: string;
        readonly namespace?: string;
      };
      readonly conditions?: readonly {
        readonly type: string;
        readonly status: string;
        readonly observedGeneration?: number;
      }[];
    }[];
  };
}

type Parent = NonNullable<NonNullable<HttpRoute['status']>['parents']>[number];

const GATEWAY_GROUP = 'gateway.networking.k8s.io';

const ingresses: Resource<Ingress> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};
const gateways: Resource<Gateway> = {
  apiVersion: `${GATEWAY_GROUP}/v1`,
  kind: 'Gateway',
  plural: 'gateways',
  namespaced: true,
};
const httpRoutes: Resource<HttpRoute> = {
  apiVersion: `${GATEWAY_GROUP}/v1`,
  kind: 'HTTPRoute',
  plural: 'httproutes',
  namespaced: true,
};

type Lister = Pick<KubeClient, 'listAll'>;

/**
 * What routes hostnames in the cluster, read live: Ingresses, Gateways and HTTPRoutes. A kind that the cluster does
 * not have counts as none; one that may not be read is a problem to be told and no reason to stop.
 *
 * @param namespaces empty: all.
 */
export async function listRoutes(
  kube: Lister,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Routes> {
  const problems: string[] = [];
  const read = <T extends KubeObject>(resource: Resource<T>): Promise<T[]> =>
    listIn(kube, resource, namespaces, problems, signal);
  const [foundIngresses, foundGateways, foundRoutes] = await Promise.all([
    read(ingresses),
    read(gateways),
    read(httpRoutes),
  ]);
  const byName = new Map(foundGateways.map((gateway) => [nameOf(gateway), gateway]));
  return {
    routes: [
      ...foundIngresses.flatMap(ofIngress),
      ...foundRoutes.flatMap((route) => ofHttpRoute(route, byName)),
      ...foundGateways.flatMap(ofGateway),
    ],
    problems,
  };
}

async function listIn<T extends KubeObject>(
  kube: Lister,
  resource: Resource<T>,
  namespaces: readonly string[],
  problems: string[],
  signal: AbortSignal,
): Promise<T[]> {
  const scopes = namespaces.length === 0 ? [undefined] : namespaces;
  const found: T[] = [];
  for (const namespace of scopes) {
    try {
      found.push(...(await kube.listAll(resource, { ...(namespace && { namespace }), signal })));
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.kind === 'NotFound') return found;
      if (error.kind !== 'Forbidden') throw error;
      const where = namespace === undefined ? '' : ` of namespace ${namespace}`;
      problems.push(`${resource.kind} objects${where} may not be read: ${error.message}`);
    }
  }
  return found;
}

function ofIngress(ingress: Ingress): Route[] {
  const { rules = [], tls = [] } = ingress.spec ?? {};
  const hosts = [...rules.map(({ host }) => host), ...tls.flatMap(({ hosts: named }) => named ?? [])];
  const where = ingress.status?.loadBalancer?.ingress ?? [];
  return routesTo(
    hosts,
    where.map(({ ip, hostname }) => ip ?? hostname),
    `Ingress ${nameOf(ingress)}`,
  );
}

function ofGateway(gateway: Gateway): Route[] {
  const hosts = (gateway.spec?.listeners ?? []).map(({ hostname }) => hostname);
  return routesTo(hosts, addressesOf(gateway), `Gateway ${nameOf(gateway)}`);
}

/** By what Gateways that exist took it as it is now: whoever only writes one routes nothing. */
function ofHttpRoute(route: HttpRoute, byName: ReadonlyMap<string, Gateway>): Route[] {
  const { namespace: own = '', generation } = route.metadata;
  const takenBy = (route.status?.parents ?? [])
    .filter((parent) => isAccepted(parent, generation))
    .map(({ parentRef }) => byName.get(`${parentRef?.namespace ?? own}/${parentRef?.name ?? ''}`))
    .filter((gateway) => gateway !== undefined);
  if (takenBy.length === 0) return [];
  return routesTo(route.spec?.hostnames ?? [], takenBy.flatMap(addressesOf), `HTTPRoute ${nameOf(route)}`);
}

function isAccepted({ parentRef, conditions = [] }: Parent, generation: number | undefined): boolean {
  const { group = GATEWAY_GROUP, kind = 'Gateway' } = parentRef ?? {};
  const accepted = conditions.find(({ type }) => type === 'Accepted');
  return (
    group === GATEWAY_GROUP &&
    kind === 'Gateway' &&
    accepted?.status === 'True' &&
    accepted.observedGeneration === generation
  );
}

function addressesOf(gateway: Gateway): (string | undefined)[] {
  return (gateway.status?.addresses ?? []).map(({ value }) => value);
}

function routesTo(
  hosts: readonly (string | undefined)[],
  where: readonly (string | undefined)[],
  source: string,
): Route[] {
  const addresses = distinct(where).map(atHttps);
  return distinct(hosts).map((host) => ({ hostname: normalizeHostname(host), addresses, source }));
}

function distinct(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.flatMap((text) => (text ? [text] : [])))];
}

/** Cloudflare's edge asks an origin for https at 443, whatever the Service behind listens on. */
export function atHttps(host: string): string {
  return host.includes(':') ? `[${host}]:443` : `${host}:443`;
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
