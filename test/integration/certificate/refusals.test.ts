import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { clusterOriginIssuers } from '../../../src/resources.ts';
import { encode } from '../../../src/secret-facts.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, replaced } from './pairs.ts';
import { forbid } from './policies.ts';

let scene: Scene;
let operator: RunningOperator;
const clock = new JumpClock();
const options = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'some-tool' });

beforeAll(async () => {
  scene = await Scene.start('refusals', { zones: ['example.com', 'example.org'] });
  await scene.createIssuer();
  operator = await scene.startOperator({
    clock,
    flags: ['--cluster-kinds', `--operator-namespace=${scene.namespace}`],
  });
});

afterAll(() => scene[Symbol.asyncDispose]());

const messageOf = async (name: string): Promise<string> =>
  (await scene.certificate(name))?.status?.conditions?.find(({ type }) => type === 'Issuing')?.message ?? '';

describe('before any POST', () => {
  test('hostnames outside allow are refused, naming them and the remedy', async () => {
    await scene.createIssuer({ allow: [{ hostnames: ['*.example.com'] }] }, 'narrow');
    const issuerRef = { kind: 'OriginIssuer', name: 'narrow' } as const;
    await scene.applyCertificate('outside', { hostnames: ['example.org', 'a.example.com'], issuerRef });
    await scene.condition('outside', 'Ready', 'HostnameNotAllowed', 'False');
    expect(await messageOf('outside')).toMatch(/example\.org.*Extend spec\.allow/);
    expect(await scene.posts()).toBe(0);
  });

  test('a cluster issuer names who may ask for them', async () => {
    const name = `shared-${scene.namespace}`;
    await scene.apply(clusterOriginIssuers, {
      metadata: { name, labels: { [SCENE_LABEL]: scene.namespace } },
      spec: {
        apiTokenSecretRef: { name: 'cloudflare' },
        allow: [{ namespaceSelector: { matchLabels: { team: 'web' } }, hostnames: ['example.com'] }],
      },
    });
    await scene.applyCertificate('cluster', { issuerRef: { kind: 'ClusterOriginIssuer', name } });
    await scene.condition('cluster', 'Ready', 'HostnameNotAllowed', 'False');
    expect(await messageOf('cluster')).toMatch(/example\.com is allowed to .*team.*web/);
    await scene.kube.delete(clusterOriginIssuers, { name }, options());
    expect(await scene.posts()).toBe(0);
  });

  test('a hostname in no zone of the token is refused, naming the zones', async () => {
    await scene.applyCertificate('elsewhere', { hostnames: ['example.net'] });
    await scene.condition('elsewhere', 'Ready', 'HostnameRejected', 'False');
    expect(await messageOf('elsewhere')).toMatch(/example\.net.*example\.com, example\.org/);
    expect(await scene.posts()).toBe(0);
  });
});

describe('where a policy refuses the Secret', () => {
  test('nothing is posted, and nothing hammers the API server; when it is lifted, work goes on', async () => {
    const served = await issued(scene, 'served');
    const posts = await scene.posts();
    const { lift } = await forbid(
      scene,
      "object.metadata.name != 'refused-tls'" +
        " && !(has(object.metadata.labels) && 'forbidden' in object.metadata.labels)" +
        " && !(has(object.metadata.annotations) && object.type == 'originca.dev/pending'" +
        " && object.metadata.annotations['originca.dev/certificate'] == 'unkept')",
    );
    // The target, the pending Secret, and the mending of a pair that serves.
    await scene.applyCertificate('refused');
    await scene.applyCertificate('unkept');
    await scene.applyCertificate('served', { secretTemplate: { labels: { forbidden: 'x' } } });
    for (const name of ['refused', 'unkept', 'served']) {
      const { status } = await scene.condition(name, 'Issuing', 'SecretWriteRefused', 'False');
      expect(status?.failure).toMatchObject({ reason: 'SecretWriteRefused', count: 1 });
      expect(await messageOf(name)).toContain('this Secret is not welcome');
    }
    await scene.condition('served', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('served-tls'))).toBe(served);
    expect(await scene.pendings()).toEqual([]);
    expect(await scene.posts()).toBe(posts);
    expect(operator.logs.filter((line) => line.includes('"attempt failed"'))).toHaveLength(3);
    await lift();
    clock.jump(11_000);
    for (const name of ['refused', 'unkept', 'served']) await scene.settled(name);
    expect(await scene.posts()).toBe(posts + 2);
    expect((await scene.secret('served-tls'))?.metadata.labels).toMatchObject({ forbidden: 'x' });
  });
});

describe('an immutable Secret', () => {
  test('is not renewed, which is said while Ready stays True', async () => {
    const id = await issued(scene, 'fixed');
    const posts = await scene.posts();
    await scene.patchSecret('fixed-tls', { immutable: true });
    await scene.applyCertificate('fixed', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    await scene.condition('fixed', 'Issuing', 'SecretImmutable', 'False');
    await scene.condition('fixed', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('fixed-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts);
  });
});

describe('the loop guard', () => {
  test.each(['deletes', 'garbles', 'restores an old pair in'])(
    'stops issuing for one who %s the Secret, and goes on when a person asks',
    async (how) => {
      const name = `loop-${how.split(' ')[0]}`;
      const hostnames = ['loop.example.com'];
      let id = await issued(scene, name, { hostnames: ['before.example.com'] });
      const old = (await scene.secret(`${name}-tls`))?.data;
      await scene.applyCertificate(name, { hostnames });
      id = await replaced(scene, name, id);
      const spoil = async (): Promise<void> => {
        if (how === 'deletes') return scene.deleteSecret(`${name}-tls`);
        const data = how === 'garbles' ? { 'tls.key': encode('garbage') } : old;
        const ref = { name: `${name}-tls`, namespace: scene.namespace };
        await scene.kube.mergePatch(secrets, ref, { data }, options());
      };
      for (let times = 0; times < 2; times++) {
        await spoil();
        id = await replaced(scene, name, id);
      }
      const posts = await scene.posts();
      await spoil();
      const { status } = await scene.condition(name, 'Issuing', 'IssuanceLoop', 'False');
      expect(status?.conditions?.map(({ type }) => type)).toContain('Stalled');
      expect(await messageOf(name)).toContain(how === 'deletes' ? 'keeps disappearing' : '"some-tool"');
      expect(await scene.posts()).toBe(posts);
      await scene.applyCertificate(name, { hostnames }, { [ANNOTATION.renewRequestedAt]: 'go on' });
      await waitFor(
        'another certificate',
        async () => (await scene.posts()) > posts || new NotYet((await scene.certificate(name))?.status),
        { timeoutMs: 10_000 },
      );
      await scene.settled(name);
    },
  );
});
