import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, settingOf, type ZoneChange } from '../../support/scene-zone.ts';
import { TestClock } from '../../support/test-clock.ts';
import { type Origin, tlsOrigin } from '../../support/tls-origin.ts';
import { authority, leaf } from '../../support/tls-origin-certificates.ts';
import { waitFor } from '../../support/wait.ts';
import { signedPair, text } from '../certificate/pairs.ts';

const MINUTE = 60_000;
const NAME = 'www.example.com';

let scene: Scene;
let zones: SceneZones;
let zoneId: string;
let clock: TestClock;
let operator: RunningOperator;
let origin: Origin;

beforeAll(async () => {
  scene = await Scene.start('zone-gate', { zones: [] });
  zones = new SceneZones(scene);
});
beforeEach(async () => {
  const seed = { name: 'example.com', ssl: 'flexible', automaticMode: 'auto' } as const;
  ({ id: zoneId } = await scene.simulator.seedZone(seed));
  await scene.simulator.seedRecord(zoneId, { name: NAME, type: 'A', content: '203.0.113.7', proxied: true });
  clock = new TestClock(Date.now());
  operator = await zones.startOperator({ clock, slowCheck: false });
  origin = await untrustedOrigin();
});
afterEach(async () => {
  await operator.stop();
  await origin[Symbol.asyncDispose]();
  await zones.deleteAll();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

const own = await authority('Somebody');

async function untrustedOrigin(): Promise<Origin> {
  return tlsOrigin({ pair: await leaf(own, [NAME]) });
}

/** The same origin, which from now on serves a certificate of the Origin CA. */
async function mended(): Promise<Origin> {
  const { port } = origin;
  await origin[Symbol.asyncDispose]();
  const { data } = await signedPair(scene, { hostnames: [NAME] });
  const tls = { key: text({ metadata: {}, data }, 'tls.key'), cert: text({ metadata: {}, data }, 'tls.crt') };
  return tlsOrigin({ pair: await leaf(own, [NAME]), tls, port });
}

/** Everything is knocked for at the origin of this test. */
const enforced = (change: ZoneChange = {}): ZoneChange => ({
  mode: 'Enforce',
  settings: { ssl: 'strict' },
  probes: [{ hostnames: ['*'], addresses: [origin.address] }],
  ...change,
});

/** Lets time pass in steps, and lets the operator finish what falls due in each. */
async function pass(ms: number): Promise<void> {
  const stepMs = Math.min(ms, 30_000);
  for (let passed = 0; passed < ms; passed += stepMs) {
    await clock.advance(stepMs);
    await waitFor('something to be scheduled', () => clock.waiting > 0, { timeoutMs: 10_000, intervalMs: 2 });
  }
}
const nudge = (): Promise<void> => pass(MINUTE);

async function mode(): Promise<unknown> {
  return (await scene.simulator.zoneSettings(zoneId)).find(({ id }) => id === 'ssl')?.value;
}

async function metrics(): Promise<string> {
  return (await request(`http://127.0.0.1:${operator.metricsPort}/metrics`)).body.text();
}

describe('full', () => {
  test('does not come by old records: a name added while the zone was only observed is found first', async () => {
    await operator.stop();
    operator = await zones.startOperator({ clock, slowCheck: false, flags: ['--zone-interval=8h'] });
    const probes = [{ hostnames: [NAME], addresses: [origin.address] }];
    await zones.apply(enforced({ mode: 'Observe', probes }));
    await zones.condition('InSync', 'NotEnforced', { status: 'False', nudge });
    await pass(2 * MINUTE);
    // Its origin speaks http only.
    const plain = { name: 'plain.example.com', type: 'A', content: '127.0.0.9', proxied: true } as const;
    await scene.simulator.seedRecord(zoneId, plain);
    await zones.apply(enforced({ probes }));
    const closed = await zones.condition('InSync', 'GateClosed', { status: 'False', nudge });
    expect(conditionOf(closed, 'InSync')?.message).toContain(plain.name);
    expect(await mode()).toBe('flexible');
  });
});

describe('strict', () => {
  test('waits under full for an origin with a foreign certificate, and comes when it serves one of the Origin CA', async () => {
    await zones.apply(enforced());
    const closed = await zones.condition('InSync', 'GateClosed', { status: 'False', nudge });
    expect(settingOf(closed, 'ssl')?.observed).toBe('full');
    const failing = await zones.condition('OriginsVerified', 'OriginsFailing', { status: 'False', nudge });
    expect(conditionOf(failing, 'OriginsVerified')?.message).toContain(NAME);
    expect(failing.status?.origins?.[0]).toMatchObject({
      hostname: NAME,
      result: 'Untrusted',
      source: 'spec.probes[0]',
    });
    expect(await metrics()).toContain(
      `originca_zone_origins{zone="${scene.namespace}",result="Untrusted"} 1`,
    );
    origin = await mended();
    await zones.condition('OriginsVerified', 'AllVerified', { status: 'True', nudge });
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    expect(await mode()).toBe('strict');
  });

  test('does not come by old records: a name added since is found first', async () => {
    await operator.stop();
    operator = await zones.startOperator({ clock, slowCheck: false, flags: ['--zone-interval=8h'] });
    await zones.apply(enforced());
    await zones.condition('InSync', 'GateClosed', { status: 'False', nudge });
    await pass(31 * MINUTE);
    const added = { name: 'added.example.com', type: 'A', content: '203.0.113.8', proxied: true } as const;
    await scene.simulator.seedRecord(zoneId, added);
    origin = await mended(); // It serves nothing for the name added.
    const found = (zone: OriginZone): boolean =>
      zone.status?.origins?.some(
        ({ hostname, result }) => hostname === added.name && result === 'NameMismatch',
      ) ?? false;
    await zones.until('the name added to be found', found, { nudge });
    await zones.condition('InSync', 'GateClosed', { status: 'False', nudge });
    expect(await mode()).toBe('full');
  });

  test('is left on when an origin breaks afterwards, which is an alarm', async () => {
    origin = await mended();
    await zones.apply(enforced());
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    await origin[Symbol.asyncDispose]();
    const zone = await zones.condition('OriginsVerified', 'OriginsFailing', { status: 'False', nudge });
    expect(zone.status?.originCounts).toEqual([{ result: 'Refused', count: 1 }]);
    await pass(30 * MINUTE);
    expect(await mode()).toBe('strict');
    expect(await metrics()).toContain(`originca_zone_ssl_mode{zone="${scene.namespace}",mode="strict"} 1`);
  });

  test('that somebody lowered stays lowered while an origin would fail it', async () => {
    origin = await mended();
    await zones.apply(enforced({ restoreAfter: '1m' }));
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    const { port } = origin;
    await origin[Symbol.asyncDispose]();
    origin = await tlsOrigin({ pair: await leaf(own, [NAME]), port });
    await scene.simulator.setZoneMode(zoneId, 'full');
    await zones.condition('InSync', 'GateClosed', { status: 'False', nudge });
    await pass(20 * MINUTE);
    expect(await mode()).toBe('full');
  });

  test('comes without a look where the spec says Skip', async () => {
    await zones.apply(enforced({ gate: { origins: 'Skip' } }));
    await zones.condition('OriginsVerified', 'Skipped', { nudge });
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    expect(await mode()).toBe('strict');
  });

  test("comes by roots of the zone's own", async () => {
    await scene.createSecret({
      metadata: { name: 'roots' },
      data: { 'ca.crt': Buffer.from(own.pem).toString('base64') },
    });
    await zones.apply(enforced({ gate: { trustedCASecretRef: { name: 'roots', key: 'ca.crt' } } }));
    await zones.condition('OriginsVerified', 'AllVerified', { status: 'True', nudge });
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    await scene.deleteSecret('roots');
    await zones.condition('OriginsVerified', 'TrustedCAUnusable', { nudge });
    expect(await mode()).toBe('strict');
  });

  test('stands over a restart without a word while the origins are looked at anew', async () => {
    origin = await mended();
    await zones.apply(enforced());
    await zones.condition('OriginsVerified', 'AllVerified', { status: 'True', nudge });
    await zones.condition('InSync', 'InSync', { status: 'True', nudge });
    await pass(MINUTE);
    await operator.stop();
    const before = await zones.get();
    const seen = origin.connections;
    operator = await zones.startOperator({ clock, slowCheck: false });
    const again = async (): Promise<boolean> => {
      await pass(10_000);
      return origin.connections > seen;
    };
    await waitFor('the origin to be looked at', again, { timeoutMs: 10_000 });
    await pass(2 * MINUTE);
    expect((await zones.get())?.status).toEqual(before?.status);
    expect((await zones.get())?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });
});
