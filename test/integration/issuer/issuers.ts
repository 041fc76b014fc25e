import type { ClusterOriginIssuer, OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { clusterOriginIssuers, originIssuers } from '../../../src/resources.ts';
import type { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

export type Issuer = OriginIssuer | ClusterOriginIssuer;

const WAIT_MS = 20_000;
const signal = (): AbortSignal => AbortSignal.timeout(WAIT_MS);

/** What Ready is expected to say; a string in `message` has to occur in it. */
export interface Expected {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message?: string;
}

export async function issuer(scene: Scene, name: string): Promise<OriginIssuer | undefined> {
  return scene.kube.get(originIssuers, { name, namespace: scene.namespace }, { signal: signal() });
}

export async function clusterIssuer(scene: Scene, name: string): Promise<ClusterOriginIssuer | undefined> {
  return scene.kube.get(clusterOriginIssuers, { name }, { signal: signal() });
}

export function readyOf(issuer: Issuer | undefined) {
  return conditionOf(issuer, 'Ready');
}

export function conditionOf(issuer: Issuer | undefined, type: string) {
  return issuer?.status?.conditions?.find((condition) => condition.type === type);
}

/**
 * Waits until Ready says so for the present generation.
 *
 * @param nudge called before each look, such as to let a test's clock advance.
 */
export async function untilReady<T extends Issuer>(
  read: () => Promise<T | undefined>,
  expected: Expected,
  nudge: () => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  const found = await waitFor(
    `Ready ${expected.status}, ${expected.reason}, "${expected.message ?? ''}"`,
    async () => {
      await nudge();
      const current = await read();
      const ready = readyOf(current);
      const fits =
        ready?.status === expected.status &&
        ready.reason === expected.reason &&
        ready.message.includes(expected.message ?? '') &&
        ready.observedGeneration === current?.metadata.generation;
      return fits ? current : new NotYet(current?.status ?? 'no status');
    },
    { timeoutMs: WAIT_MS },
  );
  return found as T; // waitFor's type of "truthy and no NotYet" cannot be computed for a type parameter.
}
