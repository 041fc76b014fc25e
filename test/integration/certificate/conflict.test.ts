import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION, FIELD_MANAGER } from '../../../src/api/names.ts';
import { targetSecret } from '../../../src/certificate/target.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { Scene } from '../../support/scene.ts';
import { record } from '../../unit/certificate/fixtures.ts';
import { waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, issued, postUnderWay, secretUntil } from './pairs.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('conflict');
  await scene.createIssuer();
  await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

describe('two certificates that name one Secret', () => {
  test('the one named on it keeps it; the other says so, and takes it over with no POST when the first goes', async () => {
    await scene.applyCertificate('first', { secretName: 'one-tls' });
    await scene.settled('first');
    const kept = idIn(await scene.secret('one-tls'));
    const posts = await scene.posts();
    await scene.applyCertificate('second', { secretName: 'one-tls' });
    const { status } = await scene.condition('second', 'Ready', 'SecretConflict', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('first');
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Stalled', status: 'True' }));
    await scene.deleteCertificate('first');
    await scene.settled('second');
    const secret = await scene.secret('one-tls');
    expect(idIn(secret)).toBe(kept);
    expect(secret?.metadata.annotations?.[ANNOTATION.certificate]).toBe('second');
    expect(await scene.posts()).toBe(posts);
  });

  test('the older wins while there is no Secret, of one second the one with the smaller uid', async () => {
    const make = (name: string, suspend: boolean) =>
      scene.applyCertificate(name, { secretName: 'age-tls', suspend });
    const both = [await make('age-a', true), await make('age-b', true)];
    const rank = ({ metadata }: (typeof both)[number]) => `${metadata.creationTimestamp} ${metadata.uid}`;
    const [older, younger] = both
      .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
      .map(({ metadata }) => metadata.name);
    if (older === undefined || younger === undefined) throw new Error('two were made');
    await scene.condition(older, 'Issuing', 'Suspended');
    const posts = await scene.posts();
    await make(younger, false);
    await scene.condition(younger, 'Ready', 'SecretConflict', 'False');
    expect(await scene.posts()).toBe(posts);
    await make(older, false);
    await scene.settled(older);
    await scene.condition(younger, 'Ready', 'SecretConflict', 'False');
    expect(await scene.posts()).toBe(posts + 1);
  });

  test('when a pair came to the name while a POST for it was out, that pair stays and the answer waits', async () => {
    const kept = await issued(scene, 'quick', { hostnames: ['race.example.com'] });
    await olderThanNow('quick');
    await postUnderWay(scene, 'race.example.com', () =>
      scene.applyCertificate('slow', { secretName: 'race-tls', hostnames: ['race.example.com'] }),
    );
    await scene.applyCertificate('quick', { secretName: 'race-tls', hostnames: ['race.example.com'] });
    await scene.condition('slow', 'Ready', 'SecretConflict', 'False');
    expect(idIn(await scene.secret('race-tls'))).toBe(kept);
    await certificatesAt(scene, 'race.example.com', { live: 2, revoked: 0 });
    const posts = await scene.posts();
    await scene.deleteCertificate('quick');
    await scene.settled('slow');
    // The pair that serves stays; the one that waited is given back.
    expect(idIn(await scene.secret('race-tls'))).toBe(kept);
    await certificatesAt(scene, 'race.example.com', { live: 1, revoked: 1 });
    expect(await scene.posts()).toBe(posts);
  });

  test('and both write first: the API server takes the first pair and refuses the second', async () => {
    const options = {
      signal: AbortSignal.timeout(10_000),
      fieldManager: FIELD_MANAGER.certificate,
      force: false,
    };
    const content = async (name: string) => ({
      certificate: await scene.applyCertificate(name, { secretName: 'both-tls', suspend: true }),
      record: record({ certificateName: name }),
      certificatePem: name,
      privateKeyPem: name,
      roots: { certificates: [], pem: '' },
    });
    const [a, b] = [await content('both-a'), await content('both-b')];
    await scene.kube.apply(secrets, targetSecret(a, undefined), options);
    await expect(scene.kube.apply(secrets, targetSecret(b, undefined), options)).rejects.toMatchObject({
      kind: 'Conflict',
    });
  });
});

/** Ages are in whole seconds: resolves when what is created from now on is younger than this certificate. */
async function olderThanNow(name: string): Promise<void> {
  const created = Date.parse((await scene.certificate(name))?.metadata.creationTimestamp ?? '');
  await waitFor('the next second', () => Date.now() >= created + 1000, { timeoutMs: 5000 });
}

describe('two operators that work at once', () => {
  test('issue each certificate once', async () => {
    const second = await scene.startOperator();
    const names = Array.from({ length: 6 }, (_, index) => `twice-${index}`);
    const posts = await scene.posts();
    await Promise.all(names.map((name) => scene.applyCertificate(name)));
    for (const name of names) await scene.settled(name);
    for (const name of names)
      await secretUntil(scene, `${name}-tls`, 'a matching pair', (secret) => idIn(secret) === '');
    expect(await scene.posts()).toBe(posts + names.length);
    await second.stop();
  });
});
