import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { originCertificates } from '../../../src/resources.ts';
import { type ProxiedOperator, proxied } from '../../support/proxied.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, issued } from './pairs.ts';

let scene: Scene;
let front: ProxiedOperator;
/** One waits for the time of its next try; the other finds a foreign Secret in its place meanwhile. */
const NAMES = ['wrong', 'taken'];
/** As it was when the former operator ended. */
const before = new Map<string, OriginCertificate['status']>();

/** How long the first check of the issuer takes, in simulated time. */
const CHECK_MS = 20_000;

const hostname = (name: string): string => `${name}.example.com`;
const statusOf = async (name: string) => (await scene.certificate(name))?.status;

/** An answer that is wrong, revoked and with its key given up: the status alone says that it was. */
async function answeredWrongly(name: string): Promise<void> {
  const fault = { operation: 'createCertificate', hostname: hostname(name) } as const;
  await scene.simulator.inject({ ...fault, certificate: 'otherHostnames' });
  await scene.applyCertificate(name, { hostnames: [hostname(name)] });
  await scene.condition(name, 'Issuing', 'BadResponse', 'False');
  await certificatesAt(scene, hostname(name), { live: 0, revoked: 1 });
  await waitFor(
    'its key given up',
    async () => (await scene.pendings()).length === 0 || new NotYet(await scene.pendings()),
    { timeoutMs: 10_000 },
  );
}

const looksAt = (name: string): number =>
  front.proxy.requests.filter(
    ({ method, path }) => method === 'GET' && path.endsWith(`/origincertificates/${name}`),
  ).length;

/** Resolves when the operator has looked at the certificate, from beginning to end, after this call. */
async function lookedAtAnew(name: string): Promise<void> {
  // One object is never looked at twice at a time: the second look begins when the first has ended.
  for (const mark of ['first', 'second']) {
    const looks = looksAt(name);
    await scene.kube.mergePatch(
      originCertificates,
      { name, namespace: scene.namespace },
      { metadata: { labels: { mark: `${mark}-${looks}` } } },
      { signal: AbortSignal.timeout(10_000), fieldManager: 'person' },
    );
    await waitFor(`a ${mark} look at ${name}`, () => looksAt(name) > looks, { timeoutMs: 10_000 });
  }
}

/** Puts a foreign Secret where the certificate's is to be. No watch tells of it: a touch makes the operator look. */
async function takenBySomebody(name: string): Promise<void> {
  await scene.createSecret({ metadata: { name: `${name}-tls` }, type: 'Opaque' });
  await scene.applyCertificate(name, { hostnames: [hostname(name)] }, { touched: 'now' });
  await scene.condition(name, 'Issuing', 'SecretNotManaged', 'False');
}

beforeAll(async () => {
  scene = await Scene.start('restart');
  front = await proxied();
  await scene.createIssuer();
  const former = await scene.startOperator();
  for (const name of NAMES) await answeredWrongly(name);
  await takenBySomebody('taken');
  await former.stop();
  for (const name of NAMES) before.set(name, await statusOf(name));
  // Nothing is known of the issuer until the simulated time passes.
  await scene.simulator.inject({ operation: '*', delayMs: CHECK_MS });
  await scene.startOperator({ kubeconfig: front.kubeconfig });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});

describe('a wrong answer of before a restart', () => {
  test('is still shown, and still holds the next POST back, whatever the operator learns first', async () => {
    for (const name of NAMES) {
      expect(before.get(name)?.failure).toMatchObject({ reason: 'BadResponse', count: 1 });
      await lookedAtAnew(name);
      expect(await statusOf(name)).toEqual(before.get(name));
    }
    expect(await scene.simulator.waits()).toBe(1);
    await scene.simulator.advance(CHECK_MS);
    await issued(scene, 'other');
    const posts = await scene.posts();
    for (const name of NAMES) {
      await lookedAtAnew(name);
      expect(await statusOf(name)).toEqual(before.get(name));
    }
    await scene.deleteSecret('taken-tls');
    await lookedAtAnew('taken');
    const { status } = await scene.condition('taken', 'Issuing', 'BadResponse', 'False');
    expect(status?.failure).toEqual(before.get('taken')?.failure);
    expect(await scene.posts()).toBe(posts);
    for (const name of NAMES) await certificatesAt(scene, hostname(name), { live: 0, revoked: 1 });
  });
});
