import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject, ObjectRef } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';
import type { Traces } from './traces.ts';

/** Whose name stands behind everything that people do. */
const USER = 'soak-user';
const TIMEOUT_MS = 20_000;

/** How people write and read. */
export const writing = () => ({
  signal: AbortSignal.timeout(TIMEOUT_MS),
  fieldManager: USER,
  force: true,
});

/** A patch of people's. Resolves to whether it changed anything. */
export async function patch<T extends KubeObject>(
  kube: KubeClient,
  traces: Traces,
  resource: Resource<T>,
  ref: ObjectRef,
  body: object,
  subresource?: 'status',
): Promise<boolean> {
  const before = await kube.get(resource, ref, writing());
  if (before === undefined) return false;
  const options = { ...writing(), ...(subresource && { subresource }) };
  const after = await kube.mergePatch(resource, ref, body, options);
  return traces.noteChange(before.metadata, after.metadata);
}
