import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import { ANNOTATION, MANAGED_LABEL } from '../../src/api/names.ts';
import type { CertificateContext } from '../../src/certificate/context.ts';
import type { CertificateMemory } from '../../src/certificate/memory.ts';
import type { CertificateRequest } from '../../src/cloudflare/client.ts';
import type { ObjectRef, Secret } from '../../src/kube/object.ts';
import type { IssuerSession, IssuerSessions } from '../../src/sessions.ts';
import { listed } from './cloudflare.ts';
import type { Protocol } from './load.ts';
import type { CloudflareCall, KubeCall } from './calls.ts';
import { NAMESPACE, type Objects, type Stored } from './state.ts';

/** What a pass needs of the process that runs it. */
export interface Surroundings {
  readonly protocol: Protocol;
  readonly memory: CertificateMemory;
  /** What its caches hold. */
  readonly cache: Objects;
  readonly clock: CertificateContext['clock'];
  /** A complete listing that began at or after that monotonic time, if one was read already. */
  readonly keptListing: (sinceMs: number) => readonly Stored[] | undefined;
  /** Resolves when the explorer lets the answer come. */
  readonly ask: (request: KubeCall | CloudflareCall) => Promise<unknown>;
  readonly wake: (key: string) => void;
}

/** Names of the issuers that there are at first. An object asks the first one until people change that. */
export const ISSUERS = ['cloudflare', 'other'] as const;

const ROOTS = { certificates: [], pem: '' };
const silent = (): void => undefined;

/** The certificate controller's context, in which every request is a question to the explorer. */
export function contextFor(around: Surroundings): CertificateContext {
  const { clock, memory, wake } = around;
  const context = {
    kube: kubeFor(around),
    stores: storesFor(around),
    sessions: sessionsFor(around),
    clock,
    memory,
    origins: { verdictsFor: () => [], refresh: silent, watches: () => false },
    slowCheck: { isRevoked: () => false, twinsOf: () => [], forgetTwin: silent },
    roots: ROOTS,
    events: { record: silent },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    line: { admits: () => true, join: silent, leave: silent, ended: silent },
    breaker: { holds: () => false, incident: silent, isOver: () => false },
    clockSkew: () => undefined,
    clusterKinds: true,
    count: { issuance: silent, revocation: silent },
    wake,
  };
  // The classes in it have private fields, which no stand-in can have: what is called of them stands above.
  return context as unknown as CertificateContext;
}

function kubeFor({ ask }: Surroundings) {
  return {
    get: (resource: { readonly plural: string }, { name }: ObjectRef) =>
      ask({ to: 'kube', verb: 'get', plural: resource.plural, name }),
    collect: async <T>(_: unknown, _options: unknown, take: (secret: Secret) => readonly T[]) =>
      ((await ask({ to: 'kube', verb: 'list' })) as readonly Secret[]).flatMap(take),
    listAll: () => ask({ to: 'kube', verb: 'list keepers' }),
    create: (_: unknown, body: Secret) => ask({ to: 'kube', verb: 'create', body }),
    apply: (resource: { readonly plural: string }, body: Secret, options: { readonly dryRun?: boolean }) =>
      ask({ to: 'kube', verb: 'apply', plural: resource.plural, body, dryRun: options.dryRun ?? false }),
    mergePatch: (resource: { readonly plural: string }, { name }: ObjectRef, patch: Secret) =>
      ask({ to: 'kube', verb: 'patch', plural: resource.plural, name, patch }),
    delete: (
      _: unknown,
      { name }: ObjectRef,
      { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
    ) => ask({ to: 'kube', verb: 'delete', name, uid, resourceVersion }),
  };
}

/** The caches: what they held when the pass began, Secrets by label as the watch selects them. */
function storesFor({ protocol, cache }: Surroundings) {
  const labelled = Object.values(cache.secrets).filter(({ metadata }) => metadata.labels?.[MANAGED_LABEL]);
  const facts = (secret: Secret | undefined) => secret && protocol.secretFacts(secret, ROOTS);
  return {
    certificates: { get: ({ name }: ObjectRef) => cache.certificates[name] },
    secrets: {
      get: ({ name }: ObjectRef) => facts(labelled.find(({ metadata }) => metadata.name === name)),
      list: () => labelled.map((secret) => facts(secret)),
    },
    issuers: {
      get: ({ name }: ObjectRef) =>
        cache.issuers.includes(name) ? { metadata: { uid: name }, spec: {} } : undefined,
    },
    clusterIssuers: { get: () => undefined },
    certificatesNaming: (_: string, secretName: string): OriginCertificate[] =>
      Object.values(cache.certificates).filter(({ spec }) => spec.secretName === secretName),
    secretsKeptBy: (_: string, name: string) =>
      labelled
        .filter(({ metadata }) => metadata.annotations?.[ANNOTATION.certificate] === name)
        .map((secret) => facts(secret)),
  };
}

function sessionsFor(around: Surroundings): IssuerSessions {
  const sessions = new around.protocol.IssuerSessions(silent);
  for (const name of around.cache.issuers) sessions.set(sessionOf(name, around));
  return sessions;
}

function sessionOf(name: string, around: Surroundings): IssuerSession {
  const zones = [{ id: 'zone', name: 'example.com', status: 'active', paused: false, account: {} }];
  const session = {
    key: { kind: 'OriginIssuer', namespace: NAMESPACE, name },
    uid: name,
    ready: true,
    message: '',
    client: clientFor(around),
    listings: { since: (_: string, atMs: number) => listingSince(around, atMs) },
    tokenDigest: name,
    zones,
    zonesListedMs: 0,
    refreshZones: () => Promise.resolve({ zones, fresh: true }),
  };
  return session as unknown as IssuerSession; // For its client and board the same holds as above.
}

function clientFor({ ask }: Surroundings) {
  return {
    createCertificate: ({ csr, hostnames, requestedValidity: days }: CertificateRequest) =>
      ask({ to: 'cloudflare', verb: 'post', key: csr, hostnames, days }),
    getCertificate: (id: string) => ask({ to: 'cloudflare', verb: 'read', id }),
    revokeCertificate: (id: string) => ask({ to: 'cloudflare', verb: 'revoke', id }),
  };
}

async function listingSince({ protocol, keptListing, ask }: Surroundings, atMs: number) {
  const kept = keptListing(atMs);
  const read = kept
    ? { complete: true, certificates: kept }
    : ((await ask({ to: 'cloudflare', verb: 'listing' })) as {
        complete: boolean;
        certificates: readonly Stored[];
      });
  return new protocol.Listing({ complete: read.complete, certificates: read.certificates.map(listed) });
}
