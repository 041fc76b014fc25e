import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { testNamespace } from '../../support/cluster.ts';
import { kubeClient } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';
import { applyManifests, type Manifest, readManifests } from '../../support/manifests.ts';
import { gatewayCrd } from '../../support/gateway-crd.ts';
import { waitFor } from '../../support/wait.ts';

let admin: KubeClient;

beforeAll(async () => {
  admin = await kubeClient();
});

afterAll(async () => {
  await admin.close();
});

interface Workload extends Manifest {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly image: string }] } };
  };
}

function image(objects: readonly Manifest[]): string | undefined {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as Workload | undefined;
  return deployment?.spec.template.spec.containers[0].image;
}

describe('kustomize', () => {
  test('builds the kinds, which the API server takes', async () => {
    const objects = await kustomizeBuild('crds');
    expect(objects.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'clusteroriginissuers.originca.dev',
      'origincertificates.originca.dev',
      'originissuers.originca.dev',
      'originzones.originca.dev',
    ]);
    await applyManifests(admin, objects);
  });

  test('builds the operator for a cluster, which the API server takes', async () => {
    const objects = await kustomizeBuild('deploy');
    expect(image(objects)).toBe('origin-ca-operator:0.1.0');
    await applyManifests(admin, objects);
  });

  test('builds the operator for chosen namespaces, which the API server takes', async () => {
    const objects = await kustomizeBuild('deploy/overlays/namespaced');
    expect(image(objects)).toBe('origin-ca-operator:0.1.0');
    // Only tried: it would take the place of the operator for the cluster, which other tests need.
    const elsewhere = await testNamespace('team');
    const moved = objects.map((object) =>
      object.metadata.namespace?.startsWith('team-')
        ? { ...object, metadata: { ...object.metadata, namespace: elsewhere } }
        : object,
    );
    await applyManifests(admin, moved, { dryRun: true });
  });
});

describe('the examples', () => {
  test.each([
    ['issuer', ['Secret', 'OriginIssuer']],
    ['certificate', ['OriginCertificate']],
    ['ingress-nginx', ['Ingress']],
  ])('%s.yaml is taken by the API server', async (name, kinds) => {
    const namespace = await testNamespace('examples');
    const stored = await applyManifests(admin, await readManifests(`deploy/examples/${name}.yaml`), {
      namespace,
    });
    expect(stored.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('zone.yaml is taken by the API server', async () => {
    // Only tried: a zone is seen by whoever watches the cluster.
    const zone = await readManifests('deploy/examples/zone.yaml');
    const stored = await applyManifests(admin, zone, { dryRun: true });
    expect(stored.map(({ kind }) => kind)).toEqual(['OriginZone']);
  });

  test("gateway.yaml is taken by an API server that has the Gateway API's kinds", async () => {
    const namespace = await testNamespace('examples');
    await applyManifests(admin, [await gatewayCrd()]);
    const gateway = await readManifests('deploy/examples/gateway.yaml');
    const stored = await waitFor(
      'the kind Gateway to be served',
      () => applyManifests(admin, gateway, { namespace }),
      { timeoutMs: 15_000 },
    );
    expect(stored.map(({ kind }) => kind)).toEqual(['Gateway']);
  });
});
