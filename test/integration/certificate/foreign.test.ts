import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { encode } from '../../../src/secret-facts.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { idIn, issued, lookedAt, postUnderWay, secretUntil, text } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();
/** A Secret that is not ours is looked at so often: no watch tells of it. */
const LOOK_MS = 31_000;

beforeAll(async () => {
  scene = await Scene.start('foreign');
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

const foreign = (name: string) => ({
  metadata: { name, labels: { app: 'theirs' } },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': encode('their certificate'), 'tls.key': encode('their key') },
});

describe('a Secret that is not ours', () => {
  test('is left alone, with SecretNotManaged and no POST; once it is gone the certificate is issued', async () => {
    const theirs = await scene.createSecret(foreign('there-tls'));
    await scene.applyCertificate('there');
    const { status } = await scene.condition('there', 'Ready', 'SecretNotManaged', 'False');
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', status: 'True', reason: 'SecretNotManaged' }),
    );
    expect(await scene.posts()).toBe(0);
    expect(await scene.secret('there-tls')).toEqual(theirs);
    await scene.deleteSecret('there-tls');
    clock.jump(LOOK_MS);
    const settled = await scene.settled('there');
    expect(settled.status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    expect(await scene.posts()).toBe(1);
  });

  test('that appears between look and write is left alone; the certificate waits and needs no second POST', async () => {
    const posts = await scene.posts();
    await postUnderWay(scene, 'late.example.com', () =>
      scene.applyCertificate('late', { hostnames: ['late.example.com'] }),
    );
    const theirs = await scene.createSecret(foreign('late-tls'));
    await scene.condition('late', 'Ready', 'SecretNotManaged', 'False');
    expect(await scene.secret('late-tls')).toEqual(theirs);
    const [parked] = await scene.pendings();
    expect(text(parked, 'tls.crt')).toContain('BEGIN CERTIFICATE');
    await scene.deleteSecret('late-tls');
    clock.jump(LOOK_MS);
    await scene.settled('late');
    expect(idIn(await scene.secret('late-tls'))).toBe((await certificatesFor('late.example.com'))[0]);
    expect(await certificatesFor('late.example.com')).toHaveLength(1);
    expect(await scene.posts()).toBe(posts + 1);
  });

  test('is what a Secret of ours becomes when its name annotation is taken away', async () => {
    const id = await issued(scene, 'disowned');
    await scene.patchSecret('disowned-tls', {
      metadata: { annotations: { [ANNOTATION.certificate]: null } },
    });
    await scene.condition('disowned', 'Ready', 'SecretNotManaged', 'False');
    expect(idIn(await scene.secret('disowned-tls'))).toBe(id);
  });
});

describe('what others wrote on a Secret of ours', () => {
  test('survives a renewal and a mending', async () => {
    await issued(scene, 'shared');
    await scene.patchSecret('shared-tls', {
      metadata: { labels: { theirs: 'l' }, annotations: { 'theirs.example/a': 'a' } },
      data: { 'theirs.txt': encode('data') },
    });
    const before = idIn(await scene.secret('shared-tls'));
    await scene.applyCertificate('shared', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    const renewed = await secretUntil(
      scene,
      'shared-tls',
      'the renewal',
      (secret) => idIn(secret) === before,
    );
    await scene.settled('shared');
    await lookedAt(scene, 'shared');
    const mended = await scene.secret('shared-tls');
    for (const secret of [renewed, mended]) {
      expect(secret?.metadata.labels).toMatchObject({ theirs: 'l' });
      expect(secret?.metadata.annotations).toMatchObject({ 'theirs.example/a': 'a' });
      expect(text(secret, 'theirs.txt')).toBe('data');
    }
  });
});

/** Ids of all certificates for this hostname that Cloudflare ever issued. */
async function certificatesFor(hostname: string): Promise<string[]> {
  return (await scene.simulator.certificates({ hostname })).map(({ id }) => id);
}
