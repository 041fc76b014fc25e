import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { issued, signedAgain, signedPair, text } from './pairs.ts';
import { SlowRounds } from './slow-rounds.ts';

const HOUR = 3_600_000;

let scene: Scene;
let operator: RunningOperator;
let rounds: SlowRounds;
/** One for all: Cloudflare's time does not go back. */
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('twins');
  rounds = new SlowRounds(scene, clock, () => operator);
  await scene.createIssuer();
});
beforeEach(async () => {
  operator = await scene.startOperator({ clock });
});
afterEach(async () => {
  await operator.stop();
  await scene.simulator.clearFaults();
  await scene.simulator.settings({ lateListingMs: 0 });
  await scene.deleteCertificate('web');
  await scene.deleteSecret('web-tls');
});
afterAll(() => scene[Symbol.asyncDispose]());

async function isInForce(id: string): Promise<boolean> {
  return (await scene.issued()).some((certificate) => certificate.id === id);
}

async function revoked(id: string): Promise<void> {
  await waitFor(`certificate ${id} to be revoked`, async () => !(await isInForce(id)), { timeoutMs: 15_000 });
}

/** The key of the Secret of certificate `web`. */
const webKey = async (): Promise<string> => text(await scene.secret('web-tls'), 'tls.key');

test('a twin is revoked when its grace is over, and neither the one that serves nor one that nobody knows', async () => {
  const serving = await issued(scene, 'web');
  const twin = await signedAgain(scene, await webKey(), ['example.com']);
  const unknown = await signedPair(scene, { hostnames: ['example.com'] });
  await rounds.round();
  expect(await isInForce(twin)).toBe(true);
  await rounds.round(24 * HOUR);
  await revoked(twin);
  await rounds.round();
  expect(await isInForce(serving)).toBe(true);
  expect(await isInForce(unknown.id)).toBe(true);
  expect(operator.logs.join('')).toContain(
    `Certificate ${twin} was issued for the key of certificate ${serving}`,
  );
});

test('of a certificate that was issued twice after a lost answer, the one that serves is left', async () => {
  const listed = { lateListingMs: 30 * 60_000 };
  await scene.simulator.settings(listed);
  await scene.simulator.inject({ operation: 'createCertificate', count: 1, resetAfter: true });
  await scene.applyCertificate('web', { hostnames: ['lost.example.com'], revocation: { gracePeriod: '1h' } });
  await waitFor(
    'the second POST',
    async () => {
      await rounds.ahead(4000);
      const all = await scene.simulator.certificates({ hostname: 'lost.example.com' });
      return all.length === 2 || new NotYet(all.length);
    },
    { timeoutMs: 20_000 },
  );
  const { status } = await scene.settled('web');
  const serving = status?.certificate?.id ?? '';
  const both = (await scene.simulator.certificates({ hostname: 'lost.example.com' })).map(({ id }) => id);
  const twin = both.find((id) => id !== serving) ?? '';
  await rounds.round(3 * HOUR);
  await revoked(twin);
  await rounds.round();
  expect(await isInForce(serving)).toBe(true);
  expect((await scene.secret('web-tls'))?.metadata.annotations?.['originca.dev/certificate-id']).toBe(
    serving,
  );
});

test('a certificate for our key that somebody asked for long after is left alone', async () => {
  await issued(scene, 'web', { revocation: { gracePeriod: '1h' } });
  await rounds.ahead(3 * HOUR);
  const theirs = await signedAgain(scene, await webKey(), ['example.com']);
  await rounds.round(3 * HOUR);
  await waitFor(
    'the guard to keep it',
    () => operator.logs.some((line) => line.includes('asked for it later')) || new NotYet('nothing'),
    { timeoutMs: 15_000 },
  );
  expect(await isInForce(theirs)).toBe(true);
});

test('a twin that somebody put to use is left alone', async () => {
  const serving = await issued(scene, 'web', { revocation: { gracePeriod: '1h' } });
  const key = await webKey();
  const twin = await signedAgain(scene, key, ['example.com']);
  const certificate = (await scene.simulator.certificates()).find(({ id }) => id === twin)?.certificate ?? '';
  await scene.createSecret({
    metadata: { name: 'theirs' },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': Buffer.from(certificate).toString('base64'),
      'tls.key': Buffer.from(key).toString('base64'),
    },
  });
  await rounds.round(3 * HOUR);
  await waitFor(
    'the guard to keep it',
    () => operator.logs.some((line) => line.includes('/theirs holds it')) || new NotYet('nothing'),
    { timeoutMs: 15_000 },
  );
  expect(await isInForce(twin)).toBe(true);
  expect(await isInForce(serving)).toBe(true);
  await scene.deleteSecret('theirs');
});

test('a twin is left alone while its object is suspended', async () => {
  await issued(scene, 'web', { revocation: { gracePeriod: '1h' } });
  const twin = await signedAgain(scene, await webKey(), ['example.com']);
  await scene.applyCertificate('web', { revocation: { gracePeriod: '1h' }, suspend: true });
  await scene.condition('web', 'Issuing', 'Suspended', 'False');
  await rounds.round(3 * HOUR);
  await rounds.round();
  expect(await isInForce(twin)).toBe(true);
  await scene.applyCertificate('web', { revocation: { gracePeriod: '1h' } });
  await revoked(twin);
});
