import { fileURLToPath } from 'node:url';
import type { OriginCertificate, OriginIssuer } from '../../src/api/v1alpha1.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import type { Namespace, Secret } from '../../src/kube/object.ts';
import { namespaces, secrets } from '../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import { type ControlPlane, startControlPlane } from '../programs/control-plane.ts';
import { Simulator } from '../simulator/client.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { parallel } from './parallel.ts';

export const OPERATOR_ACCOUNT = 'originca-system:origin-ca-operator';
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_ACCOUNT}`;

const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
/** How many namespaces the certificates are spread over, where nothing else is said. */
export const NAMESPACES = 10;
/** Requests at once that keep the API server busy. */
export const WRITERS = 16;
const ISSUER = 'cloudflare';
export const write = { fieldManager: 'bench', force: true } as const;

/** A control plane with `deploy/` and a simulated Cloudflare, for one measurement. */
export interface World extends AsyncDisposable {
  readonly plane: ControlPlane;
  /** Cluster administrator. */
  readonly kube: KubeClient;
  readonly simulator: Simulator;
  /** Kubeconfig of the deployed ServiceAccount. */
  readonly operatorKubeconfig: string;
}

/** `delayMs`: how long the simulator takes for every certificate. */
export async function startWorld(delayMs: number): Promise<World> {
  const stack = new AsyncDisposableStack();
  try {
    const plane = await startControlPlane({ crds: CRDS });
    stack.defer(() => plane.stop());
    const budget = { quota: 0 };
    const simulator = stack.use(await Simulator.start({ settings: { lateSigningMs: delayMs, budget } }));
    await simulator.seedZone({ name: 'example.com' });
    const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: plane.kubeconfigPath, env: {} }));
    stack.defer(() => kube.close());
    await applyManifests(kube, await kustomizeBuild('deploy'));
    const operatorKubeconfig = await plane.kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT });
    const dispose = (): Promise<void> => stack.disposeAsync();
    return { plane, kube, simulator, operatorKubeconfig, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** The name of the namespace that the certificate of this number is in. */
export function namespaceOf(prefix: string, index: number, namespaces = NAMESPACES): string {
  return `${prefix}-${index % namespaces}`;
}

/** Namespaces, each with an issuer; all issuers have the same token, whose id is returned. */
export async function createIssuers(
  { kube, simulator }: World,
  prefix: string,
  count = NAMESPACES,
): Promise<string> {
  const { id, value } = await simulator.seedToken();
  const options = { ...write, signal: AbortSignal.timeout(60_000) };
  await parallel(count, WRITERS, async (index) => {
    const namespace = namespaceOf(prefix, index, count);
    await kube.apply(namespaces, { metadata: { name: namespace } } satisfies Namespace, options);
    const data = { 'api-token': Buffer.from(value).toString('base64') };
    await kube.apply(secrets, { metadata: { name: ISSUER, namespace }, data } satisfies Secret, options);
    const issuer = { metadata: { name: ISSUER, namespace }, spec: { apiTokenSecretRef: { name: ISSUER } } };
    // What an apply sends is no object yet: the server fills in the rest.
    await kube.apply(originIssuers, issuer as OriginIssuer, options);
  });
  return id;
}

/** Resolves when every issuer is Ready. */
export async function issuersReady({ kube }: World): Promise<void> {
  await waitFor(
    'the issuers to be Ready',
    async (signal) => {
      const all = await kube.listAll(originIssuers, { signal });
      const waiting = all.filter(({ status }) => status?.conditions?.[0]?.status !== 'True');
      return waiting.length === 0 || new NotYet(waiting[0]?.status);
    },
    { timeoutMs: 60_000 },
  );
}

/** Certificates over the ten namespaces, two hostnames each. */
export async function createCertificates({ kube }: World, prefix: string, count: number): Promise<void> {
  const options = { ...write, signal: AbortSignal.timeout(600_000) };
  await parallel(count, WRITERS, async (index) => {
    await kube.apply(originCertificates, certificateOf(namespaceOf(prefix, index), index), options);
  });
}

/** What is applied to ask for the certificate of this number. */
export function certificateOf(namespace: string, index: number): OriginCertificate {
  const name = `c-${index}`;
  const certificate = {
    metadata: { name, namespace },
    spec: {
      secretName: `${name}-tls`,
      hostnames: [`${name}.example.com`, `*.${name}.example.com`],
      issuerRef: { name: ISSUER },
    },
  };
  // What an apply sends is no object yet: the server fills in the rest.
  return certificate as unknown as OriginCertificate;
}

/** Resolves when every certificate is Ready and no issuance is under way. */
export async function allIssued(world: World, count: number): Promise<void> {
  const patience = { timeoutMs: 60_000 + count * 500, intervalMs: 200 };
  // Counting at the simulator costs the cluster nothing: it is looked at only when all has been asked for.
  await waitFor(
    `${count} POSTs`,
    async () => {
      const sent = await cloudflareRequests(world, 'createCertificate');
      return sent >= count || new NotYet(sent);
    },
    patience,
  );
  await waitFor(
    'all certificates to be Ready',
    async (signal) => {
      const all = await world.kube.listAll(originCertificates, { signal });
      const ready = all.filter(({ status }) => status?.conditions?.every(isGood));
      const selected = { labelSelector: 'originca.dev/managed=pending', signal };
      const pending = await world.kube.listAll(secrets, selected);
      return (ready.length >= count && pending.length === 0) || new NotYet([ready.length, pending.length]);
    },
    patience,
  );
}

/** Requests that the simulator got, of one operation or of all. */
export async function cloudflareRequests({ simulator }: World, operation?: string): Promise<number> {
  return (await simulator.counts())
    .filter((counted) => operation === undefined || counted.operation === operation)
    .reduce((sum, { count }) => sum + count, 0);
}

function isGood({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Ready' && status === 'True';
}
