import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { originIssuers } from '../../../src/resources.ts';
import { Scene } from '../../support/scene.ts';
import { TestClock } from '../../support/test-clock.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { issuer, untilReady } from './issuers.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 3600 * SECOND;
const WAIT = { timeoutMs: 15_000 } as const;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

let scene: Scene;
/** Stands still unless advanced: a certificate that goes on was woken and did not just look again. */
const clock = new TestClock(Date.now());

beforeAll(async () => {
  scene = await Scene.start('waiting');
  await scene.startOperator({ clock });
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Lets time pass here and at Cloudflare: a clock that everybody disagrees with is not issued by. */
async function pass(ms: number): Promise<void> {
  await scene.simulator.advance(ms);
  await clock.advance(ms);
}

/** Milliseconds between the last request of an issuer's check and the POST that followed. */
async function waitedMs(tokenId: string): Promise<number> {
  const requests = await scene.simulator.requests({ tokenId });
  const at = (operation: string): number =>
    Date.parse(requests.findLast((request) => request.operation === operation)?.time ?? '');
  return at('createCertificate') - at('listCertificates');
}

describe('a certificate whose issuer', () => {
  test('does not exist says so, and goes on within a second of the issuer being Ready', async () => {
    await scene.applyCertificate('early', { issuerRef: { kind: 'OriginIssuer', name: 'later' } });
    const { status } = await scene.condition('early', 'Ready', 'IssuerNotFound', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      `There is no OriginIssuer later in namespace ${scene.namespace}; create it, or correct spec.issuerRef.`,
    );
    await scene.createIssuer({}, 'later');
    await scene.settled('early');
    expect(await waitedMs(scene.token.id)).toBeLessThan(1000);
    expect(await scene.posts()).toBe(1);
  });

  test('is refused repeats why, and goes on within a second of the issuer being Ready again', async () => {
    const { id, value } = await scene.simulator.seedToken({ status: 'disabled' });
    await scene.createIssuer({}, 'refused');
    await untilReady(() => issuer(scene, 'refused'), { status: 'True', reason: 'Checked' });
    await scene.putToken(value, 'refused');
    await untilReady(
      () => issuer(scene, 'refused'),
      { status: 'False', reason: 'CredentialsInvalid' },
      () => pass(10 * SECOND),
    );
    await scene.applyCertificate('patient', { issuerRef: { kind: 'OriginIssuer', name: 'refused' } });
    const { status } = await scene.condition('patient', 'Ready', 'IssuerNotReady', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'the API token is disabled',
    );
    const before = await scene.posts();
    await scene.simulator.updateToken(id, { status: 'active' });
    await pass(6 * MINUTE); // The Secret is as it was: nothing but the next check helps.
    await untilReady(
      () => issuer(scene, 'refused'),
      { status: 'True', reason: 'Checked' },
      () => clock.advance(SECOND), // Not at Cloudflare, whose times are measured below.
    );
    await scene.settled('patient');
    expect(await waitedMs(id)).toBeLessThan(1000);
    expect(await scene.posts()).toBe(before + 1);
  });
});

describe('a deleted issuer', () => {
  test('is asked about no more, and its token serves no further certificate', async () => {
    const { id, value } = await scene.simulator.seedToken();
    await scene.putToken(value, 'leaving');
    await scene.apply(originIssuers, {
      metadata: { name: 'leaving', namespace: scene.namespace },
      spec: { apiTokenSecretRef: { name: 'leaving' } },
    });
    await untilReady(() => issuer(scene, 'leaving'), { status: 'True', reason: 'Checked' });
    const ref = { name: 'leaving', namespace: scene.namespace };
    await scene.kube.delete(originIssuers, ref, { signal: signal() });
    await scene.applyCertificate('late', { issuerRef: { kind: 'OriginIssuer', name: 'leaving' } });
    await scene.condition('late', 'Ready', 'IssuerNotFound');
    const before = await scene.simulator.requests({ tokenId: id });
    await pass(2 * HOUR);
    // The other issuers' hourly checks show that the operator has looked at everything that fell due.
    await waitFor(
      'the other issuers to be checked',
      async () => {
        await pass(10 * SECOND);
        const others = await scene.simulator.requests({ operation: 'verifyToken', tokenId: scene.token.id });
        return others.length >= 3 || new NotYet(others.length);
      },
      WAIT,
    );
    expect(await scene.simulator.requests({ tokenId: id })).toEqual(before);
  });
});
