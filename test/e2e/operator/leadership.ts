import { applyManifests } from '../../support/manifests.ts';
import type { Scene } from '../../support/scene.ts';

/** Lets the deployed ServiceAccount hold a Lease in the scene's namespace too, so that no other test contends for it. */
export async function allowLease({ kube, namespace }: Pick<Scene, 'kube' | 'namespace'>): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: 'origin-ca-operator-leader', namespace };
  const role = {
    apiVersion: `${group}/v1`,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'patch'] }],
  };
  const binding = {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: 'origin-ca-operator', namespace: 'originca-system' }],
  };
  await applyManifests(kube, [role, binding]);
}
