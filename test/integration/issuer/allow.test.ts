import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterOriginIssuer } from '../../../src/api/v1alpha1.ts';
import { namespaces, secrets } from '../../../src/kube/resource.ts';
import { clusterOriginIssuers } from '../../../src/resources.ts';
import { testNamespace } from '../../support/cluster.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { clusterIssuer, untilReady } from './issuers.ts';

let scene: Scene;
/** Where this operator has the tokens of cluster issuers. */
let operatorNamespace: string;
/** Cluster-wide, so it bears the name of this file's namespace. */
let name: string;

const write = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'test', force: true });

beforeAll(async () => {
  scene = await Scene.start('allow', { zones: ['example.com', 'example.org'] });
  operatorNamespace = await testNamespace('allow-operator');
  name = scene.namespace;
  await scene.startOperator({ flags: ['--cluster-kinds', `--operator-namespace=${operatorNamespace}`] });
});

afterAll(async () => {
  await scene.kube.delete(clusterOriginIssuers, { name }, { signal: AbortSignal.timeout(10_000) });
  await scene[Symbol.asyncDispose]();
});

async function allow(rules: ClusterOriginIssuer['spec']['allow']): Promise<void> {
  await scene.apply(clusterOriginIssuers, {
    metadata: { name, labels: { [SCENE_LABEL]: scene.namespace } },
    spec: { apiTokenSecretRef: { name: 'cluster-token' }, allow: rules },
  });
}

async function label(labels: Readonly<Record<string, string>>): Promise<void> {
  await scene.kube.apply(namespaces, { metadata: { name: scene.namespace, labels } }, write());
}

function asked(certificate: string, hostnames: readonly string[]): Promise<object> {
  const issuerRef = { kind: 'ClusterOriginIssuer', name } as const;
  return scene.applyCertificate(certificate, { hostnames: [...hostnames], issuerRef });
}

async function refusal(certificate: string): Promise<string> {
  const { status } = await scene.condition(certificate, 'Ready', 'HostnameNotAllowed', 'False');
  expect(status?.conditions?.find(({ type }) => type === 'Stalled')).toMatchObject({ status: 'True' });
  return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

describe('a ClusterOriginIssuer', () => {
  test('reads its token in the namespace of the operator, and nowhere else', async () => {
    await scene.putToken(scene.token.value, 'cluster-token');
    await allow([{ namespaceSelector: {}, hostnames: ['example.org'] }]);
    const found = await untilReady(() => clusterIssuer(scene, name), {
      status: 'False',
      reason: 'CredentialsMissing',
    });
    expect(found.status?.conditions?.[0]?.message).toContain(
      `There is no Secret cluster-token in namespace ${operatorNamespace}.`,
    );
    await asked('early', ['early.example.net']);
    const { status } = await scene.condition('early', 'Ready', 'IssuerNotReady', 'False');
    const told = status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
    expect(told).toContain(`ClusterOriginIssuer ${name} is not ready: its API token is missing.`);
    expect(told).not.toMatch(new RegExp(`cluster-token|${operatorNamespace}`));
    const data = { 'api-token': Buffer.from(scene.token.value).toString('base64') };
    const metadata = { name: 'cluster-token', namespace: operatorNamespace };
    await scene.kube.apply(secrets, { metadata, data }, write());
    // A changed spec is looked at at once; the Secret alone within 60 s.
    await allow([{ namespaceSelector: {}, hostnames: ['example.org', '*.example.org'] }]);
    await untilReady(() => clusterIssuer(scene, name), { status: 'True', reason: 'Checked' });
  });

  test('issues to every namespace where the selector is empty', async () => {
    await asked('open', ['example.org', '*.deep.example.org']);
    const { status } = await scene.settled('open');
    expect(status?.certificate?.hostnames.toSorted()).toEqual(['*.deep.example.org', 'example.org']);
  });

  test('refuses before any POST what no rule covers, and names who may have it', async () => {
    await allow([
      { namespaceSelector: { matchLabels: { team: 'web' } }, hostnames: ['example.com'] },
      {
        namespaceSelector: {
          matchExpressions: [
            { key: 'tier', operator: 'In', values: ['front', 'edge'] },
            { key: 'frozen', operator: 'DoesNotExist' },
          ],
        },
        hostnames: ['*.example.com'],
      },
    ]);
    const before = await scene.posts();
    await asked('apex', ['example.com']);
    expect(await refusal('apex')).toContain(
      `ClusterOriginIssuer ${name} does not let namespace ${scene.namespace} ask for example.com. ` +
        'example.com is allowed to namespaces with labels team=web.',
    );
    await asked('below', ['a.example.com', 'b.example.com']);
    expect(await refusal('below')).toContain(
      'ask for a.example.com, b.example.com. a.example.com is allowed to namespaces with labels tier In (front, edge), frozen DoesNotExist.',
    );
    await asked('nobody', ['example.org']);
    expect(await refusal('nobody')).toContain('example.org is allowed to nobody.');
    expect(await scene.posts()).toBe(before);
  });

  test('lets a namespace have what its labels earn it, by label or by expression', async () => {
    await label({ team: 'web', tier: 'edge' });
    await asked('apex-labelled', ['example.com']);
    await asked('below-labelled', ['a.example.com']);
    await scene.settled('apex-labelled');
    await scene.settled('below-labelled');
    await label({ team: 'web', tier: 'edge', frozen: 'yes' });
    await asked('below-frozen', ['c.example.com']);
    expect(await refusal('below-frozen')).toContain('frozen DoesNotExist');
  });

  test('renews no more once the labels of the namespace are others, says who may, and leaves the certificate', async () => {
    await label({ team: 'web' });
    await asked('moved', ['example.com']);
    const before = (await scene.settled('moved')).status?.certificate?.id;
    const posts = await scene.posts();
    await label({ team: 'db' });
    const issuerRef = { kind: 'ClusterOriginIssuer', name } as const;
    const renew = { 'originca.dev/renew-requested-at': 'now' };
    await scene.applyCertificate('moved', { hostnames: ['example.com'], issuerRef }, renew);
    const { status } = await scene.condition('moved', 'Issuing', 'HostnameNotAllowed', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Issuing')?.message).toContain(
      'example.com is allowed to namespaces with labels team=web.',
    );
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'True',
      reason: 'Issued',
    });
    expect(status?.certificate?.id).toBe(before);
    expect((await scene.issued()).map(({ id }) => id)).toContain(before);
    expect(await scene.posts()).toBe(posts);
    await label({ team: 'web' });
    // Asked for anew, it is looked at at once.
    await scene.applyCertificate(
      'moved',
      { hostnames: ['example.com'], issuerRef },
      { ...renew, 'test/again': 'x' },
    );
    await waitFor(
      'another certificate',
      async () => {
        const { certificate } = (await scene.certificate('moved'))?.status ?? {};
        return (certificate !== undefined && certificate.id !== before) || new NotYet(certificate);
      },
      { timeoutMs: 15_000 },
    );
    await scene.settled('moved');
  });

  test.each([
    ['upper case', ['Example.com'], 'has upper-case letters'],
    ['a trailing dot', ['example.com.'], 'ends with a dot'],
    ['letters that only look alike', ['ехample.com'], 'is not ASCII'],
    ['a wildcard in the midst', ['a.*.example.com'], 'has a * elsewhere'],
    ['a bare wildcard', ['*'], 'has too few labels'],
    ['a wildcard over a whole top level', ['*.com'], 'has too few labels'],
  ])('takes no hostname with %s, neither to allow nor to ask for', async (_, hostnames, problem) => {
    await expect(asked('trick', hostnames)).rejects.toThrow(problem);
    await expect(allow([{ namespaceSelector: {}, hostnames }])).rejects.toThrow(problem);
  });

  test('is refused by the API server without allow, and with rules for nobody in particular', async () => {
    const spec = { apiTokenSecretRef: { name: 'cluster-token' } };
    await expect(
      scene.apply(clusterOriginIssuers, { metadata: { name: `${name}-x` }, spec }),
    ).rejects.toThrow(/spec.allow: Required value/);
    const without = { ...spec, allow: [{ hostnames: ['example.com'] }] };
    await expect(
      scene.apply(clusterOriginIssuers, { metadata: { name: `${name}-x` }, spec: without }),
    ).rejects.toThrow(/namespaceSelector: Required value/);
  });
});

describe('an OriginIssuer', () => {
  test('with allow refuses what is not on it before any POST, and says where to change that', async () => {
    await scene.createIssuer({ allow: [{ hostnames: ['*.example.com'] }] }, 'strict');
    const before = await scene.posts();
    await scene.applyCertificate('strict-apex', { issuerRef: { kind: 'OriginIssuer', name: 'strict' } });
    expect(await refusal('strict-apex')).toBe(
      `OriginIssuer strict does not let namespace ${scene.namespace} ask for example.com. It allows *.example.com. ` +
        'Extend spec.allow of the issuer, or take the names out of spec.hostnames.',
    );
    expect(await scene.posts()).toBe(before);
    await scene.createIssuer({ allow: [{ hostnames: ['*.example.com', 'example.com'] }] }, 'strict');
    await scene.settled('strict-apex');
  });

  test('refuses a hostname in none of the zones before any POST, and names the zones it sees', async () => {
    await scene.createIssuer({}, 'zoned');
    const before = await scene.posts();
    await scene.applyCertificate('lost', {
      hostnames: ['example.com', 'www.example.test'],
      issuerRef: { kind: 'OriginIssuer', name: 'zoned' },
    });
    const { status } = await scene.condition('lost', 'Ready', 'HostnameRejected', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'www.example.test: in none of the zones that the token of OriginIssuer zoned sees (example.com, example.org)',
    );
    expect(await scene.posts()).toBe(before);
  });
});
