import { expect, test } from 'vitest';
import type { ConfigMap } from '../../../src/kube/object.ts';
import { configMaps } from '../../../src/kube/resource.ts';
import { testNamespace } from '../../support/cluster.ts';
import { kubeClient } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';

test('the health checks join what Argo CD is configured with, and take nothing of it away', async () => {
  const namespace = await testNamespace('argocd');
  const kube = await kubeClient();
  const signal = AbortSignal.timeout(10_000);
  const metadata = { name: 'argocd-cm', namespace, labels: { 'app.kubernetes.io/part-of': 'argocd' } };
  const data = { url: 'https://argocd.example.com' };
  await kube.create(configMaps, { metadata, data }, { signal, fieldManager: 'argocd-install' });

  const [built, ...others] = (await kustomizeBuild('deploy/argocd')) as [ConfigMap, ...ConfigMap[]];
  expect(others).toEqual([]);
  const body = { ...built, metadata: { ...built.metadata, namespace } };
  // Without force: what conflicted with somebody else's field would be refused.
  const applied = await kube.apply(configMaps, body, { signal, fieldManager: 'kubectl', force: false });
  expect(applied.data).toEqual({ ...built.data, ...data });
  expect(Object.keys(built.data ?? {})).toHaveLength(4);
  await kube.close();
});
