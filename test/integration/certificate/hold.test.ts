import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANNOTATION, MANAGED_LABEL } from '../../../src/api/names.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { certificatesAt, issued, postUnderWay, replaced } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();
const HOLD_MS = 100_000;

beforeAll(async () => {
  scene = await Scene.start('hold');
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

const hold = () => ({ [ANNOTATION.holdUntil]: new Date(clock.now() + HOLD_MS).toISOString() });

test('a certificate that is held is not issued, says until when, and is issued when that is over', async () => {
  await scene.applyCertificate('first', { hostnames: ['first.example.com'] }, hold());
  const { status } = await scene.condition('first', 'Issuing', 'Held', 'False');
  expect(status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'Ready DoesNotExist',
    'Issuing Held',
  ]);
  expect(await scene.posts()).toBe(0);
  expect(await scene.pendings()).toEqual([]);
  clock.jump(HOLD_MS);
  await scene.settled('first');
  expect(await scene.posts()).toBe(1);
});

test('a Secret in use is neither renewed nor mended nor left, and its status stays true, until the hold is taken away', async () => {
  const id = await issued(scene, 'used');
  const posts = await scene.posts();
  await scene.applyCertificate('used', { hostnames: ['other.example.com'] }, hold());
  await scene.condition('used', 'Ready', 'HostnamesChanged', 'False');
  const touched = await scene.patchSecret('used-tls', { metadata: { labels: { [MANAGED_LABEL]: null } } });
  await scene.applyCertificate('used', {}, hold());
  await scene.condition('used', 'Ready', 'Issued', 'True');
  await scene.condition('used', 'Issuing', 'Held', 'False');
  expect(await scene.secret('used-tls')).toEqual(touched);
  expect(await scene.posts()).toBe(posts);
  await scene.applyCertificate('used', { hostnames: ['other.example.com'] });
  await replaced(scene, 'used', id);
});

test('an answer that comes while it is held is kept, and written when the hold ends', async () => {
  const hostname = 'late.example.com';
  const spec = { hostnames: [hostname] };
  await postUnderWay(scene, hostname, () => scene.applyCertificate('late', spec));
  await scene.applyCertificate('late', spec, { [ANNOTATION.holdUntil]: 'when I say so' });
  await scene.condition('late', 'Stalled', 'HoldUntilInvalid', 'True');
  expect(await scene.secret('late-tls')).toBeUndefined();
  await scene.applyCertificate('late', spec);
  await scene.settled('late');
  await certificatesAt(scene, hostname, { live: 1, revoked: 0 });
});

test('a deletion is not held', async () => {
  const hostname = 'deleted.example.com';
  const spec = { hostnames: [hostname] };
  await postUnderWay(scene, hostname, () => scene.applyCertificate('deleted', spec));
  await scene.applyCertificate('deleted', spec, hold());
  await scene.deleteCertificate('deleted');
  await certificatesAt(scene, hostname, { live: 0, revoked: 1 });
  expect(await scene.secret('deleted-tls')).toBeUndefined();
});
