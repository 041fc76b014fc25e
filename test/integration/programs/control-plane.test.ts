import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AdminClient } from '../../programs/admin-client.ts';
import { cluster, testNamespace } from '../../support/cluster.ts';
import { kubeClient } from '../../support/kube-clients.ts';
import { namespaces, secrets } from '../../../src/kube/resource.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const TIMEOUT = { timeoutMs: 20_000 };
let admin: AdminClient;
let namespace: string;

beforeAll(async () => {
  admin = await AdminClient.connect(cluster());
  namespace = await testNamespace('programs');
});
afterAll(() => admin.close());

interface Stored {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly rules?: readonly unknown[];
}

const get = async (path: string): Promise<Stored> => (await admin.call({ method: 'GET', path })) as Stored;
const post = async (path: string, body: unknown): Promise<Stored> =>
  (await admin.call({ method: 'POST', path, body })) as Stored;
const core = (path: string): string => `/api/v1/namespaces/${namespace}/${path}`;

function configMap(name: string, owner?: Stored): unknown {
  const ownerReferences = owner && [
    { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid },
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(ownerReferences && { ownerReferences }) },
  };
}

/** Waits until the server no longer has this object. */
async function absent(path: string): Promise<boolean> {
  const probe = (): Promise<true | NotYet> =>
    get(path).then(
      (seen) => new NotYet(seen),
      (error: unknown) =>
        error instanceof Error && error.message.includes('not found') ? true : new NotYet(error),
    );
  return waitFor(`${path} to be gone`, probe, TIMEOUT);
}

describe('the shared control plane', () => {
  test('runs the version that was asked for and serves our kinds', async () => {
    const said = (await admin.call({ method: 'GET', path: '/version' })) as { gitVersion: string };
    expect(said.gitVersion).toBe(`v${cluster().version}`);
    expect(cluster().version).toMatch(`${process.env['KUBERNETES_VERSION'] ?? '1.36'}.`);
    const group = (await admin.call({ method: 'GET', path: '/apis/originca.dev/v1alpha1' })) as {
      resources: { name: string }[];
    };
    expect(group.resources.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['origincertificates', 'originissuers', 'clusteroriginissuers']),
    );
  });

  test('admits a user to just what RBAC grants', async () => {
    const user = { user: `jane-${namespace}`, groups: ['developers'] };
    const client = await kubeClient(user);
    const read = (): Promise<unknown> =>
      client.list(secrets, { namespace, signal: AbortSignal.timeout(10_000) }).then(
        ({ items }) => items.length,
        (error: unknown) => (error instanceof Error ? error.message : error),
      );
    try {
      expect(await read()).toContain(`User "jane-${namespace}" cannot list resource "secrets"`);
      await post(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
        metadata: { name: 'jane' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'developers' }],
      });
      const listed = async (): Promise<true | NotYet> => {
        const seen = await read();
        return seen === 0 || new NotYet(seen);
      };
      expect(await waitFor('the grant to work', listed, TIMEOUT)).toBe(true);
      await expect(client.list(namespaces, { signal: AbortSignal.timeout(10_000) })).rejects.toThrow(
        'cannot list',
      );
    } finally {
      await client.close();
    }
  });

  test('gives a service account a token and what a pod would find mounted', async () => {
    await post(core('serviceaccounts'), { metadata: { name: 'robot' } });
    const dir = await cluster().inClusterDir({ serviceAccount: `${namespace}:robot` });
    expect(await readFile(join(dir, 'namespace'), 'utf8')).toBe(namespace);
    expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(
      await readFile(join(cluster().dir, 'ca.crt'), 'utf8'),
    );
    const token = await readFile(join(dir, 'token'), 'utf8');
    const review = (await admin.call({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { spec: { token } },
    })) as { status: { authenticated: boolean; user: { username: string } } };
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:robot` },
    });
  });

  test('refuses a service account that is not there, or not written as namespace:name', async () => {
    const ask = (serviceAccount: string): Promise<string> => cluster().kubeconfigFor({ serviceAccount });
    await expect(ask(`${namespace}:nobody`)).rejects.toThrow('serviceaccounts "nobody" not found');
    await expect(ask('robot')).rejects.toThrow("service account 'robot' is not of the form namespace:name");
  });

  test('writes who did what, and with what result, to the audit log', async () => {
    const name = `audited-${namespace}`;
    await post(core('configmaps'), configMap(name));
    await expect(post(core('configmaps'), configMap(name))).rejects.toThrow('already exists');
    const logged = async (): Promise<unknown[] | NotYet> => {
      const lines = (await readFile(cluster().auditLogPath, 'utf8')).trimEnd().split('\n');
      const about = lines.filter((line) => line.includes(namespace) && line.includes('"configmaps"'));
      const creations = about
        .map((line) => JSON.parse(line) as AuditEvent)
        .filter(({ verb }) => verb === 'create');
      const codes = creations
        .filter(({ user }) => user.username === 'admin')
        .map(({ responseStatus: { code } }) => code);
      return codes.includes(201) && codes.includes(409) ? creations : new NotYet(creations);
    };
    const [event] = await waitFor('both writes in the audit log', logged, TIMEOUT);
    expect(event).toMatchObject({ level: 'Metadata', objectRef: { resource: 'configmaps', namespace } });
    expect(event).not.toHaveProperty('requestObject');
  });
});

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly responseStatus: { readonly code: number };
}

describe('its controllers', () => {
  test('collect what an owner leaves behind', async () => {
    const owner = await post(core('configmaps'), configMap('owner'));
    await post(core('configmaps'), configMap('owned', owner));
    await admin.call({ method: 'DELETE', path: core('configmaps/owner') });
    expect(await absent(core('configmaps/owned'))).toBe(true);
  });

  test('empty and remove a deleted namespace', async () => {
    const doomed = await testNamespace('doomed');
    await post(`/api/v1/namespaces/${doomed}/configmaps`, configMap('content'));
    await admin.call({ method: 'DELETE', path: `/api/v1/namespaces/${doomed}` });
    expect(await absent(`/api/v1/namespaces/${doomed}`)).toBe(true);
  });

  test('give every namespace its service account and the CA of the cluster', async () => {
    const account = await waitFor(
      'the default service account',
      () => get(core('serviceaccounts/default')),
      TIMEOUT,
    );
    expect(account.metadata.name).toBe('default');
    const ca = await waitFor('the CA', () => get(core('configmaps/kube-root-ca.crt')), TIMEOUT);
    expect(ca.data?.['ca.crt']).toBe(await readFile(join(cluster().dir, 'ca.crt'), 'utf8'));
  });

  test('put a token into a service account token Secret', async () => {
    await post(core('serviceaccounts'), { metadata: { name: 'old-fashioned' } });
    const annotations = { 'kubernetes.io/service-account.name': 'old-fashioned' };
    await post(core('secrets'), {
      metadata: { name: 'token', annotations },
      type: 'kubernetes.io/service-account-token',
    });
    const token = async (): Promise<string | NotYet> => {
      const { data } = await get(core('secrets/token'));
      return data?.['token'] ?? new NotYet(Object.keys(data ?? {}));
    };
    expect(await waitFor('the token', token, TIMEOUT)).toMatch(/\w+/);
  });

  test('aggregate cluster roles', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const aggregateLabel = { [`test/${namespace}`]: 'true' };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
    await post(path, {
      metadata: { name: `${namespace}-sum` },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateLabel }] },
      rules: [],
    });
    await post(path, { metadata: { name: `${namespace}-part`, labels: aggregateLabel }, rules });
    try {
      const filled = async (): Promise<readonly unknown[] | NotYet> => {
        const sum = await get(`${path}/${namespace}-sum`);
        return sum.rules?.length ? sum.rules : new NotYet(sum);
      };
      expect(await waitFor('the rules of the part', filled, TIMEOUT)).toEqual(rules);
    } finally {
      for (const name of ['sum', 'part'])
        await admin.call({ method: 'DELETE', path: `${path}/${namespace}-${name}` });
    }
  });

  test('keep account of quotas, which the API server then enforces', async () => {
    const quiet = await testNamespace('quota');
    const hard = { 'count/secrets': '1' };
    await post(`/api/v1/namespaces/${quiet}/resourcequotas`, { metadata: { name: 'few' }, spec: { hard } });
    // The API server refuses only once it has seen what the controller counted.
    const refused = (): Promise<string | NotYet> =>
      post(`/api/v1/namespaces/${quiet}/secrets`, { metadata: { generateName: 'one-more-' } }).then(
        (seen) => new NotYet(seen),
        (error: unknown) => (error instanceof Error ? error.message : new NotYet(error)),
      );
    expect(await waitFor('a refusal', refused, TIMEOUT)).toContain('exceeded quota: few');
  });
});

test('a ValidatingAdmissionPolicy is enforced', async () => {
  const path = '/apis/admissionregistration.k8s.io/v1';
  const name = `no-secrets.${namespace}`;
  await post(`${path}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] },
        ],
      },
      validations: [{ expression: "object.metadata.name != 'bad'", message: 'no such name here' }],
    },
  });
  await post(`${path}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  try {
    const refused = (): Promise<string | NotYet> =>
      admin
        .call({ method: 'POST', path: `${core('secrets')}?dryRun=All`, body: { metadata: { name: 'bad' } } })
        .then(
          (seen) => new NotYet(seen),
          (error: unknown) => (error instanceof Error ? error.message : new NotYet(error)),
        );
    expect(await waitFor('the policy to be enforced', refused, TIMEOUT)).toContain('no such name here');
  } finally {
    for (const kind of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']) {
      await admin.call({ method: 'DELETE', path: `${path}/${kind}/${name}` });
    }
  }
});
