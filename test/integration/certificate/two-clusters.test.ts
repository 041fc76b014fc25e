import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ANNOTATION, PENDING_SECRET_TYPE } from '../../../src/api/names.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, postUnderWay, replaced, signedAgain, text } from './pairs.ts';
import { SlowRounds } from './slow-rounds.ts';

const HOUR = 3_600_000;
/** As much as can be revoked is, and soon. */
const REVOKES = { revocation: { superseded: 'Revoke', gracePeriod: '1h' } } as const;

/** Two clusters with one zone at Cloudflare: neither operator sees what is in the other's. */
let ours: Scene;
let theirs: Scene;
const clock = new JumpClock();
let operators: RunningOperator[];

beforeAll(async () => {
  ours = await Scene.start('cluster-one');
  theirs = await ours.beside('cluster-two');
  for (const scene of [ours, theirs]) await scene.createIssuer();
});
beforeEach(() => {
  operators = [];
});
afterEach(async () => {
  for (const operator of operators) await operator.stop();
  for (const scene of [ours, theirs]) {
    await scene.deleteCertificate('web');
    await scene.deleteSecret('web-tls');
  }
});
afterAll(() => ours[Symbol.asyncDispose]());

/** An operator for one of the clusters, and the rounds of its slow check. */
async function operate(scene: Scene): Promise<SlowRounds> {
  const operator = await scene.startOperator({ clock });
  operators.push(operator);
  return new SlowRounds(scene, clock, () => operator);
}

/** The Secret of the one cluster in the other, as a backup or a replicator puts it there: with all it says. */
async function copySecret(): Promise<void> {
  const { metadata, type, data } = (await ours.secret('web-tls')) as Secret;
  const { name, labels = {}, annotations = {} } = metadata;
  await theirs.createSecret({
    metadata: { name: name ?? '', labels, annotations },
    ...(type !== undefined && { type }),
    ...(data && { data }),
  });
}

async function isInForce(id: string): Promise<boolean> {
  return (await ours.issued()).some((certificate) => certificate.id === id);
}

test('the cluster that got a copy of a Secret revokes no twin of it; the one that it was issued for does', async () => {
  await operate(ours);
  const serving = await issued(ours, 'web', REVOKES);
  const twin = await signedAgain(ours, text(await ours.secret('web-tls'), 'tls.key'), ['example.com']);
  await copySecret();
  await operators.pop()?.stop();

  const foreign = await operate(theirs);
  const posts = await theirs.posts();
  await theirs.applyCertificate('web', REVOKES);
  await theirs.settled('web');
  expect(idIn(await theirs.secret('web-tls'))).toBe(serving);
  await foreign.round(3 * HOUR);
  await foreign.round(7 * HOUR);
  expect(await isInForce(twin)).toBe(true);
  expect(await theirs.posts()).toBe(posts);

  const mine = await operate(ours);
  await mine.round(3 * HOUR);
  await waitFor('the twin to be revoked', async () => !(await isInForce(twin)), { timeoutMs: 15_000 });
  await mine.round();
  expect(await isInForce(serving)).toBe(true);
});

test('a cluster with a copy that renews it leaves to the other what that serves', async () => {
  await operate(ours);
  const serving = await issued(ours, 'web', REVOKES);
  await copySecret();
  const foreign = await operate(theirs);
  await theirs.applyCertificate('web', REVOKES);
  await theirs.settled('web');
  await theirs.applyCertificate('web', REVOKES, { 'originca.dev/renew-requested-at': 'now' });
  const renewed = await replaced(theirs, 'web', serving);
  await foreign.round(3 * HOUR);
  await foreign.round(3 * HOUR);
  expect(idIn(await ours.secret('web-tls'))).toBe(serving);
  expect(await isInForce(serving)).toBe(true);
  expect(await isInForce(renewed)).toBe(true);
});

test('a cluster whose certificate the other revoked notices, and gets its own', async () => {
  await operate(ours);
  const shared = await issued(ours, 'web', REVOKES);
  await copySecret();
  const foreign = await operate(theirs);
  await theirs.applyCertificate('web', REVOKES);
  await theirs.settled('web');
  await ours.applyCertificate('web', REVOKES, { 'originca.dev/renew-requested-at': 'now' });
  const renewed = await replaced(ours, 'web', shared);
  await waitFor(
    'the replaced certificate to be revoked',
    async () => {
      await foreign.ahead(20 * 60_000);
      return !(await isInForce(shared)) || new NotYet('in force');
    },
    { timeoutMs: 20_000 },
  );
  await foreign.round(3 * HOUR);
  const own = await replaced(theirs, 'web', shared);
  expect(own).not.toBe(renewed);
  expect(await isInForce(own)).toBe(true);
  expect(await isInForce(renewed)).toBe(true);
});

test('a cluster that got a copy of a pending Secret revokes nothing of what the other got for its key', async () => {
  await operate(ours);
  await postUnderWay(ours, 'example.com', () => ours.applyCertificate('web', REVOKES));
  const [pending] = await ours.pendings();
  await ours.settled('web');
  const serving = idIn(await ours.secret('web-tls'));
  const { name = '', labels, annotations } = pending?.metadata ?? {};
  // By the API server's clock it is restored two hours later.
  const postedAt = new Date(Date.now() - 2 * HOUR).toISOString();
  await theirs.createSecret({
    metadata: {
      name,
      labels: labels ?? {},
      annotations: { ...annotations, [ANNOTATION.postedAt]: postedAt },
    },
    type: PENDING_SECRET_TYPE,
    data: pending?.data ?? {},
  });
  await operate(theirs);
  await waitFor('the copy to be gone', async () => (await theirs.pendings()).length === 0, {
    timeoutMs: 15_000,
  });
  expect(await isInForce(serving)).toBe(true);
});
