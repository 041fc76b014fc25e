import type { OriginZone } from '../../src/api/v1alpha1.ts';
import type { Clock } from '../../src/clock.ts';
import { originZones } from '../../src/resources.ts';
import { SCENE_LABEL } from './scene-label.ts';
import type { RunningOperator, Scene } from './scene.ts';
import { NotYet, waitFor } from './wait.ts';

const WAIT_MS = 20_000;
const signal = (): AbortSignal => AbortSignal.timeout(WAIT_MS);

export interface ZoneChange extends Partial<Omit<OriginZone['spec'], 'gate' | 'authenticatedOriginPulls'>> {
  readonly gate?: Partial<OriginZone['spec']['gate']>;
  readonly authenticatedOriginPulls?: Partial<OriginZone['spec']['authenticatedOriginPulls']>;
}

/** The OriginZones of one scene: cluster-scoped, so they bear its label and, unless told otherwise, its name. */
export class SceneZones {
  readonly #scene: Scene;
  readonly #made = new Set<string>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** An operator that works OriginZones: it reads them every second and may knock at this machine. */
  async startOperator({
    flags = [],
    clock,
    slowCheck,
    kubeconfig,
  }: {
    flags?: readonly string[];
    clock?: Clock;
    slowCheck?: boolean;
    kubeconfig?: string;
  } = {}): Promise<RunningOperator> {
    return this.#scene.startOperator({
      flags: [
        '--cluster-kinds',
        `--operator-namespace=${this.#scene.namespace}`,
        '--probe-allow-cidr=127.0.0.0/8,::1/128',
        ...(clock === undefined ? ['--zone-interval=1s'] : []),
        ...flags,
      ],
      ...(clock && { clock }),
      ...(slowCheck !== undefined && { slowCheck }),
      ...(kubeconfig !== undefined && { kubeconfig }),
    });
  }

  /** Creates or changes an OriginZone for example.com as `kubectl apply` would, with the scene's token. */
  async apply(
    spec: ZoneChange = {},
    {
      name = this.#scene.namespace,
      annotations = {},
    }: { name?: string; annotations?: Record<string, string> } = {},
  ): Promise<OriginZone> {
    this.#made.add(name);
    await this.#scene.putToken(this.#scene.token.value, 'zone-token');
    const applied = await this.#scene.apply(originZones, {
      metadata: { name, annotations, labels: { [SCENE_LABEL]: this.#scene.namespace } },
      spec: { zoneName: 'example.com', apiTokenSecretRef: { name: 'zone-token' }, ...spec },
    });
    return applied as OriginZone;
  }

  async get(name = this.#scene.namespace): Promise<OriginZone | undefined> {
    return this.#scene.kube.get(originZones, { name }, { signal: signal() });
  }

  async delete(name = this.#scene.namespace): Promise<void> {
    await this.#scene.kube.delete(originZones, { name }, { signal: signal() });
    this.#made.delete(name);
  }

  /** What a test leaves would be there for the next. */
  async deleteAll(): Promise<void> {
    for (const name of this.#made) await this.delete(name);
  }

  /**
   * Waits until the condition of that type has the reason (and the status, if given) for the present generation.
   *
   * @param nudge called before each look, such as to let a test's clock advance.
   */
  async condition(
    type: string,
    reason: string,
    {
      status,
      name = this.#scene.namespace,
      nudge,
    }: { status?: string; name?: string; nudge?: () => Promise<void> } = {},
  ): Promise<OriginZone> {
    return this.until(
      `${type} ${reason} ${status ?? ''} on OriginZone ${name}`,
      (zone) => {
        const found = conditionOf(zone, type);
        const isCurrent = found?.observedGeneration === zone.metadata.generation;
        return isCurrent && found.reason === reason && (status === undefined || found.status === status);
      },
      { name, ...(nudge && { nudge }) },
    );
  }

  /** Waits until the object is as asked for. */
  async until(
    what: string,
    holds: (zone: OriginZone) => boolean,
    { name = this.#scene.namespace, nudge }: { name?: string; nudge?: () => Promise<void> } = {},
  ): Promise<OriginZone> {
    return waitFor(
      what,
      async () => {
        await nudge?.();
        const zone = await this.get(name);
        return zone !== undefined && holds(zone) ? zone : new NotYet(zone?.status ?? 'no status');
      },
      { timeoutMs: WAIT_MS },
    ) as Promise<OriginZone>;
  }
}

export function conditionOf(zone: OriginZone | undefined, type: string) {
  return zone?.status?.conditions?.find((condition) => condition.type === type);
}

/** A setting as the status shows it. */
export function settingOf(zone: OriginZone | undefined, name: string) {
  return zone?.status?.settings?.find((setting) => setting.name === name);
}
