import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, settingOf } from '../../support/scene-zone.ts';

let scene: Scene;
let zones: SceneZones;

beforeAll(async () => {
  scene = await Scene.start('zone-observe');
  zones = new SceneZones(scene);
  await zones.startOperator();
});
afterEach(() => zones.deleteAll());
afterAll(() => scene[Symbol.asyncDispose]());

describe('an OriginZone in Observe', () => {
  test('shows the SSL mode, and that nothing is managed', async () => {
    await zones.apply();
    const zone = await zones.condition('Ready', 'Observed', { status: 'True' });
    expect(conditionOf(zone, 'InSync')).toMatchObject({ status: 'True' });
    expect(settingOf(zone, 'ssl')?.observed).toBeDefined();
    expect(zone.status?.zone).toMatchObject({ name: 'example.com', status: 'active', paused: false });
  });
});
