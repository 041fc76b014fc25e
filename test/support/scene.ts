import type { Clock } from '../../src/clock.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { namespaces } from '../../src/kube/resource.ts';
import { Simulator } from '../simulator/client.ts';
import { cluster, testNamespace } from './cluster.ts';
import { kubeClient, OPERATOR_ACCOUNT } from './kube-clients.ts';
import { kustomizeBuild } from './kustomize.ts';
import { applyManifests } from './manifests.ts';
import { proxied } from './proxied.ts';
import { type RunningOperator, startOperator, trust } from './scene-operator.ts';
import { SceneObjects, write } from './scene-objects.ts';

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

/**
 * One namespace of the run's control plane, a simulator of its own, and operators in this process that watch the
 * namespace under the rights of `deploy/`.
 */
export class Scene extends SceneObjects implements AsyncDisposable {
  /** Id of each zone by its name. */
  readonly zones: ReadonlyMap<string, string>;
  readonly #flags: readonly string[];
  readonly #operators = new Set<RunningOperator>();
  readonly #besides: Scene[] = [];
  /** A way to the API server that hides the cluster-scoped objects of other scenes. */
  #narrow: ReturnType<typeof proxied> | undefined;

  private constructor(
    parts: Pick<Scene, 'namespace' | 'simulator' | 'kube' | 'zones' | 'token'>,
    flags: readonly string[],
  ) {
    super(parts);
    this.zones = parts.zones;
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
