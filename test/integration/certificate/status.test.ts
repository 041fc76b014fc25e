import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Condition } from '../../../src/api/conditions.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { issued } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('status');
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

/** Time passes for the operator and for Cloudflare alike, or the operator would not trust its clock. */
async function pass(ms: number): Promise<void> {
  await scene.simulator.advance(ms);
  clock.jump(ms);
}

const conditions = (certificate: OriginCertificate | undefined): readonly Condition[] =>
  (certificate?.status?.conditions ?? []) as readonly Condition[];

describe('the status', () => {
  test('of a certificate in order has Ready alone, and says all about it', async () => {
    const id = await issued(scene, 'order');
    const certificate = await scene.certificate('order');
    expect(conditions(certificate)).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Issued', observedGeneration: 1 }),
    ]);
    expect(certificate?.status).toMatchObject({
      observedGeneration: 1,
      revision: 1,
      certificate: { id, hostnames: ['example.com'], algorithm: 'ECDSA 256', secretName: 'order-tls' },
      issued: [{ id }],
    });
    expect(certificate?.status).not.toHaveProperty('failure');
    const renewal = Date.parse(certificate?.status?.renewalTime ?? '');
    const { notBefore = '', notAfter = '' } = certificate?.status?.certificate ?? {};
    expect(renewal).toBeGreaterThan(Date.parse(notBefore));
    expect(renewal).toBeLessThan(Date.parse(notAfter) - 29 * 86_400_000);
  });

  test('says RenewBeforeTooLong where renewBefore does not fit, and Ready stays True', async () => {
    await issued(scene, 'clamped', { validityDays: 7, renewBefore: '167h' });
    const certificate = await scene.condition('clamped', 'Issuing', 'RenewBeforeTooLong', 'False');
    expect(conditions(certificate).map(({ type, status }) => [type, status])).toEqual([
      ['Ready', 'True'],
      ['Issuing', 'False'],
    ]);
    expect(await scene.simulator.certificates({ hostname: 'example.com' })).toHaveLength(2);
  });

  test('rewrites a failure only when its count is a power of two', async () => {
    await scene.simulator.inject({
      operation: 'createCertificate',
      hostname: 'limited.example.com',
      status: 429,
      code: 971,
      retryAfter: 1,
      count: 0,
    });
    await scene.applyCertificate('limited', { hostnames: ['limited.example.com'] });
    const first = (await scene.condition('limited', 'Issuing', 'RateLimited')).status?.failure;
    const posts = await scene.posts();
    const shown: (number | undefined)[] = [];
    for (let attempt = 2; attempt <= 5; attempt++) {
      await pass(240_000);
      await waitFor('another attempt', async () => (await scene.posts()) >= posts + attempt - 1, {
        timeoutMs: 10_000,
      });
      await waitFor(
        'the refusal noted',
        async () => (await scene.pendings())[0]?.metadata.annotations?.['originca.dev/posted-at'] === '',
        { timeoutMs: 5000 },
      );
      shown.push(await stableCount('limited'));
    }
    expect(shown).toEqual([2, 2, 4, 4]);
    const failure = (await scene.certificate('limited'))?.status?.failure;
    expect(failure?.since).toBe(first?.since);
    await scene.simulator.clearFaults();
    await pass(240_000);
    await scene.settled('limited');
  });

  test('calls a missing issuer Stalled only after five minutes', async () => {
    await scene.applyCertificate('orphan', { issuerRef: { kind: 'OriginIssuer', name: 'later' } });
    const certificate = await scene.condition('orphan', 'Ready', 'IssuerNotFound', 'False');
    expect(conditions(certificate).map(({ type }) => type)).toEqual(['Ready', 'Issuing']);
    await pass(240_000);
    await pass(61_000);
    await scene.condition('orphan', 'Stalled', 'IssuerNotFound', 'True');
    await scene.createIssuer({}, 'later');
    const { status } = await scene.settled('orphan');
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  });
});

/** The count in the status once it no longer changes: two equal looks at a resourceVersion a pass apart. */
async function stableCount(name: string): Promise<number | undefined> {
  let last: string | undefined;
  const certificate = await waitFor(
    'a status at rest',
    async () => {
      const now = await scene.certificate(name);
      const same = now?.metadata.resourceVersion === last;
      last = now?.metadata.resourceVersion;
      return same && now ? now : new NotYet(now?.status);
    },
    { timeoutMs: 5000, intervalMs: 250 },
  );
  return certificate.status?.failure?.count;
}
