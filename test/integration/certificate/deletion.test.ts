import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { byHand, found } from './found-pairs.ts';
import { idIn, issued, lookedAt, secretUntil } from './pairs.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('deletion');
  await scene.createIssuer();
  await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

const Delete = { secretDeletionPolicy: 'Delete' } as const;

/** Resolves when the garbage collector has deleted it. */
async function gone(secretName: string): Promise<void> {
  await waitFor(
    `Secret ${secretName} deleted`,
    async () => {
      const secret = await scene.secret(secretName);
      return secret === undefined || new NotYet(secret.metadata);
    },
    { timeoutMs: 30_000 },
  );
}

/** Deletes the certificate, and after it another whose Secret goes with it: then the garbage collector has been there. */
async function deleteAndCollect(name: string): Promise<void> {
  const mark = `mark-${name}`;
  await issued(scene, mark, Delete);
  await scene.deleteCertificate(name);
  await scene.deleteCertificate(mark);
  await gone(`${mark}-tls`);
}

describe('with secretDeletionPolicy Delete', () => {
  test('the Secret goes with its certificate, which it never holds up', async () => {
    await issued(scene, 'goes', Delete);
    const { metadata } = (await scene.certificate('goes')) ?? {};
    expect((await scene.secret('goes-tls'))?.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'originca.dev/v1alpha1',
        kind: 'OriginCertificate',
        name: 'goes',
        uid: metadata?.uid,
        blockOwnerDeletion: false,
      },
    ]);
    await scene.deleteCertificate('goes');
    await gone('goes-tls');
  });

  test('a Secret that was taken over stays, also after a renewal', async () => {
    const theirs = await found(scene, byHand('taken-tls', 'taken.example.com'));
    const spec = { ...Delete, existingSecret: 'Adopt', hostnames: ['taken.example.com'] } as const;
    await scene.applyCertificate('taken', { ...spec, hostnames: [...spec.hostnames] });
    await scene.settled('taken');
    await lookedAt(scene, 'taken');
    expect((await scene.secret('taken-tls'))?.metadata.ownerReferences).toBeUndefined();
    await scene.applyCertificate('taken', { ...spec, hostnames: ['renewed.example.com'] });
    await secretUntil(scene, 'taken-tls', 'a renewed pair', (secret) => idIn(secret) === idIn(theirs));
    await scene.settled('taken');
    await deleteAndCollect('taken');
    expect((await scene.secret('taken-tls'))?.metadata).toMatchObject({ uid: theirs.metadata.uid });
    expect((await scene.secret('taken-tls'))?.metadata.ownerReferences).toBeUndefined();
  });

  test('a Secret that was left under a former name stays, and its copy goes', async () => {
    const id = await issued(scene, 'renamed', Delete);
    const posts = await scene.posts();
    await scene.applyCertificate('renamed', { ...Delete, secretName: 'new-tls' });
    await secretUntil(
      scene,
      'renamed-tls',
      'the former Secret without owner',
      ({ metadata }) => metadata.ownerReferences,
    );
    await scene.settled('renamed');
    await deleteAndCollect('renamed');
    await gone('new-tls');
    expect(idIn(await scene.secret('renamed-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts + 1); // The one of the mark.
  });

  test('what others own stays theirs too', async () => {
    await issued(scene, 'owned', Delete);
    const { uid = '' } = (await scene.secret('cloudflare'))?.metadata ?? {};
    const theirs = { apiVersion: 'v1', kind: 'Secret', name: 'cloudflare', uid };
    const ours = (await scene.secret('owned-tls'))?.metadata.ownerReferences ?? [];
    await scene.patchSecret('owned-tls', { metadata: { ownerReferences: [...ours, theirs] } });
    await deleteAndCollect('owned');
    const left = await secretUntil(
      scene,
      'owned-tls',
      'the one owner left',
      ({ metadata }) => metadata.ownerReferences?.length !== 1,
    );
    expect(left.metadata.ownerReferences).toEqual([theirs]);
  });
});

test('with secretDeletionPolicy Retain the Secret stays', async () => {
  const id = await issued(scene, 'stays');
  await deleteAndCollect('stays');
  expect(idIn(await scene.secret('stays-tls'))).toBe(id);
});

test('a changed policy takes effect at once, and nothing is issued', async () => {
  const id = await issued(scene, 'changed');
  const posts = await scene.posts();
  await scene.applyCertificate('changed', Delete);
  await secretUntil(
    scene,
    'changed-tls',
    'an owner',
    ({ metadata }) => metadata.ownerReferences === undefined,
  );
  await scene.applyCertificate('changed');
  await secretUntil(scene, 'changed-tls', 'no owner', ({ metadata }) => metadata.ownerReferences);
  expect(await scene.posts()).toBe(posts);
  await deleteAndCollect('changed');
  expect(idIn(await scene.secret('changed-tls'))).toBe(id);
});
