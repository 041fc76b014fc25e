import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ProxiedOperator, proxied } from '../../support/proxied.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { SceneZones } from '../../support/scene-zone.ts';
import { waitFor } from '../../support/wait.ts';

const WAIT = { timeoutMs: 20_000 };
const FULL = { mode: 'Enforce', settings: { ssl: 'full' } } as const;

let scene: Scene;
let zones: SceneZones;
let road: ProxiedOperator;
let operator: RunningOperator;
let zoneId: string;

beforeAll(async () => {
  scene = await Scene.start('zone-live', { zones: [] });
  zones = new SceneZones(scene);
});
beforeEach(async () => {
  road = await proxied(scene.namespace);
  operator = await zones.startOperator({ kubeconfig: road.kubeconfig });
  const seed = { name: 'example.com', ssl: 'full', automaticMode: 'custom' } as const;
  ({ id: zoneId } = await scene.simulator.seedZone(seed));
  await zones.apply(FULL);
  await zones.condition('InSync', 'InSync', { status: 'True' });
  await zones.condition('OriginsVerified', 'NothingToVerify', { status: 'True' });
});
afterEach(async () => {
  await operator.stop();
  await road[Symbol.asyncDispose]();
  await zones.deleteAll();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** From now on the operator hears nothing of OriginZones, and what it knows of them grows old. */
async function deafen(): Promise<void> {
  road.proxy.inject({ fault: { type: 'hang', when: 'before' }, match: { path: '/originzones?' } });
  const watches = road.proxy.openWatches;
  road.proxy.resetAll();
  await waitFor('the watch to be gone', () => road.proxy.openWatches < watches, WAIT);
}

const liveReads = (): number =>
  road.proxy.requests.filter(({ method, path }) => method === 'GET' && path.includes('/originzones/')).length;
const patches = async (): Promise<number> =>
  (await scene.simulator.requests({ operation: 'patchSetting' })).filter(({ path }) => path.includes(zoneId))
    .length;

test.each<[string, () => Promise<unknown>]>([
  ['whose spec says Observe by now', () => zones.apply({ ...FULL, mode: 'Observe' })],
  [
    'that is held by now',
    () => zones.apply(FULL, { annotations: { 'originca.dev/hold-until': '2999-01-01T00:00:00Z' } }),
  ],
  ['that is gone by now', () => zones.delete()],
])('a zone %s is not changed by what the caches still say', async (_, change) => {
  await deafen();
  await change();
  const before = liveReads();
  await scene.simulator.setZoneMode(zoneId, 'flexible');
  await waitFor('the object to be read live', () => liveReads() > before, WAIT);
  await waitFor('the pass to end', isIdle, WAIT);
  expect(await patches()).toBe(0);
});

async function isIdle(): Promise<boolean> {
  const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  return /^controller_runtime_active_workers\{controller="zone"\} 0$/m.test(await body.text());
}
