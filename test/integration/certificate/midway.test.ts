import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, postUnderWay } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('midway');
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

/** The POST has had its effect, and the time in which it could have another passes at once. */
async function answered(hostname: string): Promise<void> {
  await waitFor(
    `a certificate for ${hostname}`,
    async () => (await scene.simulator.certificates({ hostname })).length > 0,
    { timeoutMs: 10_000 },
  );
  await setImmediate();
  clock.jump(4000);
}

async function noPending(): Promise<void> {
  await waitFor(
    'no pending Secret',
    async () => {
      const left = await scene.pendings();
      return left.length === 0 || new NotYet(left.map(({ metadata }) => metadata));
    },
    { timeoutMs: 15_000 },
  );
}

describe('while the POST is out', () => {
  test('the spec changes: what was issued is revoked, and what is wanted now is issued', async () => {
    const hostname = 'spec.example.com';
    await postUnderWay(scene, hostname, () => scene.applyCertificate('spec', { hostnames: [hostname] }));
    await scene.applyCertificate('spec', { hostnames: ['new.example.com'] });
    await answered(hostname);
    const { status } = await scene.settled('spec');
    expect(status?.certificate?.hostnames).toEqual(['new.example.com']);
    await certificatesAt(scene, hostname, { live: 0, revoked: 1 });
    await certificatesAt(scene, 'new.example.com', { live: 1, revoked: 0 });
  });

  test('the spec changes and changes back: one certificate serves, no other is left', async () => {
    const hostname = 'back.example.com';
    await postUnderWay(scene, hostname, () => scene.applyCertificate('back', { hostnames: [hostname] }));
    await scene.applyCertificate('back', { hostnames: ['forth.example.com'] });
    await scene.applyCertificate('back', { hostnames: [hostname] });
    await scene.settled('back');
    const serving = idIn(await scene.secret('back-tls'));
    await waitFor(
      'only the serving certificate unrevoked',
      async () => {
        const live = (await scene.issued()).filter(({ hostnames }) => hostnames.includes(hostname));
        return (live.length === 1 && live[0]?.id === serving) || new NotYet({ serving, live });
      },
      { timeoutMs: 10_000 },
    );
  });

  test('the object is deleted: what was issued is revoked and no pending Secret is left', async () => {
    const hostname = 'gone.example.com';
    await postUnderWay(scene, hostname, () => scene.applyCertificate('gone', { hostnames: [hostname] }));
    await scene.deleteCertificate('gone');
    await answered(hostname);
    await certificatesAt(scene, hostname, { live: 0, revoked: 1 });
    await noPending();
    expect(await scene.secret('gone-tls')).toBeUndefined();
  });

  test('the object is deleted and made anew: the first is revoked, the second issued', async () => {
    const hostname = 'again.example.com';
    const make = () => scene.applyCertificate('again', { hostnames: [hostname] });
    await postUnderWay(scene, hostname, make);
    await scene.deleteCertificate('again');
    await make();
    await answered(hostname);
    await scene.settled('again');
    await certificatesAt(scene, hostname, { live: 1, revoked: 1 });
    const [live] = (await scene.issued()).filter(({ hostnames }) => hostnames.includes(hostname));
    expect(idIn(await scene.secret('again-tls'))).toBe(live?.id);
  });

  test('secretName changes: the answer goes to the new name', async () => {
    const hostname = 'name.example.com';
    await postUnderWay(scene, hostname, () => scene.applyCertificate('name', { hostnames: [hostname] }));
    await scene.applyCertificate('name', { hostnames: [hostname], secretName: 'other-tls' });
    await scene.settled('name');
    await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
    expect(await scene.secret('name-tls')).toBeUndefined();
    expect(idIn(await scene.secret('other-tls'))).toBe(
      (await scene.simulator.certificates({ hostname }))[0]?.id,
    );
  });

  test('it is suspended: the answer waits, and is written with no other POST when work goes on', async () => {
    const hostname = 'suspend.example.com';
    await postUnderWay(scene, hostname, () => scene.applyCertificate('suspend', { hostnames: [hostname] }));
    await scene.applyCertificate('suspend', { hostnames: [hostname], suspend: true });
    await waitFor(
      'the certificate parked',
      async () => (await scene.pendings()).some(({ data }) => data?.['tls.crt'] !== undefined),
      { timeoutMs: 10_000 },
    );
    await scene.condition('suspend', 'Issuing', 'Suspended', 'False');
    expect(await scene.secret('suspend-tls')).toBeUndefined();
    await scene.applyCertificate('suspend', { hostnames: [hostname] });
    await scene.settled('suspend');
    await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
  });
});
