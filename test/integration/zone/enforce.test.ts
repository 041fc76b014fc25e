import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, settingOf } from '../../support/scene-zone.ts';

let scene: Scene;
let zones: SceneZones;
let zoneId: string;

beforeAll(async () => {
  scene = await Scene.start('zone-enforce', { zones: [] });
  zones = new SceneZones(scene);
  await zones.startOperator();
});
beforeEach(async () => {
  ({ id: zoneId } = await scene.simulator.seedZone({
    name: 'example.com',
    ssl: 'flexible',
    automaticMode: 'auto',
  }));
});
afterEach(async () => {
  await zones.deleteAll();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** The settings that were asked to be changed at Cloudflare for this zone, in order. */
async function patches(): Promise<readonly string[]> {
  const sent = await scene.simulator.requests({ operation: 'patchSetting' });
  return sent.filter(({ path }) => path.includes(zoneId)).map(({ path }) => path.split('/').at(-1) ?? '');
}

describe('Observe', () => {
  test('says what differs and how to have it changed, and changes nothing', async () => {
    await zones.apply({ settings: { ssl: 'strict' } });
    const zone = await zones.condition('InSync', 'NotEnforced', { status: 'False' });
    expect(conditionOf(zone, 'InSync')?.message).toContain('Enforce');
    expect(settingOf(zone, 'ssl')).toMatchObject({ desired: 'strict', observed: 'flexible', inSync: false });
    expect(await patches()).toEqual([]);
  });
});

describe('Enforce', () => {
  test('takes the mode from the crawler first, goes over full to strict, and asks once for each', async () => {
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    const zone = await zones.condition('InSync', 'InSync', { status: 'True' });
    expect(settingOf(zone, 'ssl')).toMatchObject({ desired: 'strict', observed: 'strict', inSync: true });
    expect(settingOf(zone, 'sslAutomaticMode')).toMatchObject({ observed: 'custom', inSync: true });
    expect(await patches()).toEqual(['ssl_automatic_mode', 'ssl', 'ssl']);
  });

  test('brings every managed setting, and leaves the others alone', async () => {
    await scene.simulator.setZoneMode(zoneId, 'full');
    await scene.simulator.setSetting(zoneId, 'tls_1_3', 'off');
    await zones.apply({
      mode: 'Enforce',
      settings: {
        minTlsVersion: '1.2',
        tls13: 'on',
        alwaysUseHttps: true,
        hsts: { enabled: true, maxAge: 3600, acknowledgeLockIn: false },
      },
    });
    await zones.condition('InSync', 'InSync', { status: 'True' });
    const found = Object.fromEntries(
      (await scene.simulator.zoneSettings(zoneId)).map(({ id, value }) => [id, value]),
    );
    expect(found).toMatchObject({
      ssl: 'full',
      ssl_automatic_mode: 'auto',
      min_tls_version: '1.2',
      tls_1_3: 'on',
      always_use_https: 'on',
    });
    expect(found['security_header']).toMatchObject({
      strict_transport_security: { enabled: true, max_age: 3600 },
    });
    expect([...(await patches())].toSorted()).toEqual([
      'always_use_https',
      'min_tls_version',
      'security_header',
      'tls_1_3',
    ]);
  });

  test('does not fight a plan: what cannot be edited stalls, the rest goes on', async () => {
    await scene.simulator.setZoneMode(zoneId, 'full');
    await scene.simulator.setEditable(zoneId, 'min_tls_version', false);
    await zones.apply({ mode: 'Enforce', settings: { minTlsVersion: '1.3', tls13: 'on' } });
    const zone = await zones.condition('Stalled', 'NotEditable', { status: 'True' });
    expect(settingOf(zone, 'minTlsVersion')).toMatchObject({ editable: false, inSync: false });
    await zones.until('tls13 is in sync', (seen) => settingOf(seen, 'tls13')?.inSync === true);
    expect(await patches()).not.toContain('min_tls_version');
  });

  test('leaves alone what is stricter than asked', async () => {
    await scene.simulator.setZoneMode(zoneId, 'strict');
    await scene.simulator.setAutomaticMode(zoneId, 'custom');
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'full' } });
    const zone = await zones.condition('InSync', 'StricterThanAsked', { status: 'True' });
    expect(settingOf(zone, 'ssl')).toMatchObject({ desired: 'full', observed: 'strict', inSync: true });
    expect(await patches()).toEqual([]);
  });

  test('is held by the annotation until its time, and by one that cannot be read', async () => {
    const spec = { mode: 'Enforce', settings: { tls13: 'off' } } as const;
    await scene.simulator.setSetting(zoneId, 'tls_1_3', 'on');
    await zones.apply(
      { ...spec, allowDowngrade: true },
      { annotations: { 'originca.dev/hold-until': 'tomorrow' } },
    );
    const held = await zones.condition('Stalled', 'HoldUntilInvalid', { status: 'True' });
    expect(conditionOf(held, 'InSync')).toMatchObject({ status: 'False', reason: 'NotEnforced' });
    const soon = new Date(Date.now() + 2500).toISOString();
    await zones.apply(
      { ...spec, allowDowngrade: true },
      { annotations: { 'originca.dev/hold-until': soon } },
    );
    const freed = await zones.condition('InSync', 'InSync', { status: 'True' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(soon));
    expect(conditionOf(freed, 'Stalled')).toBeUndefined();
  });
});

test('a deleted OriginZone leaves everything at Cloudflare as it is', async () => {
  await zones.apply({ mode: 'Enforce', settings: { ssl: 'full' } });
  await zones.condition('InSync', 'InSync', { status: 'True' });
  const before = await scene.simulator.zoneSettings(zoneId);
  await zones.delete();
  await zones.apply({ settings: { ssl: 'full' } }, { name: `${scene.namespace}-again` });
  await zones.condition('InSync', 'InSync', { status: 'True', name: `${scene.namespace}-again` });
  expect(await scene.simulator.zoneSettings(zoneId)).toEqual(before);
});
