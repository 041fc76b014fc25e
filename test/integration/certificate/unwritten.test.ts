import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../proxy/faults.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type ProxiedOperator, proxied } from '../../support/proxied.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn } from './pairs.ts';

let scene: Scene;
let front: ProxiedOperator;
let operator: RunningOperator;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('unwritten');
  front = await proxied();
  await scene.createIssuer();
  operator = await scene.startOperator({ clock, kubeconfig: front.kubeconfig });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});

const SERVER_ERROR: Fault = { type: 'status', status: 500 };

/** Strikes the writes of a target, and not their rehearsals; resolves to what ends it. */
const strikeTarget = (secretName: string, fault: Fault): (() => void) =>
  front.proxy.inject({
    fault,
    match: { method: 'PATCH', path: new RegExp(`/secrets/${secretName}\\?(?!.*dryRun)`) },
  });

const strikeParking = (): (() => void) =>
  front.proxy.inject({ fault: SERVER_ERROR, match: { method: 'PATCH', path: '/secrets/originca-pending-' } });

async function struck(secret: string): Promise<void> {
  await waitFor(
    `a write of ${secret} struck`,
    () =>
      front.proxy.requests.some(
        ({ path, fault }) => fault !== undefined && path.includes(`/secrets/${secret}`),
      ) || new NotYet(front.proxy.requests.slice(-5)),
    { timeoutMs: 10_000 },
  );
}

async function oneForOnePost(name: string, hostname: string): Promise<void> {
  await scene.settled(name);
  await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
  const [certificate] = await scene.simulator.certificates({ hostname });
  expect(idIn(await scene.secret(`${name}-tls`))).toBe(certificate?.id);
}

const isLogged = (name: string, words: string): boolean =>
  operator.logs.some((line) => line.includes(`/${name}"`) && line.includes(words));
const WAS_FOUND = 'found at Cloudflare after an unknown outcome';

describe('when the API server fails after the POST', () => {
  test('at the target: the certificate is kept on the pending Secret, and written from there', async () => {
    const posts = await scene.posts();
    const relent = strikeTarget('parked-tls', SERVER_ERROR);
    await scene.applyCertificate('parked', { hostnames: ['parked.example.com'] });
    await waitFor(
      'the certificate parked',
      async () => {
        const pendings = await scene.pendings();
        return (
          pendings.some(({ data }) => data?.['tls.crt'] !== undefined) ||
          new NotYet(pendings.map(({ metadata }) => metadata))
        );
      },
      { timeoutMs: 10_000 },
    );
    expect(await scene.secret('parked-tls')).toBeUndefined();
    relent();
    await oneForOnePost('parked', 'parked.example.com');
    expect(isLogged('parked', WAS_FOUND)).toBe(false);
    expect(await scene.posts()).toBe(posts + 1);
  });

  test('at the pending Secret too: the certificate is found again by its key', async () => {
    const posts = await scene.posts();
    const relents = [strikeTarget('found-tls', SERVER_ERROR), strikeParking()];
    await scene.applyCertificate('found', { hostnames: ['found.example.com'] });
    await struck('found-tls');
    await struck('originca-pending-');
    for (const relent of relents) relent();
    await setImmediate();
    clock.jump(4000);
    await oneForOnePost('found', 'found.example.com');
    expect(isLogged('found', WAS_FOUND)).toBe(true);
    expect(await scene.posts()).toBe(posts + 1);
  });

  test('once it has written the target: the pair that is there is seen, and nothing is looked for', async () => {
    const posts = await scene.posts();
    const listings = await scene.simulator.requests({ operation: 'listCertificates' });
    const relent = strikeTarget('there-tls', { type: 'reset', when: 'after' });
    await scene.applyCertificate('there', { hostnames: ['there.example.com'] });
    await struck('there-tls');
    relent();
    await oneForOnePost('there', 'there.example.com');
    expect(await scene.simulator.requests({ operation: 'listCertificates' })).toEqual(listings);
    expect(await scene.posts()).toBe(posts + 1);
  });
});
