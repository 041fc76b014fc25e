import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { originIssuers } from '../../../src/resources.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { PassingTime } from '../certificate/passing-time.ts';
import { conditionOf, issuer, readyOf, untilReady } from './issuers.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const NAME = 'cloudflare';
const CHECKED = { status: 'True', reason: 'Checked' } as const;

let scene: Scene;
let time: PassingTime;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('over-time');
  // One for all tests, as there is one Cloudflare whose time passes with it.
  time = new PassingTime(scene, () => operator);
});
afterAll(() => scene[Symbol.asyncDispose]());

beforeEach(async () => {
  operator = await scene.startOperator({ clock: time.clock, slowCheck: false });
});
afterEach(async () => {
  await scene.simulator.clearFaults();
  await operator.stop();
  const ref = { name: NAME, namespace: scene.namespace };
  await scene.kube.delete(originIssuers, ref, { signal: AbortSignal.timeout(10_000) });
});

const current = () => issuer(scene, NAME);

/** Lets time pass, in steps of 10 s or, where nothing is looked at for long, of a minute. */
const pass = (ms: number): Promise<number> => time.pass(ms, ms > 30 * MINUTE ? MINUTE : 10 * SECOND);

/** Lets time pass until Ready is True and says so much. Fails when it does not within `ms`. */
async function healthyWithin(ms: number, message = ''): Promise<void> {
  const isHealthy = async (): Promise<boolean> => {
    const ready = readyOf(await current());
    return ready?.status === 'True' && ready.message.includes(message);
  };
  await time.pass(ms, 5 * SECOND, isHealthy);
  expect(readyOf(await current())).toMatchObject({ ...CHECKED, message: expect.stringContaining(message) });
}

/** How many checks were begun so far: each asks for the token's state once, whatever it finds. */
async function checks(): Promise<number> {
  return (await scene.simulator.requests({ operation: 'verifyToken' })).length;
}

describe('a refused token', () => {
  test('is asked about every five minutes, and a corrected one is in use within 60 s', async () => {
    await scene.createIssuer();
    await scene.putToken('Never_Issued-abcdefghijklmnopqrstuvwxyz0');
    await untilReady(current, { status: 'False', reason: 'CredentialsInvalid' });
    const before = await checks();
    await pass(22 * MINUTE);
    expect((await checks()) - before).toBe(4);
    await scene.putToken(scene.token.value);
    await healthyWithin(60 * SECOND);
    expect(conditionOf(await current(), 'Stalled')).toBeUndefined();
  });

  test('is in use again five minutes after Cloudflare lets it pass, with the Secret untouched', async () => {
    const { id, value } = await scene.simulator.seedToken({ status: 'disabled' });
    await scene.createIssuer();
    await scene.putToken(value);
    await untilReady(current, { status: 'False', reason: 'CredentialsInvalid' });
    await scene.simulator.updateToken(id, { status: 'active' });
    await healthyWithin(6 * MINUTE);
  });
});

describe('a missing token', () => {
  test('stalls the issuer after five minutes, and is in use within 60 s of its appearance', async () => {
    await scene.apply(originIssuers, {
      metadata: { name: NAME, namespace: scene.namespace },
      spec: { apiTokenSecretRef: { name: 'late' } },
    });
    await untilReady(current, { status: 'False', reason: 'CredentialsMissing' });
    await pass(4 * MINUTE);
    expect(conditionOf(await current(), 'Stalled')).toBeUndefined();
    await pass(2 * MINUTE);
    await waitFor(
      'Stalled',
      async () => {
        const found = await current();
        return conditionOf(found, 'Stalled')?.reason === 'CredentialsMissing' || new NotYet(found?.status);
      },
      { timeoutMs: 10_000 },
    );
    await scene.putToken(scene.token.value, 'late');
    await healthyWithin(60 * SECOND);
    expect(conditionOf(await current(), 'Stalled')).toBeUndefined();
  });
});

describe('a good token', () => {
  test('is checked once an hour, give or take six minutes', async () => {
    await scene.createIssuer();
    await untilReady(current, CHECKED);
    const before = await checks();
    const written = (await current())?.metadata.resourceVersion;
    await pass(53 * MINUTE);
    expect(await checks()).toBe(before);
    await pass(14 * MINUTE);
    expect(await checks()).toBe(before + 1);
    expect((await current())?.metadata.resourceVersion).toBe(written);
  });

  test('that was withdrawn is found out by the hourly check, and its zones are no longer shown', async () => {
    const { id, value } = await scene.simulator.seedToken();
    await scene.putToken(value, 'withdrawn');
    await scene.apply(originIssuers, {
      metadata: { name: NAME, namespace: scene.namespace },
      spec: { apiTokenSecretRef: { name: 'withdrawn' } },
    });
    await untilReady(current, CHECKED);
    await scene.simulator.remove('token', id);
    await pass(67 * MINUTE);
    const found = await untilReady(current, { status: 'False', reason: 'CredentialsInvalid' });
    expect(found.status).not.toHaveProperty('zones');
  });
});

const OUTAGES: readonly [string, Omit<FaultSpec, 'operation'>][] = [
  ['answers 503', { status: 503 }],
  ['answers an HTML page', { status: 502, html: true }],
  ['answers half a JSON text', { truncateJson: true }],
  ['resets connections', { resetBefore: true }],
  ['limits the requests', { status: 429, retryAfter: 30 }],
  ['fails without a known code', { successFalse200: true, code: 4711 }],
];

describe('while Cloudflare', () => {
  test.each(OUTAGES)(
    '%s, the issuer stays Ready, says since when, and recovers within 70 s',
    async (_, fault) => {
      await scene.createIssuer();
      const healthy = await untilReady(current, CHECKED);
      await scene.simulator.inject({ operation: '*', count: 0, ...fault });
      await pass(67 * MINUTE);
      const failing = await untilReady(current, {
        ...CHECKED,
        message: 'Cloudflare could not be asked since ',
      });
      expect(readyOf(failing)?.lastTransitionTime).toBe(readyOf(healthy)?.lastTransitionTime);
      expect(failing.status?.zones).toEqual(healthy.status?.zones);
      expect(failing.status?.token).toEqual(healthy.status?.token);
      const since = sinceOf(readyOf(failing)?.message);
      const before = await checks();
      await pass(10 * MINUTE);
      expect((await checks()) - before).toBeLessThanOrEqual(14);
      expect(sinceOf(readyOf(await current())?.message)).toBe(since);
      expect((await current())?.metadata.resourceVersion).toBe(failing.metadata.resourceVersion);
      await scene.simulator.clearFaults();
      await healthyWithin(70 * SECOND, 'The token sees 1 zone.');
    },
  );

  test('cannot be asked, a token that was missing until then is neither good nor refused', async () => {
    await scene.apply(originIssuers, {
      metadata: { name: NAME, namespace: scene.namespace },
      spec: { apiTokenSecretRef: { name: 'in-outage' } },
    });
    await untilReady(current, { status: 'False', reason: 'CredentialsMissing' });
    await pass(6 * MINUTE);
    await scene.simulator.inject({ operation: '*', count: 0, status: 503 });
    await scene.putToken(scene.token.value, 'in-outage');
    const unknown = { status: 'Unknown', reason: 'CloudflareUnavailable' } as const;
    await pass(MINUTE);
    const found = await untilReady(current, unknown);
    expect(conditionOf(found, 'Stalled')).toBeUndefined();
  });

  test('cannot be asked at all, a new issuer is neither Ready nor refused', async () => {
    await scene.simulator.inject({ operation: '*', count: 0, status: 503 });
    await scene.createIssuer();
    const found = await untilReady(current, { status: 'Unknown', reason: 'CloudflareUnavailable' });
    expect(conditionOf(found, 'Stalled')).toBeUndefined();
    await scene.simulator.clearFaults();
    await healthyWithin(70 * SECOND);
  });
});

describe('a zone that is added after a check', () => {
  test('serves a certificate that is applied ten seconds later, whoever missed another zone before', async () => {
    await scene.createIssuer();
    await untilReady(current, CHECKED);
    await pass(10 * SECOND);
    await scene.simulator.seedZone({ name: 'added.example' });
    await pass(10 * SECOND);
    await scene.applyCertificate('added', { hostnames: ['added.example'] });
    await scene.settled('added');
    await scene.applyCertificate('typo', { hostnames: ['late.example'], secretName: 'typo-tls' });
    await scene.condition('typo', 'Ready', 'HostnameRejected', 'False');
    await pass(10 * SECOND);
    await scene.simulator.seedZone({ name: 'late.example' });
    await scene.applyCertificate('late', { hostnames: ['late.example'], secretName: 'late-tls' });
    const isNoticed = async (): Promise<boolean> => (await scene.certificate('late'))?.status !== undefined;
    await waitFor('it to be noticed', isNoticed, { timeoutMs: 10_000 });
    const isIssued = async (): Promise<boolean> => (await scene.secret('late-tls')) !== undefined;
    await time.pass(60 * SECOND, 5 * SECOND, isIssued);
    expect(await isIssued()).toBe(true);
    await scene.settled('late');
  });
});

function sinceOf(message: string | undefined): string | undefined {
  return /since (\S+Z):/.exec(message ?? '')?.[1];
}
