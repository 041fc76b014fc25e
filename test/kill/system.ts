import { LEASE } from '../../src/election.ts';
import { leases, secrets } from '../../src/kube/resource.ts';
import { allowLease } from '../e2e/operator/leadership.ts';
import { ofScene } from '../support/scene-label.ts';
import type { Lane } from './lane.ts';

/** The operator's namespace: `deploy/` lets it keep client certificates there alone. */
export const SYSTEM_NAMESPACE = 'originca-system';

/**
 * Where a request of the lane's operator goes: OriginZones are cluster-scoped and others would be seen, and all lanes
 * would fight over the one Lease of the operator's namespace.
 */
export function ownPath(path: string, namespace: string): string {
  return ofScene(path, namespace).replace(
    `/namespaces/${SYSTEM_NAMESPACE}/leases`,
    `/namespaces/${namespace}/leases`,
  );
}

/** What the operator is to find in its namespace: a Lease, which is the lane's own, and a token for zones. */
export async function prepareSystem(
  { namespace, simulator, zoneToken, ring: { kube } }: Lane,
  stack: AsyncDisposableStack,
): Promise<void> {
  const write = () => ({ signal: AbortSignal.timeout(60_000), fieldManager: 'test' });
  await allowLease({ kube, namespace });
  await kube.create(leases, { metadata: { name: LEASE, namespace }, spec: {} }, write());
  const { value } = await simulator.seedToken();
  const token = { name: zoneToken, namespace: SYSTEM_NAMESPACE };
  const data = { 'api-token': Buffer.from(value).toString('base64') };
  await kube.create(secrets, { metadata: token, data }, write());
  stack.defer(async () => {
    await kube.delete(secrets, token, write());
  });
}
