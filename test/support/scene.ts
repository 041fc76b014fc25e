import type { OriginCertificate, OriginIssuer } from '../../src/api/v1alpha1.ts';
import type { Clock } from '../../src/clock.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import type { Secret } from '../../src/kube/object.ts';
import { namespaces, secrets } from '../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import { Simulator } from '../simulator/client.ts';
import type { CertificateView } from '../simulator/protocol.ts';
import { cluster, testNamespace } from './cluster.ts';
import { kubeClient, OPERATOR_ACCOUNT } from './kube-clients.ts';
import { kustomizeBuild } from './kustomize.ts';
import { applyManifests } from './manifests.ts';
import { proxied } from './proxied.ts';
import { type RunningOperator, startOperator, trust } from './scene-operator.ts';
import { NotYet, waitFor } from './wait.ts';

export type { RunningOperator };

export interface SceneOptions {
  /** Zones that the simulator holds and the token sees; `example.com` unless told otherwise. */
  readonly zones?: readonly string[];
  /** Flags beside those that point the operator at the scene. */
  readonly flags?: readonly string[];
  /** A control plane with the CustomResourceDefinitions, instead of the run's; `startOperator` knows only that one. */
  readonly plane?: { readonly kubeconfigPath: string };
}

export interface OperatorChange {
  readonly flags?: readonly string[];
  readonly clock?: Clock;
  /** In [0, 1), for what is spread by chance; `() => 0` makes every delay exact. */
  readonly random?: () => number;
  /** False leaves it out: it always sleeps until its next look, and lists a zone once in a few hours. */
  readonly slowCheck?: boolean;
  /**
   * A kubeconfig instead of the one of the deployed ServiceAccount, such as one that leads through a proxy: with
   * `--cluster-kinds` a proxy that shows this scene's cluster-scoped objects alone (see `SCENE_LABEL`).
   */
  readonly kubeconfig?: string;
  /** Where it believes Cloudflare to be, instead of the simulator. */
  readonly baseUrl?: string;
}

const SIGNAL_MS = 15_000;
const signal = (): AbortSignal => AbortSignal.timeout(SIGNAL_MS);
const FIELD_MANAGER = 'test';

/**
 * One namespace of the run's control plane, a simulator of its own, and operators in this process that watch the
 * namespace under the rights of `deploy/`.
 */
export class Scene implements AsyncDisposable {
  readonly namespace: string;
  readonly simulator: Simulator;
  /** A cluster administrator. */
  readonly kube: KubeClient;
  /** Id of each zone by its name. */
  readonly zones: ReadonlyMap<string, string>;
  readonly token: { readonly id: string; readonly value: string };
  readonly #flags: readonly string[];
  readonly #operators = new Set<RunningOperator>();
  readonly #besides: Scene[] = [];
  /** A way to the API server that hides the cluster-scoped objects of other scenes. */
  #narrow: ReturnType<typeof proxied> | undefined;

  private constructor(
    parts: Pick<Scene, 'namespace' | 'simulator' | 'kube' | 'zones' | 'token'>,
    flags: readonly string[],
  ) {
    this.namespace = parts.namespace;
    this.simulator = parts.simulator;
    this.kube = parts.kube;
    this.zones = parts.zones;
    this.token = parts.token;
    this.#flags = flags;
  }

  static async start(
    prefix: string,
    { zones = ['example.com'], flags = [], plane }: SceneOptions = {},
  ): Promise<Scene> {
    const [simulator, [kube, namespace]] = await Promise.all([
      Simulator.start(),
      plane === undefined ? Promise.all([kubeClient(), testNamespace(prefix)]) : within(plane, prefix),
    ]);
    await applyManifests(kube, await kustomizeBuild('deploy'));
    await trust(simulator.caFile);
    const seeded = new Map<string, string>();
    for (const name of zones) seeded.set(name, (await simulator.seedZone({ name })).id);
    const token = await simulator.seedToken();
    return new Scene({ namespace, simulator, kube, zones: seeded, token }, flags);
  }

  /** As though in another cluster: a namespace of its own, with the Cloudflare of this scene. It ends with this one. */
  async beside(prefix: string): Promise<Scene> {
    const { simulator, zones, token } = this;
    const [kube, namespace] = await Promise.all([kubeClient(), testNamespace(prefix)]);
    const other = new Scene({ namespace, simulator, kube, zones, token }, this.#flags);
    this.#besides.push(other);
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#besides.map((other) => other.#leave()));
    await this.#leave();
    await this.simulator.stop();
  }

  async #leave(): Promise<void> {
    await Promise.all([...this.#operators].map((operator) => operator.stop()));
    await Promise.all([this.kube.close(), this.#narrow?.then((front) => front[Symbol.asyncDispose]())]);
  }

  async startOperator({
    flags = [],
    clock,
    random,
    slowCheck,
    kubeconfig,
    baseUrl,
  }: OperatorChange = {}): Promise<RunningOperator> {
    const operator = await startOperator({
      flags: [
        `--kubeconfig=${kubeconfig ?? (await this.#kubeconfig(flags))}`,
        `--watch-namespaces=${this.namespace}`,
        `--cloudflare-base-url=${baseUrl ?? this.simulator.apiUrl}`,
        `--origin-ca-roots=${this.simulator.originCaRootsFile}`,
        ...this.#flags,
        ...flags,
      ],
      identity: `test-${this.namespace}`,
      clock,
      random,
      slowCheck,
    });
    const running: RunningOperator = {
      logs: operator.logs,
      get metricsPort() {
        return operator.metricsPort;
      },
      stop: async () => {
        this.#operators.delete(running);
        await operator.stop();
      },
    };
    this.#operators.add(running);
    return running;
  }

  async #kubeconfig(flags: readonly string[]): Promise<string> {
    if (![...this.#flags, ...flags].includes('--cluster-kinds'))
      return cluster().kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
    this.#narrow ??= proxied(this.namespace);
    return (await this.#narrow).kubeconfig;
  }

  /** An OriginIssuer `cloudflare` with the scene's token in Secret `cloudflare`. */
  async createIssuer(spec: Partial<OriginIssuer['spec']> = {}, name = 'cloudflare'): Promise<void> {
    await this.putToken(this.token.value, name);
    await this.apply(originIssuers, {
      metadata: { name, namespace: this.namespace },
      spec: { apiTokenSecretRef: { name }, ...spec },
    });
  }

  async putToken(value: string, name = 'cloudflare'): Promise<void> {
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    await this.kube.apply(
      secrets,
      { metadata: { name, namespace: this.namespace }, data } satisfies Secret,
      write(),
    );
  }

  /** Creates or changes an OriginCertificate as `kubectl apply` would: what is left out is removed. */
  async applyCertificate(
    name: string,
    spec: Partial<OriginCertificate['spec']> = {},
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<OriginCertificate> {
    const applied = await this.apply(originCertificates, {
      metadata: { name, namespace: this.namespace, annotations },
      spec: {
        secretName: `${name}-tls`,
        hostnames: ['example.com'],
        issuerRef: { name: 'cloudflare' },
        ...spec,
      },
    });
    return applied as OriginCertificate;
  }

  async certificate(name: string): Promise<OriginCertificate | undefined> {
    return this.kube.get(originCertificates, { name, namespace: this.namespace }, { signal: signal() });
  }

  async secret(name: string): Promise<Secret | undefined> {
    return this.kube.get(secrets, { name, namespace: this.namespace }, { signal: signal() });
  }

  /** Changes a Secret as somebody else would: a JSON merge patch. */
  async patchSecret(name: string, patch: object): Promise<Secret> {
    return this.kube.mergePatch(secrets, { name, namespace: this.namespace }, patch, write());
  }

  async createSecret(secret: Secret): Promise<Secret> {
    const metadata = { ...secret.metadata, namespace: this.namespace };
    return this.kube.create(secrets, { ...secret, metadata }, write());
  }

  async deleteSecret(name: string): Promise<void> {
    await this.kube.delete(secrets, { name, namespace: this.namespace }, write());
  }

  async deleteCertificate(name: string): Promise<void> {
    await this.kube.delete(originCertificates, { name, namespace: this.namespace }, write());
  }

  /** Pending Secrets of the namespace. */
  async pendings(): Promise<Secret[]> {
    const all = await this.kube.listAll(secrets, { namespace: this.namespace, signal: signal() });
    return all.filter(({ type }) => type === 'originca.dev/pending');
  }

  /** Certificates at Cloudflare that are not revoked. */
  async issued(): Promise<readonly CertificateView[]> {
    return (await this.simulator.certificates()).filter(({ revokedAt }) => revokedAt === undefined);
  }

  /** How many POSTs for a certificate reached Cloudflare. */
  async posts(): Promise<number> {
    return (await this.simulator.requests({ operation: 'createCertificate' })).length;
  }

  /** Waits until the condition of that type has the reason (and the status, if given) for the present generation. */
  async condition(name: string, type: string, reason: string, status?: string): Promise<OriginCertificate> {
    const what = `${type} ${reason} on OriginCertificate ${name}`;
    return waitFor(
      what,
      async () => {
        const certificate = await this.certificate(name);
        const found = certificate?.status?.conditions?.find((condition) => condition.type === type);
        const isCurrent = found?.observedGeneration === certificate?.metadata.generation;
        const fits = found?.reason === reason && (status === undefined || found.status === status);
        return fits && isCurrent ? certificate : new NotYet(certificate?.status ?? 'no status');
      },
      { timeoutMs: SIGNAL_MS },
    ) as Promise<OriginCertificate>;
  }

  /** Waits until it is Ready and no issuance is under way any more. */
  async settled(name: string): Promise<OriginCertificate> {
    await this.condition(name, 'Ready', 'Issued', 'True');
    await waitFor(
      'no pending Secret',
      async () => {
        const left = await this.pendings();
        return left.length === 0 || new NotYet(left.map(({ metadata }) => metadata.annotations));
      },
      { timeoutMs: SIGNAL_MS },
    );
    return this.condition(name, 'Ready', 'Issued', 'True');
  }

  /** Server-side apply as a person. */
  async apply(resource: Parameters<KubeClient['apply']>[0], body: object): Promise<object> {
    return this.kube.apply(resource, body as never, write());
  }
}

/** A client and a namespace of another control plane than the run's, which goes away as a whole. */
async function within(
  { kubeconfigPath }: { kubeconfigPath: string },
  name: string,
): Promise<[KubeClient, string]> {
  const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: kubeconfigPath, env: {} }));
  await kube.create(namespaces, { metadata: { name } }, write());
  return [kube, name];
}

function write(): { signal: AbortSignal; fieldManager: string; force: boolean } {
  return { signal: signal(), fieldManager: FIELD_MANAGER, force: true };
}
