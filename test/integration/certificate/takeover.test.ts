import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JumpClock } from '../../support/jump-clock.ts';
import { proxied, type ProxiedOperator } from '../../support/proxied.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, postUnderWay } from './pairs.ts';

let scene: Scene;
let first: ProxiedOperator;

beforeAll(async () => {
  scene = await Scene.start('takeover');
  await scene.createIssuer();
  first = await proxied();
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

/** Cuts the operator off from the API server: to the cluster it is as dead as by a kill, with its POST still out. */
async function dies(hostname: string, begin: () => Promise<unknown>): Promise<void> {
  await postUnderWay(scene, hostname, begin, 900);
  first.proxy.inject({ fault: { type: 'reset', when: 'before' } });
  first.proxy.resetAll();
}

describe('an operator that dies with its POST out', () => {
  test('leaves a key by which the next one finds the certificate: exactly one, no second POST', async () => {
    const hostname = 'found.example.com';
    const dead = await scene.startOperator({ kubeconfig: first.kubeconfig });
    await dies(hostname, () => scene.applyCertificate('found', { hostnames: [hostname] }));
    const next = await scene.startOperator();
    const { status } = await scene.settled('found');
    await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
    expect(idIn(await scene.secret('found-tls'))).toBe(status?.certificate?.id);
    expect(await scene.posts()).toBe(1);
    await Promise.all([dead.stop(), next.stop()]);
  });

  test('and whose object changed meanwhile leaves nothing: the stray is revoked', async () => {
    first.proxy.clear();
    const hostname = 'stray.example.com';
    const dead = await scene.startOperator({ kubeconfig: first.kubeconfig });
    await dies(hostname, () => scene.applyCertificate('stray', { hostnames: [hostname] }));
    await scene.deleteCertificate('stray');
    const next = await scene.startOperator();
    await certificatesAt(scene, hostname, { live: 0, revoked: 1 });
    await waitFor(
      'no pending Secret',
      async () => (await scene.pendings()).length === 0 || new NotYet(await scene.pendings()),
      { timeoutMs: 10_000 },
    );
    await Promise.all([dead.stop(), next.stop()]);
  });
});

/** Resolves when the operator has asked Cloudflare about the issuer's token once more. */
async function lookAtIssuer(): Promise<void> {
  const checks = async () => (await scene.simulator.requests({ operation: 'verifyToken' })).length;
  const before = await checks();
  await waitFor('another check of the token', async () => (await checks()) > before, { timeoutMs: 10_000 });
}

describe('an operator that starts while Cloudflare does not answer', () => {
  test('keeps the key of an unwanted issuance until it can look for what it left', async () => {
    first.proxy.clear();
    const hostname = 'outage.example.com';
    const dead = await scene.startOperator({ kubeconfig: first.kubeconfig });
    await dies(hostname, () => scene.applyCertificate('outage', { hostnames: [hostname] }));
    await scene.deleteCertificate('outage');
    await scene.simulator.inject({ operation: 'verifyToken', status: 503, html: true, count: 0 });
    const clock = new JumpClock();
    const next = await scene.startOperator({ clock });
    for (let minutes = 0; minutes < 8; minutes += 4) {
      await lookAtIssuer();
      await scene.simulator.advance(240_000);
      clock.jump(240_000);
    }
    expect(await scene.pendings()).toHaveLength(1);
    await scene.simulator.clearFaults();
    clock.jump(70_000);
    await certificatesAt(scene, hostname, { live: 0, revoked: 1 });
    expect(next.logs.filter((line) => line.includes('could not be looked for'))).toEqual([]);
    await Promise.all([dead.stop(), next.stop()]);
  });
});
