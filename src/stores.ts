import { MANAGED_LABEL } from './api/names.ts';
import type { ClusterOriginIssuer, OriginCertificate, OriginIssuer, OriginZone } from './api/v1alpha1.ts';
import type { KubeClient } from './kube/client.ts';
import {
  keyOf,
  type KubeObject,
  type ObjectRef,
  parseKey,
  type Secret,
  withoutLastApplied,
} from './kube/object.ts';
import { Reflector } from './kube/reflector.ts';
import { type Resource, secrets } from './kube/resource.ts';
import { clusterOriginIssuers, originCertificates, originIssuers, originZones } from './resources.ts';
import { keeperOf, type SecretFacts, secretFacts, type TrustedRoots } from './secret-facts.ts';
import type { IssuerKey } from './sessions.ts';

/** An issuer of either kind. */
type IssuerObject = OriginIssuer | ClusterOriginIssuer;

export interface StoresOptions {
  readonly client: KubeClient;
  /** Namespaces to watch; empty: all, and the cluster kinds too. */
  readonly namespaces: readonly string[];
  readonly clusterKinds: boolean;
  readonly roots: TrustedRoots;
  readonly onCertificate: (key: string, current?: OriginCertificate, previous?: OriginCertificate) => void;
  readonly onIssuer: (key: IssuerKey, current?: IssuerObject, previous?: IssuerObject) => void;
  readonly onSecret: (facts: Readonly<SecretFacts>, gone: boolean) => void;
  readonly onZone: (name: string, current?: OriginZone, previous?: OriginZone) => void;
  readonly onError: (resource: string, error: unknown) => void;
}

/**
 * All caches, read-only to everybody else. They wake controllers and answer "who refers to this"; before an effect
 * the object itself is read live. Secrets are kept as facts, so that no private key stays in memory.
 */
export class Stores {
  readonly certificates: Collection<OriginCertificate, OriginCertificate>;
  readonly issuers: Collection<OriginIssuer, OriginIssuer>;
  readonly clusterIssuers: Collection<ClusterOriginIssuer, ClusterOriginIssuer>;
  readonly secrets: Collection<SecretFacts, Secret>;
  readonly zones: Collection<OriginZone, OriginZone>;

  constructor(options: StoresOptions) {
    const source = { client: options.client, namespaces: options.namespaces, onError: options.onError };
    this.certificates = new Collection({
      ...source,
      transform: leanly<OriginCertificate>,
      resource: originCertificates,
      indexes: { secret: secretOf, issuer: issuerOf },
      onChange: options.onCertificate,
    });
    this.issuers = new Collection({
      ...source,
      transform: leanly<OriginIssuer>,
      resource: originIssuers,
      onChange: (key, current, previous) => {
        const { namespace = '', name } = parseKey(key);
        options.onIssuer({ kind: 'OriginIssuer', namespace, name }, current, previous);
      },
    });
    this.clusterIssuers = new Collection({
      ...source,
      transform: leanly<ClusterOriginIssuer>,
      namespaces: options.clusterKinds ? [] : undefined,
      resource: clusterOriginIssuers,
      onChange: (name, current, previous) =>
        options.onIssuer({ kind: 'ClusterOriginIssuer', namespace: '', name }, current, previous),
    });
    this.zones = new Collection({
      ...source,
      transform: leanly<OriginZone>,
      namespaces: options.clusterKinds ? [] : undefined,
      resource: originZones,
      onChange: options.onZone,
    });
    this.secrets = new Collection({
      ...source,
      resource: secrets,
      labelSelector: MANAGED_LABEL,
      transform: (secret: Secret) => secretFacts(secret, options.roots),
      indexes: { keeper: keeperKey },
      onChange: (_key, current, previous) => {
        if (previous && (!current || keeperKey(previous) !== keeperKey(current)))
          options.onSecret(previous, !current);
        if (current) options.onSecret(current, false);
      },
    });
  }

  /** Keys of the certificates whose spec names this Secret. */
  certificatesNaming(namespace: string, secretName: string): readonly OriginCertificate[] {
    return this.certificates.by('secret', `${namespace}/${secretName}`);
  }

  certificatesOf(issuer: IssuerKey): readonly OriginCertificate[] {
    return this.certificates.by('issuer', `${issuer.kind}/${issuer.namespace}/${issuer.name}`);
  }

  /** Secrets, target or pending, that name this certificate as their keeper. */
  secretsKeptBy(namespace: string, certificateName: string): readonly SecretFacts[] {
    return this.secrets.by('keeper', `${namespace}/${certificateName}`);
  }

  get #all(): readonly Runnable[] {
    return [this.certificates, this.issuers, this.clusterIssuers, this.secrets, this.zones];
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all.map((collection) => collection.run(signal)));
  }

  /** Resolves when every cache holds what the API server had at start. */
  async synced(): Promise<void> {
    await Promise.all(this.#all.map((collection) => collection.synced));
  }

  get hasSynced(): boolean {
    return this.#all.every((collection) => collection.hasSynced);
  }
}

/** What all collections have in common, whatever they hold. */
type Runnable = Pick<Collection<never, never>, 'run' | 'synced' | 'hasSynced'>;

type Index<S> = (item: Readonly<S>) => string | undefined;

interface CollectionOptions<S, T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  /** Empty: all namespaces; undefined: watch nothing. */
  readonly namespaces: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly transform: (object: T) => S;
  readonly indexes?: Readonly<Record<string, Index<S>>>;
  readonly onChange: (
    key: string,
    current: Readonly<S> | undefined,
    previous: Readonly<S> | undefined,
  ) => void;
  readonly onError: (resource: string, error: unknown) => void;
}

/** One kind in one or more namespaces, with lookup by index. */
export class Collection<S, T extends KubeObject> {
  readonly #reflectors: readonly Reflector<T, S>[];
  readonly #indexes: ReadonlyMap<string, { key: Index<S>; entries: Map<string, Set<string>> }>;

  constructor(options: CollectionOptions<S, T>) {
    const { namespaces, resource } = options;
    this.#indexes = new Map(
      Object.entries(options.indexes ?? {}).map(([name, key]) => [name, { key, entries: new Map() }]),
    );
    const scopes = namespaces === undefined ? [] : namespaces.length === 0 ? [undefined] : namespaces;
    this.#reflectors = scopes.map(
      (namespace) =>
        new Reflector<T, S>({
          client: options.client,
          resource,
          namespace,
          labelSelector: options.labelSelector,
          transform: options.transform,
          onError: (error) => options.onError(resource.plural, error),
          onChange: ({ key, current, previous }) => {
            this.#reindex(key, current, previous);
            options.onChange(key, current, previous);
          },
        }),
    );
  }

  get(ref: ObjectRef): Readonly<S> | undefined {
    const key = keyOf(ref);
    for (const reflector of this.#reflectors) {
      const item = reflector.get(key);
      if (item !== undefined) return item;
    }
    return undefined;
  }

  list(): Readonly<S>[] {
    return this.#reflectors.flatMap((reflector) => reflector.list());
  }

  by(index: string, value: string): readonly Readonly<S>[] {
    const keys = this.#indexes.get(index)?.entries.get(value) ?? [];
    return [...keys].map((key) => this.get(parseKey(key))).filter((item) => item !== undefined);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map((reflector) => reflector.synced));
  }

  get hasSynced(): boolean {
    return this.#reflectors.every((reflector) => reflector.hasSynced);
  }

  #reindex(key: string, current: Readonly<S> | undefined, previous: Readonly<S> | undefined): void {
    for (const index of this.#indexes.values()) {
      const before = previous && index.key(previous);
      const after = current && index.key(current);
      if (before === after) continue;
      if (before !== undefined) {
        const keys = index.entries.get(before);
        keys?.delete(key);
        if (keys?.size === 0) index.entries.delete(before);
      }
      if (after !== undefined) index.entries.set(after, (index.entries.get(after) ?? new Set()).add(key));
    }
  }
}

/** Without who wrote which field and what was applied last, which nobody asks the caches for: most of an object. */
export function leanly<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  const { annotations } = metadata;
  return {
    ...object,
    metadata: { ...metadata, ...(annotations && { annotations: withoutLastApplied(annotations) }) },
  };
}

function secretOf({ metadata, spec }: OriginCertificate): string {
  return `${metadata.namespace}/${spec.secretName}`;
}

function issuerOf({ metadata, spec }: OriginCertificate): string {
  const { kind, name } = spec.issuerRef;
  return `${kind}/${kind === 'OriginIssuer' ? metadata.namespace : ''}/${name}`;
}

function keeperKey(facts: SecretFacts): string | undefined {
  const keeper = keeperOf(facts);
  return keeper === undefined ? undefined : `${facts.namespace}/${keeper}`;
}
