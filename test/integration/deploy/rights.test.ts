import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { AdminClient } from '../../programs/admin-client.ts';
import { cluster, testNamespace } from '../../support/cluster.ts';
import { kubeClient, OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';
import { applyManifests, type Manifest } from '../../support/manifests.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

interface AccessReview {
  readonly status: { readonly allowed: boolean };
}

let admin: KubeClient;
let asker: AdminClient;
let namespace: string;

beforeAll(async () => {
  admin = await kubeClient();
  asker = await AdminClient.connect(cluster());
  await applyManifests(admin, await kustomizeBuild('deploy'));
  namespace = await testNamespace('rights');
});

afterAll(async () => {
  await Promise.all([admin.close(), asker.close()]);
});

/** A request in words: `verb resource[/subresource][.group]`, in a namespace or in none. */
async function may(user: string, words: string, where: string | undefined): Promise<boolean> {
  const [verb = '', target = ''] = words.split(' ');
  const [path = '', ...group] = target.split('.');
  const [resource, subresource] = path.split('/');
  const resourceAttributes = { verb, resource, subresource, group: group.join('.'), namespace: where };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  };
  // A review is answered and not stored, so it is no object to src/kube's client.
  const { status } = (await asker.call({ method: 'POST', path: ACCESS_REVIEWS, body })) as AccessReview;
  return status.allowed;
}

async function allowed(
  user: string,
  requests: readonly string[],
  where: string | undefined,
): Promise<string[]> {
  const answers = await Promise.all(requests.map((request) => may(user, request, where)));
  return requests.filter((_, i) => answers[i]);
}

describe('people', () => {
  const all = ['origincertificates', 'originissuers'].flatMap((kind) =>
    ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'].map(
      (verb) => `${verb} ${kind}.originca.dev`,
    ),
  );
  const reading = all.filter((request) => /^(get|list|watch) /.test(request));
  const status = ['update', 'patch'].flatMap((verb) =>
    ['origincertificates', 'originissuers'].map((kind) => `${verb} ${kind}/status.originca.dev`),
  );
  const cluster = ['get', 'create', 'patch', 'delete'].map(
    (verb) => `${verb} clusteroriginissuers.originca.dev`,
  );

  test.each([
    ['view', reading],
    ['edit', all],
    ['admin', all],
  ])('with the role %s in a namespace may do what it says to our kinds there', async (role, expected) => {
    const user = `${role}@${namespace}`;
    await applyManifests(admin, [binding(role, user)]);
    // The controller manager gathers the rules of such a role some moments after a part of it was stored.
    await waitFor(
      `${user} to have the rights of ${role}`,
      async () => {
        const now = await allowed(user, all, namespace);
        return now.length === expected.length || new NotYet(now);
      },
      { timeoutMs: 30_000 },
    );
    expect(await allowed(user, all, namespace)).toEqual(expected);
    expect(await allowed(user, [...all, ...cluster], undefined)).toEqual([]);
    expect(await allowed(user, status, namespace)).toEqual([]);
  });

  function binding(role: string, user: string): Manifest {
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: role, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    } as Manifest;
  }
});

/** What the operator asks for in a watched namespace. */
const work = [
  ...['get', 'list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} secrets`),
  ...['get', 'list', 'watch'].map((verb) => `${verb} origincertificates.originca.dev`),
  ...['list', 'watch'].map((verb) => `${verb} originissuers.originca.dev`),
  'list certificates.cert-manager.io',
  'patch origincertificates/status.originca.dev',
  'patch origincertificates.originca.dev', // its finalizer
  'patch originissuers/status.originca.dev',
  'create events.events.k8s.io',
  'patch events.events.k8s.io',
  'get namespaces',
];
const clusterWork = [
  ...['list', 'watch'].map((verb) => `${verb} clusteroriginissuers.originca.dev`),
  'patch clusteroriginissuers/status.originca.dev',
  ...['get', 'list', 'watch'].map((verb) => `${verb} originzones.originca.dev`),
  'patch originzones/status.originca.dev',
  'list ingresses.networking.k8s.io',
  ...['gateways', 'httproutes'].map((kind) => `list ${kind}.gateway.networking.k8s.io`),
  ...['get', 'create', 'patch'].map((verb) => `${verb} configmaps`),
];
const never = [
  'update secrets',
  'deletecollection secrets',
  'create origincertificates.originca.dev',
  'update origincertificates.originca.dev',
  'delete origincertificates.originca.dev',
  'delete originissuers.originca.dev',
  'get originissuers.originca.dev',
  'list namespaces',
  'get pods',
  'create pods',
  'list configmaps',
  'delete configmaps',
  'patch originzones.originca.dev',
  'delete originzones.originca.dev',
  'get ingresses.networking.k8s.io',
  'patch ingresses.networking.k8s.io',
  'patch httproutes.gateway.networking.k8s.io',
  'create serviceaccounts/token',
  'impersonate users',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'get leases.coordination.k8s.io',
  'patch validatingadmissionpolicies.admissionregistration.k8s.io',
];

const operator = `system:serviceaccount:${OPERATOR_ACCOUNT}`;

describe("the operator's account", () => {
  test('may do its work in every namespace, and nothing else', async () => {
    const everything = [...work, ...clusterWork, ...never];
    expect(await allowed(operator, everything, undefined)).toEqual([...work, ...clusterWork]);
  });

  test('may hold its Lease and no other', async () => {
    const leases = ['get', 'create', 'patch', 'update', 'delete', 'list'].map(
      (verb) => `${verb} leases.coordination.k8s.io`,
    );
    expect(await allowed(operator, leases, 'originca-system')).toEqual(['create leases.coordination.k8s.io']);
    expect(await allowed(operator, leases, namespace)).toEqual([]);
  });

  test('may do its work in chosen namespaces only, where it has Roles instead', async () => {
    const [watched, other] = await Promise.all([testNamespace('team'), testNamespace('team')]);
    const account = `chosen-${watched}`;
    await applyManifests(admin, await rolesFor(account, watched));
    const user = `system:serviceaccount:originca-system:${account}`;
    const everything = [...work, ...clusterWork, ...never];
    // The API server knows of a role some moments after it was stored.
    await waitFor(`${account} to have rights`, async () => (await allowed(user, work, watched)).length > 0, {
      timeoutMs: 30_000,
    });
    expect(await allowed(user, everything, watched)).toEqual(work);
    expect(await allowed(user, everything, other)).toEqual([]);
    expect(await allowed(user, everything, undefined)).toEqual([]);
  });

  /** The overlay's rights on team-a, given to another account on another namespace: the real one has them anyway. */
  async function rolesFor(account: string, watched: string): Promise<Manifest[]> {
    const objects = await kustomizeBuild('deploy/overlays/namespaced');
    expect(objects.filter(({ kind }) => kind === 'ClusterRoleBinding')).toEqual([]);
    return objects
      .filter(({ metadata }) => metadata.namespace === 'team-a')
      .map((object) => {
        const text = JSON.stringify({ ...object, metadata: { ...object.metadata, namespace: watched } });
        const subject = '"kind":"ServiceAccount","name":"origin-ca-operator"';
        return JSON.parse(text.replace(subject, `"kind":"ServiceAccount","name":"${account}"`)) as Manifest;
      });
  }
});
