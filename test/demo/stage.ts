import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { type ControlPlane, startControlPlane } from '../programs/control-plane.ts';
import { Simulator } from '../simulator/client.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests, type Manifest } from '../support/manifests.ts';
import { OperatorProcess } from '../support/operator-process.ts';
import { KubectlGet } from './kubectl.ts';
import { Origin } from './origin.ts';

/** Where the site lives, and what it is called. */
export const NAMESPACE = 'web';
export const HOST = 'example.com';

const ADDRESS = '203.0.113.10';
const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const OPERATOR_ACCOUNT = 'originca-system:origin-ca-operator';
/** So that a lost answer is settled within seconds and not within a minute; and the origin is on this machine. */
export const SHORT_WAITS = [
  '--cloudflare-post-timeout=1s',
  '--settle=1s',
  '--zone-interval=1s',
  '--probe-allow-cidr=127.0.0.0/8',
] as const;

/** A cluster, Cloudflare and an origin: everything but the operator. */
export interface Stage {
  readonly plane: ControlPlane;
  /** Cluster administrator. */
  readonly kube: KubeClient;
  readonly kubectl: KubectlGet;
  readonly simulator: Simulator;
  /** Id of the zone at Cloudflare. */
  readonly zoneId: string;
  readonly token: string;
  readonly origin: Origin;
}

/** Starts all of it; `stack` ends it. */
export async function setStage(stack: AsyncDisposableStack): Promise<Stage> {
  const [plane, simulator] = await Promise.all([
    startControlPlane({ crds: CRDS }).then((started) => {
      stack.defer(() => started.stop());
      return started;
    }),
    Simulator.start().then((started) => stack.use(started)),
  ]);
  const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: plane.kubeconfigPath, env: {} }));
  stack.defer(() => kube.close());
  const kubectl = stack.use(await KubectlGet.connect(plane));
  await applyManifests(kube, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const { id: zoneId } = await simulator.seedZone({ name: HOST, ssl: 'strict' });
  const { value: token } = await simulator.seedToken({ zones: [zoneId] });
  await simulator.seedRecord(zoneId, { name: HOST, content: ADDRESS });
  const onError = (error: unknown): void => {
    process.stderr.write(`origin: ${error instanceof Error ? error.message : String(error)}\n`);
  };
  const origin = stack.use(await Origin.start({ client: kube, namespace: NAMESPACE, onError }));
  await simulator.mapOrigin({
    content: ADDRESS,
    https: `127.0.0.1:${origin.port}`,
    http: `127.0.0.1:${origin.httpPort}`,
  });
  return { plane, kube, kubectl, simulator, zoneId, token, origin };
}

/** Installs `deploy/` and runs the operator under the rights that it grants; there is no node to run its pods on. */
export async function installOperator(
  { plane, kube, simulator }: Stage,
  stack: AsyncDisposableStack,
): Promise<{ operator: OperatorProcess; installed: readonly Manifest[] }> {
  const installed = await applyManifests(kube, await kustomizeBuild('deploy'));
  const kubeconfig = await plane.kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
  const operator = await OperatorProcess.start({ kubeconfig, simulator, flags: SHORT_WAITS });
  stack.defer(async () => {
    await operator.stop();
  });
  return { operator, installed };
}
