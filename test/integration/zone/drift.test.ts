import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { events } from '../../../src/kube/resource.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, settingOf } from '../../support/scene-zone.ts';
import { TestClock } from '../../support/test-clock.ts';
import { request } from 'undici';
import { waitFor } from '../../support/wait.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let scene: Scene;
let zones: SceneZones;
let zoneId: string;
let clock: TestClock;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('zone-drift', { zones: [] });
  zones = new SceneZones(scene);
});
beforeEach(async () => {
  const seed = { name: 'example.com', ssl: 'strict', automaticMode: 'custom' } as const;
  ({ id: zoneId } = await scene.simulator.seedZone(seed));
  clock = new TestClock(Date.now());
  operator = await zones.startOperator({ clock, slowCheck: false });
});
afterEach(async () => {
  await operator.stop();
  await zones.deleteAll();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Lets time pass in steps, and lets the operator finish what falls due in each: it then waits for what is next. */
async function pass(ms: number): Promise<void> {
  const stepMs = Math.min(ms, 30 * SECOND);
  for (let passed = 0; passed < ms; passed += stepMs) {
    await clock.advance(stepMs);
    await waitFor('something to be scheduled', () => clock.waiting > 0, { timeoutMs: 10_000, intervalMs: 2 });
  }
}

const nudge = (): Promise<void> => pass(MINUTE);
const settled = () => zones.condition('InSync', 'InSync', { status: 'True', nudge });

async function mode(): Promise<unknown> {
  return (await scene.simulator.zoneSettings(zoneId)).find(({ id }) => id === 'ssl')?.value;
}

/** What the events about an OriginZone say, by reason. */
async function told({ metadata: { uid } }: OriginZone, reason: string): Promise<readonly string[]> {
  const all = await scene.kube.listAll(events, { namespace: 'default', signal: AbortSignal.timeout(10_000) });
  const about = all.filter((event) => event.regarding.uid === uid && event.reason === reason);
  return about.map(({ note }) => note);
}

async function metric(line: RegExp): Promise<string | undefined> {
  const text = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  return line.exec(await text.body.text())?.[0];
}

describe('a strict that somebody lowered', () => {
  test('to full comes back after restoreAfter and not before; both changes are told with how to stop it', async () => {
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    const zone = await settled();
    await scene.simulator.setZoneMode(zoneId, 'full');
    const seen = await zones.condition('InSync', 'RestorePending', { nudge });
    const noticedMs = clock.monotonic();
    const stands = conditionOf(seen, 'InSync')?.message ?? '';
    expect(stands).toContain('hold-until');
    await pass(12 * MINUTE);
    expect(await mode()).toBe('full');
    await zones.until('strict again', (now) => settingOf(now, 'ssl')?.observed === 'strict', { nudge });
    expect(clock.monotonic() - noticedMs).toBeLessThanOrEqual(20 * MINUTE);
    const restored = await zones.until('the restore is kept', ({ status }) => status?.restores?.length === 1);
    expect(restored.status?.restores).toMatchObject([{ setting: 'ssl' }]);
    const [drift = ''] = await told(zone, 'DriftDetected');
    expect(drift).toContain('was strict and somebody else set it to full');
    expect(await told(zone, 'DriftDetected')).toHaveLength(1);
    const [back = ''] = await told(zone, 'SettingRestored');
    expect(back).toContain('it is set to strict');
    const labels = `{zone="${scene.namespace}",setting="ssl"}`;
    expect(await metric(/^originca_zone_drift_total\{.*"ssl".*$/m)).toBe(
      `originca_zone_drift_total${labels} 1`,
    );
    expect(await metric(/^originca_zone_restore_total\{.*"ssl".*$/m)).toBe(
      `originca_zone_restore_total${labels} 1`,
    );
  });

  test('to flexible is full at once and strict later, and counts as one restore', async () => {
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    await settled();
    await scene.simulator.setZoneMode(zoneId, 'flexible');
    const seen = await zones.condition('InSync', 'RestorePending', { nudge });
    expect(settingOf(seen, 'ssl')?.observed).toBe('full');
    const zone = await settled();
    expect(await mode()).toBe('strict');
    expect(zone.status?.restores).toHaveLength(1);
  });

  test('is left after two restores in a day, also by a process that has just begun', async () => {
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' }, restoreAfter: '1m' });
    await settled();
    await scene.simulator.setZoneMode(zoneId, 'full');
    await zones.until('one restore', ({ status }) => status?.restores?.length === 1, { nudge });
    await pass(6 * MINUTE);
    await scene.simulator.setZoneMode(zoneId, 'full');
    await zones.until('two restores', ({ status }) => status?.restores?.length === 2, { nudge });
    await settled();
    await operator.stop();
    operator = await zones.startOperator({ clock, slowCheck: false });
    await pass(6 * MINUTE);
    await scene.simulator.setZoneMode(zoneId, 'full');
    const left = await zones.condition('InSync', 'DriftAlarm', { nudge });
    expect(conditionOf(left, 'Stalled')).toMatchObject({ status: 'True', reason: 'DriftAlarm' });
    await pass(HOUR);
    expect(await mode()).toBe('full');
  });

  test('is only reported in Observe', async () => {
    await zones.apply({ settings: { ssl: 'strict' } });
    const zone = await settled();
    await scene.simulator.setZoneMode(zoneId, 'flexible');
    await zones.condition('InSync', 'NotEnforced', { nudge });
    await pass(30 * MINUTE);
    expect(await mode()).toBe('flexible');
    expect(await told(zone, 'DriftDetected')).toHaveLength(1);
  });
});

test('another setting that somebody changed is brought back when it is noticed', async () => {
  await zones.apply({ mode: 'Enforce', settings: { minTlsVersion: '1.2' } });
  await settled();
  await scene.simulator.setSetting(zoneId, 'min_tls_version', '1.0');
  const zone = await zones.until('a restore', ({ status }) => status?.restores?.length === 1, { nudge });
  expect(zone.status?.restores).toMatchObject([{ setting: 'minTlsVersion' }]);
});

test.each([
  ['', []],
  [' although the budget is short', ['--cloudflare-rate=0.1', '--cloudflare-burst=4']],
])('a process that begins while all is in order changes nothing and writes no status%s', async (_, flags) => {
  await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict', tls13: 'on' } });
  await settled();
  await zones.condition('OriginsVerified', 'NothingToVerify', { nudge });
  await zones.until('an inventory', ({ status }) => status?.inventory !== undefined, { nudge });
  await pass(MINUTE);
  await operator.stop();
  const before = await zones.get();
  const patches = (await scene.simulator.requests({ operation: 'patchSetting' })).length;
  operator = await zones.startOperator({ clock, slowCheck: false, flags });
  const listed = async () => (await scene.simulator.requests({ operation: 'listRecords' })).length;
  const lists = await listed();
  const relisted = async (): Promise<boolean> => {
    await pass(30 * SECOND);
    return (await listed()) > lists;
  };
  await waitFor('the records to be listed', relisted, { timeoutMs: 10_000 });
  await pass(5 * MINUTE);
  expect((await zones.get())?.status).toEqual(before?.status);
  expect((await zones.get())?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  expect(await scene.simulator.requests({ operation: 'patchSetting' })).toHaveLength(patches);
});
