import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PullStage, type Theatre } from './stage.ts';
import { openTheatre } from './theatre.ts';

let theatre: Theatre & AsyncDisposable;
let stage: PullStage;

beforeAll(async () => {
  theatre = await openTheatre();
});
beforeEach(async () => {
  stage = await PullStage.open(theatre);
});
afterEach(() => stage[Symbol.asyncDispose]());
afterAll(() => theatre[Symbol.asyncDispose]());

const publish = () => [{ kind: 'Secret' as const, namespace: stage.namespace, name: 'ca' }];

async function setting(): Promise<unknown> {
  const all = await theatre.simulator.zoneSettings(stage.zoneId);
  return all.find(({ id }) => id === 'tls_client_auth')?.value;
}

describe('Off', () => {
  test.each(['Zone', 'Shared'] as const)(
    'after %s waits until no origin demands it, then switches off and deletes our leaf',
    async (mode) => {
      await stage.apply({ mode, publish: publish() });
      await stage.presenting();
      await stage.demandWhatIsIn('ca');
      stage.probing = true;
      await stage.apply({ mode: 'Off' });
      const { status, problems } = await stage.until(
        'who demands it',
        ({ status: seen }) => seen?.message?.includes('demand it') === true,
      );
      expect(status).toMatchObject({ state: 'SwitchingOff', safeToDemand: false });
      expect(problems[0]?.message).toContain('since www.example.com at 127.0.0.1');
      expect((await stage.events()).join('\n')).toContain(
        'Remove nginx.ingress.kubernetes.io/auth-tls-secret',
      );
      for (let passes = 0; passes < 5; passes += 1) await stage.tick();
      expect(stage.failures).toEqual([]);

      await stage.demandNothing();
      await stage.until('Off', (report) => report.status?.state === 'Off');
      expect(await stage.visit()).not.toHaveProperty('clientCertificate');
      expect(await theatre.simulator.originPulls(stage.zoneId)).toEqual({ enabled: false });
      expect(await setting()).toBe('off');
      expect(await stage.atCloudflare()).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('waits while nobody has looked at the origins', async () => {
    await stage.apply({ mode: 'Zone' });
    await stage.presenting();
    await stage.apply({ mode: 'Off' });
    for (let passes = 0; passes < 5; passes += 1) {
      expect((await stage.tick()).status).toMatchObject({ state: 'SwitchingOff', safeToDemand: false });
    }
    expect(await theatre.simulator.originPulls(stage.zoneId)).toEqual({ enabled: true });
  });

  test('is undone by Zone, with the CA and the leaf that were kept', async () => {
    await stage.apply({ mode: 'Zone', publish: publish() });
    await stage.presenting();
    const ca = await stage.objects.published('ca');
    stage.probing = true;
    await stage.apply({ mode: 'Off' });
    await stage.until('Off', ({ status }) => status?.state === 'Off');
    await stage.apply({ mode: 'Zone', publish: publish() });
    const early = await stage.until('Propagating', ({ status }) => status?.state === 'Propagating');
    expect(early.status?.safeToDemand).toBe(false);
    await stage.presenting();
    expect(await stage.objects.published('ca')).toBe(ca);
  });
});

describe('Shared', () => {
  test('is set, read back, and its CA published, before origins may demand it', async () => {
    await stage.apply({ mode: 'Shared', publish: publish() });
    const early = await stage.until('Propagating', ({ status }) => status?.state === 'Propagating');
    expect(early.status?.safeToDemand).toBe(false);
    await stage.presenting();
    await stage.demandWhatIsIn('ca');
    expect(await stage.visit()).toMatchObject({ status: 200, clientCertificate: 'shared' });
    expect(await stage.origin.direct()).toBe(400);
    expect(await stage.changes()).toEqual(['patchSetting']);
    expect(stage.failures).toEqual([]);
  });

  test('is told where the plan does not let it be set', async () => {
    await theatre.simulator.setEditable(stage.zoneId, 'tls_client_auth', false);
    await stage.apply({ mode: 'Shared' });
    const { status, problems } = await stage.tick();
    expect(status).toMatchObject({ state: 'SettingNotEditable', safeToDemand: false });
    expect(problems[0]).toMatchObject({ reason: 'SettingNotEditable', stalled: true });
    expect(await stage.changes()).toEqual([]);
  });

  test('gives way to Zone and Zone to it while origins demand, without a visitor who is turned away', async () => {
    await stage.apply({ mode: 'Shared', publish: publish() });
    await stage.presenting();
    await stage.demandWhatIsIn('ca');
    stage.probing = true;
    const shared = await stage.objects.published('ca');

    await stage.apply({ mode: 'Zone', publish: publish() });
    const { status } = await stage.presenting();
    expect(await stage.visit()).toMatchObject({ status: 200, clientCertificate: status?.certificateId });
    await stage.until(
      "the zone's CA alone",
      async () => (await stage.objects.published('ca'))?.includes(shared ?? '') === false,
    );

    await stage.apply({ mode: 'Shared', publish: publish() });
    await stage.until('the shared CA alone', async () => (await stage.objects.published('ca')) === shared);
    await stage.presenting();
    expect(await stage.visit()).toMatchObject({ status: 200, clientCertificate: 'shared' });
    expect(await stage.atCloudflare()).toEqual([]);
    expect(stage.failures).toEqual([]);
  });
});

describe('nothing is done', () => {
  test.each(['Zone', 'Shared', 'Off'] as const)('in Observe, but said what would be: %s', async (mode) => {
    if (mode === 'Off') await theatre.simulator.setSetting(stage.zoneId, 'tls_client_auth', 'on');
    stage.hindrance = 'spec.mode is Observe';
    stage.probing = true;
    await stage.apply({ mode, publish: publish() });
    const { status } = await stage.until('Held', (report) => report.status?.state === 'Held');
    expect(status?.message).toMatch(/^Nothing is changed, since spec\.mode is Observe\. Next would be: /);
    for (let passes = 0; passes < 3; passes += 1) await stage.tick();
    expect(await stage.changes()).toEqual([]);
    expect(await stage.objects.secret()).toBeUndefined();
    expect(await stage.objects.published('ca')).toBeUndefined();
  });

  test.each(['off', 'flexible'] as const)('under %s, where no client certificate is shown', async (ssl) => {
    stage.ssl = ssl;
    await stage.apply({ mode: 'Zone', publish: publish() });
    for (let passes = 0; passes < 3; passes += 1) {
      const { status } = await stage.tick();
      expect(status).toMatchObject({ state: 'Held', safeToDemand: false });
      expect(status?.message).toContain(`The SSL mode is ${ssl}`);
    }
    expect(await stage.changes()).toEqual([]);
  });

  test('after a restart with everything in order, and nothing is said anew', async () => {
    await stage.apply({ mode: 'Zone', publish: publish() });
    const before = await stage.presenting();
    const changes = await stage.changes();
    const version = (await stage.objects.secret())?.metadata.resourceVersion;
    stage.restart();
    const { status } = await stage.tick();
    expect(status).toEqual(before.status);
    expect(await stage.changes()).toEqual(changes);
    expect((await stage.objects.secret())?.metadata.resourceVersion).toBe(version);
  });

  test('at rest, for the price of three requests an hour', async () => {
    await stage.apply({ mode: 'Zone', publish: publish() });
    await stage.presenting();
    const before = (await theatre.simulator.requests()).length;
    for (let minutes = 0; minutes < 60; minutes += 1) await stage.tick();
    expect((await theatre.simulator.requests()).length - before).toBeLessThanOrEqual(3);
  });
});

test('what Cloudflare refuses is said, and what stood stands', async () => {
  await stage.apply({ mode: 'Zone' });
  await stage.presenting();
  await theatre.simulator.inject({ operation: 'listClientCertificates', status: 403, code: 9109, count: 0 });
  await stage.jump(3_600_000);
  const { problems } = await stage.tick();
  expect(problems[0]).toMatchObject({ reason: 'PermissionMissing', stalled: true });
  expect(problems[0]?.message).toContain('SSL and Certificates:Read');
});
