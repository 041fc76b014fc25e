import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { DAY_MS, issued, signedPair } from './pairs.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('expiry');
  await scene.createIssuer();
  await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

/** Long enough to be seen in use before. */
const LEFT_MS = 4000;

describe('when the certificate of a suspended object expires', () => {
  test('Ready turns False at that time, although nothing else happens', async () => {
    await issued(scene, 'paused');
    await scene.applyCertificate('paused', { suspend: true });
    await scene.condition('paused', 'Issuing', 'Suspended', 'False');
    const posts = await scene.posts();
    const end = Math.ceil((Date.now() + LEFT_MS) / 1000) * 1000;
    const dates = { notBefore: new Date(end - DAY_MS).toISOString(), notAfter: new Date(end).toISOString() };
    const { id, data } = await signedPair(scene, { hostnames: ['example.com'], ...dates });
    await scene.patchSecret('paused-tls', { data });
    const planted = await waitFor(
      'the planted pair in the status',
      async () => {
        const certificate = await scene.certificate('paused');
        return certificate?.status?.certificate?.id === id ? certificate : new NotYet(certificate?.status);
      },
      { timeoutMs: 5000 },
    );
    expect(planted.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Issued' }),
    );
    const { status } = await scene.condition('paused', 'Ready', 'Expired', 'False');
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(Date.parse(ready?.lastTransitionTime ?? '')).toBeGreaterThanOrEqual(end);
    expect(Date.parse(ready?.lastTransitionTime ?? '')).toBeLessThan(end + 3000);
    expect(await scene.posts()).toBe(posts);
  });
});
