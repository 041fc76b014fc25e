import { afterAll, beforeAll, expect, test } from 'vitest';
import { postTimeoutMs } from '../../../src/cloudflare/client.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt } from '../certificate/pairs.ts';

const MINUTE_MS = 60_000;
/** As production has it. */
const POST_TIMEOUT_MS = 30_000;
/** The most that Cloudflare takes. */
const HOSTNAMES = Array.from({ length: 100 }, (_, index) => `host-${index}.example.com`);

let scene: Scene;
const clock = new JumpClock();

beforeAll(async () => {
  const flags = [`--cloudflare-post-timeout=${POST_TIMEOUT_MS / 1000}s`, '--settle=30s'];
  scene = await Scene.start('slow', { flags });
  await scene.simulator.settings({ lateSigningPerHostnameMs: MINUTE_MS / HOSTNAMES.length });
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

test('a hundred hostnames that take a minute to sign are one certificate, by one POST', async () => {
  await scene.applyCertificate('slow', { hostnames: HOSTNAMES });
  await waitFor(
    'the signing under way',
    async () => (await scene.simulator.waits()) > 0 || new NotYet((await scene.certificate('slow'))?.status),
    { timeoutMs: 15_000 },
  );
  // The time limit itself runs in real time.
  expect(postTimeoutMs(POST_TIMEOUT_MS, HOSTNAMES.length)).toBeGreaterThan(MINUTE_MS);
  // Another look at the object in the middle of it changes nothing.
  for (const partMs of [0.9 * MINUTE_MS, 0.1 * MINUTE_MS]) {
    expect(await scene.simulator.certificates()).toEqual([]);
    await scene.simulator.advance(partMs);
    clock.jump(partMs);
  }
  const { status } = await scene.settled('slow');
  expect(status?.certificate?.hostnames).toHaveLength(HOSTNAMES.length);
  expect(status?.failure).toBeUndefined();
  await certificatesAt(scene, 'host-0.example.com', { live: 1, revoked: 0 });
  expect(await scene.posts()).toBe(1);
});
