import { randomBytes } from 'node:crypto';
import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import { testNamespace } from './cluster.ts';
import { kubeClient } from './kube-clients.ts';
import { applyManifests, type Manifest } from './manifests.ts';
import { NotYet, waitFor } from './wait.ts';

/** A person with the shipped role `edit` in a namespace of their own, and nothing else. */
export interface Tenant extends AsyncDisposable {
  readonly namespace: string;
  /** Speaks with the person's own client certificate. */
  readonly kube: KubeClient;
}

const signal = (): AbortSignal => AbortSignal.timeout(15_000);

/** Wants the manifests of `deploy/` to be applied, as a scene does. */
export async function tenant(admin: KubeClient, prefix: string): Promise<Tenant> {
  const namespace = await testNamespace(prefix);
  const user = `${prefix}-${randomBytes(4).toString('hex')}`;
  await applyManifests(admin, [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'edit', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    } as Manifest,
  ]);
  const kube = await kubeClient({ user, groups: ['system:authenticated'] });
  // The controller manager gathers the rules of such a role some moments after a part of it was stored.
  await waitFor(
    `${user} to have the rights of edit`,
    async () => {
      const body = { metadata: { name: 'rights', namespace }, spec: { apiTokenSecretRef: { name: 'x' } } };
      const options = { signal: signal(), fieldManager: 'test', dryRun: true };
      try {
        return await kube.create(originIssuers, body as never, options);
      } catch (error) {
        return new NotYet(error);
      }
    },
    { timeoutMs: 30_000 },
  );
  return { namespace, kube, [Symbol.asyncDispose]: () => kube.close() };
}

/** Why the API server refuses; fails where it does not. */
export async function refusedBy(attempt: Promise<unknown>): Promise<KubeError['kind']> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof KubeError) return error.kind;
    throw error;
  }
  throw new Error('it was not refused');
}

/** Waits until a condition of an OriginCertificate has this reason, and resolves to what it says. */
export async function said(
  kube: KubeClient,
  ref: { readonly name: string; readonly namespace: string },
  reason: string,
  type = 'Ready',
): Promise<string> {
  const found = await waitFor(
    `${type} ${reason} on ${ref.namespace}/${ref.name}`,
    async () => {
      const seen: OriginCertificate | undefined = await kube.get(originCertificates, ref, {
        signal: signal(),
      });
      const condition = seen?.status?.conditions?.find((each) => each.type === type);
      const isCurrent = condition?.observedGeneration === seen?.metadata.generation;
      return condition?.reason === reason && isCurrent ? condition : new NotYet(seen?.status ?? 'no status');
    },
    { timeoutMs: 30_000 },
  );
  return found.message;
}
