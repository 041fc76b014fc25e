import type { ClusterOriginIssuer, OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { type Secret } from '../../../src/kube/object.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { clusterOriginIssuers, originCertificates } from '../../../src/resources.ts';
import { testNamespace } from '../../support/cluster.ts';
import type { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import { Scene } from '../../support/scene.ts';
import { type Tenant, tenant } from '../../support/tenant.ts';

const signal = (): AbortSignal => AbortSignal.timeout(15_000);
const write = (fieldManager = 'test') => ({ signal: signal(), fieldManager, force: true });

/** Names that the ClusterOriginIssuer lets ask for: the one, the other, either. */
export const NAMES = {
  victim: 'shop.example.com',
  mallory: 'mallory.example.com',
  both: 'both.example.com',
} as const;

/**
 * Two tenants of one operator, who share a ClusterOriginIssuer: whose namespace is the scene's wants to be left alone,
 * and mallory has the role `edit` in another. The issuer's token lies in the operator's own namespace.
 */
export class Stage implements AsyncDisposable {
  readonly scene: Scene;
  readonly mallory: Tenant;
  readonly operator: RunningOperator;
  readonly operatorNamespace: string;
  /** Name of the ClusterOriginIssuer: it is cluster-wide. */
  readonly shared: string;

  private constructor(parts: Pick<Stage, 'scene' | 'mallory' | 'operator' | 'operatorNamespace' | 'shared'>) {
    this.scene = parts.scene;
    this.mallory = parts.mallory;
    this.operator = parts.operator;
    this.operatorNamespace = parts.operatorNamespace;
    this.shared = parts.shared;
  }

  static async start(flags: readonly string[] = [], clock?: JumpClock): Promise<Stage> {
    const scene = await Scene.start('victim');
    const [mallory, operatorNamespace] = await Promise.all([
      tenant(scene.kube, 'mallory'),
      testNamespace('hostile-operator'),
    ]);
    const shared = scene.namespace;
    const data = { 'api-token': Buffer.from(scene.token.value).toString('base64') };
    const metadata = { name: 'cluster-token', namespace: operatorNamespace };
    await scene.kube.apply(secrets, { metadata, data }, write());
    const of = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });
    const spec: ClusterOriginIssuer['spec'] = {
      apiTokenSecretRef: { name: 'cluster-token', key: 'api-token' },
      allow: [
        { namespaceSelector: of(scene.namespace), hostnames: [NAMES.victim] },
        { namespaceSelector: of(mallory.namespace), hostnames: [NAMES.mallory, `*.${NAMES.mallory}`] },
        { namespaceSelector: {}, hostnames: [NAMES.both] },
      ],
    };
    await scene.apply(clusterOriginIssuers, {
      metadata: { name: shared, labels: { [SCENE_LABEL]: scene.namespace } },
      spec,
    });
    const operator = await scene.startOperator({
      flags: [
        `--watch-namespaces=${scene.namespace},${mallory.namespace}`,
        '--cluster-kinds',
        `--operator-namespace=${operatorNamespace}`,
        ...flags,
      ],
      ...(clock && { clock }),
    });
    return new Stage({ scene, mallory, operator, operatorNamespace, shared });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene.kube.delete(clusterOriginIssuers, { name: this.shared }, { signal: signal() });
    await this.mallory[Symbol.asyncDispose]();
    await this.scene[Symbol.asyncDispose]();
  }

  get issuerRef() {
    return { kind: 'ClusterOriginIssuer', name: this.shared } as const;
  }

  /** An OriginCertificate of mallory's, as `kubectl apply` makes it. */
  async ask(
    name: string,
    spec: Partial<OriginCertificate['spec']>,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<OriginCertificate> {
    return this.mallory.kube.apply(
      originCertificates,
      {
        metadata: { name, namespace: this.mallory.namespace, annotations },
        spec: { secretName: `${name}-tls`, hostnames: [NAMES.mallory], issuerRef: this.issuerRef, ...spec },
      } as OriginCertificate,
      write('mallory'),
    );
  }

  /** A Secret that mallory puts into their own namespace. */
  async plant({ metadata, ...rest }: Secret): Promise<Secret> {
    const own = { ...metadata, namespace: this.mallory.namespace };
    return this.mallory.kube.create(secrets, { ...rest, metadata: own }, write('mallory'));
  }

  async secretOfMallory(name: string): Promise<Secret | undefined> {
    return this.mallory.kube.get(secrets, { name, namespace: this.mallory.namespace }, { signal: signal() });
  }
}
