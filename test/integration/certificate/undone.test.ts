import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION, MANAGED, MANAGED_LABEL } from '../../../src/api/names.ts';
import { cluster } from '../../support/cluster.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type ProxiedOperator, proxied } from '../../support/proxied.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, replaced, secretUntil } from './pairs.ts';
import { forbid, stripLabel } from './policies.ts';

let scene: Scene;
let front: ProxiedOperator;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('undone');
  front = await proxied();
  await scene.createIssuer();
  await scene.startOperator({ clock, kubeconfig: front.kubeconfig });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});

/** How often the operator has asked to write this Secret since the last `forget`, rehearsals left out. */
const writesTo = (secretName: string): number =>
  front.proxy.requests.filter(
    ({ method, path }) =>
      method === 'PATCH' && path.includes(`/secrets/${secretName}?`) && !path.includes('dryRun'),
  ).length;

/** More than it takes to see that something undoes what is written. */
const MANY_WRITES = 20;

/** Kubernetes 1.36 is the first that serves mutating policies without being told to. */
const servesMutatingPolicies = Number(cluster().version.split('.')[1]) >= 36;

describe.skipIf(!servesMutatingPolicies)('where an admission policy takes our label off again', () => {
  test('that is said after a few writes, and a renewal that is asked for is carried out', async () => {
    const id = await issued(scene, 'stripped');
    const posts = await scene.posts();
    const { lift } = await stripLabel(scene, 'stripped-tls', MANAGED_LABEL);
    front.proxy.forget();
    await scene.patchSecret('stripped-tls', { metadata: { labels: { [MANAGED_LABEL]: null } } });
    const { status } = await scene.condition('stripped', 'Issuing', 'SecretWriteRefused', 'False');
    const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
    expect(issuing?.message).toMatch(
      /to Secret stripped-tls does not stay.*\(label originca\.dev\/managed\).*admission webhook or policy/,
    );
    expect(status?.failure).toMatchObject({ reason: 'SecretWriteRefused', count: 1 });
    expect(writesTo('stripped-tls')).toBeGreaterThan(1);
    expect(writesTo('stripped-tls')).toBeLessThan(MANY_WRITES);
    await scene.condition('stripped', 'Ready', 'Issued', 'True');

    front.proxy.forget();
    await scene.applyCertificate('stripped', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    const renewed = await replaced(scene, 'stripped', id);
    await scene.condition('stripped', 'Issuing', 'SecretWriteRefused', 'False');
    expect(writesTo('stripped-tls')).toBeLessThan(MANY_WRITES);
    expect(await scene.posts()).toBe(posts + 1);

    await lift();
    clock.jump(11_000);
    const labelled = await secretUntil(
      scene,
      'stripped-tls',
      'our label',
      ({ metadata }) => metadata.labels?.[MANAGED_LABEL] !== MANAGED.target && metadata.labels,
    );
    expect(idIn(labelled)).toBe(renewed);
    const settled = await waitFor(
      'no trouble',
      async () => {
        const certificate = await scene.settled('stripped');
        return certificate.status?.failure === undefined ? certificate : new NotYet(certificate.status);
      },
      { timeoutMs: 10_000 },
    );
    expect(settled.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  });
});

describe('where a policy keeps a former Secret from being let go', () => {
  test('that is said, a renewal that is asked for is carried out, and it is let go in the end', async () => {
    await scene.applyCertificate('kept', { secretName: 'former-tls' });
    await scene.settled('kept');
    const id = idIn(await scene.secret('former-tls'));
    const posts = await scene.posts();
    const { lift } = await forbid(
      scene,
      `object.metadata.name != 'former-tls' || object.metadata.labels[?'${MANAGED_LABEL}'] != optional.of('${MANAGED.released}')`,
    );
    await scene.applyCertificate('kept');
    const { status } = await scene.condition('kept', 'Issuing', 'SecretWriteRefused', 'False');
    const issuing = status?.conditions?.find(({ type }) => type === 'Issuing');
    expect(issuing?.message).toMatch(/Secret former-tls.*this Secret is not welcome/);
    await scene.condition('kept', 'Ready', 'Issued', 'True');
    expect(idIn(await scene.secret('kept-tls'))).toBe(id);

    await scene.applyCertificate('kept', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    await replaced(scene, 'kept', id);
    await scene.condition('kept', 'Issuing', 'SecretWriteRefused', 'False');
    expect(await scene.posts()).toBe(posts + 1);
    const former = await scene.secret('former-tls');
    expect(former?.metadata.labels?.[MANAGED_LABEL]).toBe(MANAGED.target);
    expect(idIn(former)).toBe(id);

    await lift();
    clock.jump(11_000);
    await secretUntil(
      scene,
      'former-tls',
      'the former Secret let go',
      ({ metadata }) => metadata.labels?.[MANAGED_LABEL] !== MANAGED.released && metadata.labels,
    );
    expect(await scene.posts()).toBe(posts + 1);
  });
});
