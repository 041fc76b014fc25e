import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import { events, namespaces, secrets } from '../../../src/kube/resource.ts';
import { originCertificates } from '../../../src/resources.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { type ControlPlane, startControlPlane } from '../../programs/control-plane.ts';
import { Simulator } from '../../simulator/client.ts';
import { certManagerKind } from '../../support/cert-manager-kind.ts';
import { OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';
import { applyManifests, type Manifest, readManifests } from '../../support/manifests.ts';
import { OperatorProcess } from '../../support/operator-process.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

/** A control plane of its own: in the shared one the account has the ClusterRole too, which would hide a lack. */
let controlPlane: ControlPlane;
let simulator: Simulator;
let admin: KubeClient;
let operator: OperatorProcess;

const CRDS = fileURLToPath(new URL('../../../crds', import.meta.url));
const signal = (): AbortSignal => AbortSignal.timeout(15_000);

beforeAll(async () => {
  [controlPlane, simulator] = await Promise.all([startControlPlane({ crds: CRDS }), Simulator.start()]);
  admin = await KubeClient.connect(loadKubeConfig({ kubeconfig: controlPlane.kubeconfigPath, env: {} }));
  for (const name of ['team-a', 'team-b']) {
    await admin.create(namespaces, { metadata: { name } }, { signal: signal(), fieldManager: 'test' });
  }
  await applyManifests(admin, [certManagerKind, ...(await kustomizeBuild('deploy/overlays/namespaced'))]);
  await simulator.seedZone({ name: 'example.com' });
  const { value } = await simulator.seedToken();
  for (const namespace of ['team-a', 'team-b']) {
    const examples = await readManifests('deploy/examples/issuer.yaml');
    const withToken = examples.map((example) => replaced(example, 'PUT-YOUR-API-TOKEN-HERE', value));
    await applyManifests(admin, withToken, { namespace });
  }
  operator = await OperatorProcess.start({
    kubeconfig: await controlPlane.kubeconfigFor({ serviceAccount: OPERATOR_ACCOUNT }),
    simulator,
    flags: ['--watch-namespaces=team-a,team-b'],
  });
});

afterAll(async () => {
  await operator.stop();
  await Promise.all([admin.close(), simulator.stop()]);
  await controlPlane.stop();
});

/** A manifest with one text in it replaced by another. */
function replaced(manifest: Manifest, text: string, by: string): Manifest {
  return JSON.parse(JSON.stringify(manifest).replace(text, by)) as Manifest;
}

async function conditionOf(namespace: string, name: string, reason: string): Promise<OriginCertificate> {
  const found = await waitFor(
    `Ready with reason ${reason} on ${namespace}/${name}`,
    async () => {
      const certificate = await admin.get(originCertificates, { namespace, name }, { signal: signal() });
      const ready = certificate?.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.reason === reason ? certificate : new NotYet(certificate?.status);
    },
    { timeoutMs: 20_000 },
  );
  return found;
}

test('with Roles in chosen namespaces and no ClusterRole, certificates are issued there', async () => {
  const examples = await readManifests('deploy/examples/certificate.yaml');
  for (const namespace of ['team-a', 'team-b']) await applyManifests(admin, examples, { namespace });
  for (const namespace of ['team-a', 'team-b']) await conditionOf(namespace, 'example-com', 'Issued');
});

test('a Secret that was there before is taken over, once cert-manager was asked whether it is its own', async () => {
  const served = await admin.get(
    secrets,
    { namespace: 'team-a', name: 'example-com-tls' },
    { signal: signal() },
  );
  const { data = {} } = served ?? {};
  const copy = { metadata: { namespace: 'team-a', name: 'by-hand-tls' }, type: 'kubernetes.io/tls', data };
  await admin.create(secrets, copy, { signal: signal(), fieldManager: 'test' });
  const adopting = (await readManifests('deploy/examples/certificate.yaml')).map((example) =>
    replaced(
      replaced(example, '"name":"example-com"', '"name":"by-hand"'),
      '"secretName":"example-com-tls"',
      '"secretName":"by-hand-tls","existingSecret":"Adopt"',
    ),
  );
  await applyManifests(admin, adopting, { namespace: 'team-a' });
  await conditionOf('team-a', 'by-hand', 'Issued');
  const adopted = await admin.get(
    secrets,
    { namespace: 'team-a', name: 'by-hand-tls' },
    { signal: signal() },
  );
  expect(adopted?.data).toEqual(data);
});

test('one that is to be revoked with its object is, before the object goes', async () => {
  const leaving = (await readManifests('deploy/examples/certificate.yaml')).map((example) =>
    replaced(
      replaced(example, '"name":"example-com"', '"name":"leaving"'),
      '"secretName":"example-com-tls"',
      '"secretName":"leaving-tls","secretDeletionPolicy":"Delete","revocation":{"onDelete":"Revoke"}',
    ),
  );
  await applyManifests(admin, leaving, { namespace: 'team-a' });
  const { status } = await conditionOf('team-a', 'leaving', 'Issued');
  const ref = { namespace: 'team-a', name: 'leaving' };
  await admin.delete(originCertificates, ref, { signal: signal() });
  await waitFor(
    'the object gone',
    async () => {
      const left = await admin.get(originCertificates, ref, { signal: signal() });
      return left === undefined || new NotYet(left.metadata);
    },
    { timeoutMs: 20_000 },
  );
  const all = await simulator.certificates();
  expect(all.find(({ id }) => id === status?.certificate?.id)?.revokedAt).toBeDefined();
});

test('a reference to a ClusterOriginIssuer says that this operator does not read them, and what to do', async () => {
  const spec = {
    secretName: 'by-cluster-issuer-tls',
    hostnames: ['example.com'],
    issuerRef: { kind: 'ClusterOriginIssuer', name: 'cloudflare' },
  };
  const metadata = { name: 'by-cluster-issuer' };
  const manifest = { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', metadata, spec };
  await applyManifests(admin, [manifest], { namespace: 'team-a' });
  const { status } = await conditionOf('team-a', 'by-cluster-issuer', 'IssuerNotFound');
  expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('--cluster-kinds');
});

test('what happens again is told by the same event, which counts', async () => {
  const manifests = await readManifests('deploy/examples/certificate.yaml');
  const suspend = (value: boolean) =>
    applyManifests(
      admin,
      manifests.map((manifest) => replaced(manifest, '"secretName"', `"suspend":${value},"secretName"`)),
      { namespace: 'team-b' },
    );
  for (const count of [1, 2]) {
    await suspend(true);
    await waitFor(
      `the event of a suspension to count ${count}`,
      async () => {
        const all = await admin.listAll(events, { namespace: 'team-b', signal: signal() });
        const told = all.filter(({ reason }) => reason === 'Suspended');
        return told.length === 1 && (told[0]?.series?.count ?? 1) === count ? true : new NotYet(told);
      },
      { timeoutMs: 20_000 },
    );
    await suspend(false);
    await waitFor(
      'the end of the suspension to be seen',
      async () => {
        const ref = { namespace: 'team-b', name: 'example-com' };
        const { status } = (await admin.get(originCertificates, ref, { signal: signal() })) ?? {};
        const stands = status?.conditions?.some(({ reason }) => reason === 'Suspended');
        return stands === false || new NotYet(status);
      },
      { timeoutMs: 20_000 },
    );
  }
});

test('nothing that it asked for was refused', async () => {
  const problems = (await operator.logs()).filter((line) => /forbidden/i.test(line));
  expect(problems).toEqual([]);
});
