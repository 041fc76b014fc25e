import { expect, test } from 'vitest';
import {
  API_VERSION,
  ANNOTATION,
  ORIGIN_PULL_SECRET_SUFFIX,
  ORIGIN_PULL_SECRET_TYPE,
  PENDING_SECRET_PREFIX,
  PENDING_SECRET_TYPE,
  SECRET_KEY,
} from '../../../src/api/names.ts';
import { parseConfig } from '../../../src/config.ts';
import { type Manifest, readManifests } from '../../support/manifests.ts';
import { readCrds } from '../../support/crds.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

async function rulesOf(file: string): Promise<readonly Rule[]> {
  const [role] = (await readManifests(file)) as [Manifest & { readonly rules: readonly Rule[] }];
  return role.rules;
}

/** `verb group/resource`, sorted. */
function rights(rules: readonly Rule[]): string[] {
  const each = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
    ),
  );
  return each.toSorted();
}

/** Of cluster-scoped kinds, which are off where only Roles are granted, or needed for them alone. */
const OF_CLUSTER_KINDS = /\/(clusteroriginissuers|originzones|configmaps|ingresses|gateways|httproutes)\b/;

test('a watched namespace grants what the cluster role grants, less what cluster-scoped kinds need', async () => {
  const cluster = rights(await rulesOf('deploy/cluster-role.yaml'));
  const inNamespace = cluster.filter((right) => !OF_CLUSTER_KINDS.test(right));
  expect(rights(await rulesOf('deploy/overlays/namespaced/watched/role.yaml'))).toEqual(inNamespace);
});

test('no right is granted by a wildcard', async () => {
  const files = ['cluster-role.yaml', 'base/leader-role.yaml', 'base/aggregated-roles.yaml'];
  const granted = await Promise.all(files.map(async (file) => rights(await rulesOf(`deploy/${file}`))));
  expect(granted.flat().filter((right) => right.includes('*'))).toEqual([]);
});

test('the policies speak of the account and of the names that the operator uses', async () => {
  const [policy, , mapPolicy] = await readManifests('deploy/base/secret-policy.yaml');
  const [account] = await readManifests('deploy/base/service-account.yaml');
  const text = JSON.stringify(policy);
  const { namespace, name } = account?.metadata ?? {};
  expect(text).toContain(`'system:serviceaccount:${namespace}:${name}'`);
  const words = [
    ANNOTATION.certificate,
    ANNOTATION.adopted,
    ANNOTATION.originZone,
    PENDING_SECRET_PREFIX,
    PENDING_SECRET_TYPE,
    ORIGIN_PULL_SECRET_SUFFIX,
    ORIGIN_PULL_SECRET_TYPE,
    SECRET_KEY.certificate,
    SECRET_KEY.privateKey,
    SECRET_KEY.combinedPem,
    SECRET_KEY.caBundle,
  ];
  for (const word of words) expect(text).toContain(`'${word}'`);
  const ofMaps = JSON.stringify(mapPolicy);
  expect(ofMaps).toContain(`'system:serviceaccount:${namespace}:${name}'`);
  for (const word of [ANNOTATION.originZone, SECRET_KEY.caBundle]) expect(ofMaps).toContain(`'${word}'`);
});

test('a pod runs without any privilege and with a bounded share of the machine', async () => {
  const [deployment] = await readManifests('deploy/base/deployment.yaml');
  expect(deployment).toMatchObject({
    spec: {
      replicas: 2,
      template: {
        spec: {
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              resources: {
                requests: { cpu: expect.any(String), memory: expect.any(String) },
                limits: { memory: expect.any(String) },
              },
            },
          ],
        },
      },
    },
  });
});

interface Workload extends Manifest {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] };
    };
  };
}

test('the arguments of a pod are flags that the operator knows, after the program', async () => {
  const [deployment] = (await readManifests('deploy/base/deployment.yaml')) as [Workload];
  const { args } = deployment.spec.template.spec.containers[0];
  const program = args.indexOf('/app/main.js');
  expect(args.slice(0, program)).toEqual(['--max-semi-space-size=4', '--max-old-space-size=192']);
  const flags = args.slice(program + 1);
  expect(parseConfig(flags, { env: {}, isTty: false })).toMatchObject({
    action: 'run',
    config: {
      leaderElect: true,
      operatorNamespace: deployment.metadata.namespace,
      metricsAddress: { port: 8080 },
    },
  });
});

test('every kind is granted under the name and group of its CRD', async () => {
  const granted = rights(await rulesOf('deploy/cluster-role.yaml'));
  const [group] = API_VERSION.split('/');
  for (const { plural } of await readCrds()) {
    expect(granted).toContain(`watch ${group}/${plural}`);
    expect(granted).toContain(`patch ${group}/${plural}/status`);
  }
});
