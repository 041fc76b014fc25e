import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, settingOf } from '../../support/scene-zone.ts';
import { waitFor } from '../../support/wait.ts';

let scene: Scene;
let zones: SceneZones;
let zoneId: string;

beforeAll(async () => {
  scene = await Scene.start('zone-bad-input', { zones: [] });
  zones = new SceneZones(scene);
  await zones.startOperator();
});
beforeEach(async () => {
  ({ id: zoneId } = await scene.simulator.seedZone({ name: 'example.com', ssl: 'full' }));
});
afterEach(async () => {
  await zones.deleteAll();
  await scene.simulator.clearFaults();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** An OriginZone with a token of its own. */
async function withToken(
  seed: Parameters<typeof scene.simulator.seedToken>[0],
  spec: Parameters<typeof zones.apply>[0] = {},
): Promise<void> {
  const { value } = await scene.simulator.seedToken(seed);
  await scene.putToken(value, 'own-token');
  await zones.apply({ apiTokenSecretRef: { name: 'own-token', key: 'api-token' }, ...spec });
}

describe('a zone that the token does not see', () => {
  test.each([
    ['because there is none', { zoneName: 'missing.example' }, {}],
    ['because the token is for another', {}, { zones: ['example.org'] }],
    ['because another account has it', {}, { accounts: ['Somebody Else'] }],
  ])('%s is not found, which the message explains in all three ways', async (_, spec, seed) => {
    await withToken(seed, spec);
    const zone = await zones.condition('Ready', 'ZoneNotFound', { status: 'False' });
    const message = conditionOf(zone, 'Ready')?.message ?? '';
    expect(message).toContain(`Secret own-token in namespace ${scene.namespace}, key api-token: `);
    expect(message).toContain('no such zone');
    expect(message).toContain('another account');
    expect(message).toContain('not scoped');
    expect(conditionOf(zone, 'Stalled')).toMatchObject({ status: 'True', reason: 'ZoneNotFound' });
    expect(conditionOf(zone, 'InSync')).toMatchObject({ status: 'Unknown' });
  });

  test('costs one request until it is looked for again in its time', async () => {
    const before = (await scene.simulator.requests({ operation: 'listZones' })).length;
    await zones.apply({ zoneName: 'missing.example' });
    await zones.condition('Ready', 'ZoneNotFound');
    await zones.apply({ zoneName: 'missing.example', restoreAfter: '16m' });
    await zones.condition('Ready', 'ZoneNotFound');
    expect((await scene.simulator.requests({ operation: 'listZones' })).length - before).toBe(2);
  });
});

test('a zone of that name in several accounts is ambiguous, and they are named', async () => {
  const { id } = await scene.simulator.seedZone({ name: 'example.com', account: 'Somebody Else' });
  await zones.apply();
  const zone = await zones.condition('Ready', 'AmbiguousZone', { status: 'False' });
  expect(conditionOf(zone, 'Ready')?.message).toContain('Somebody Else');
  await scene.simulator.remove('zone', id);
});

describe('a token', () => {
  test('that is missing is asked for, and used once it is there', async () => {
    await zones.apply({ apiTokenSecretRef: { name: 'late-token', key: 'api-token' } });
    const zone = await zones.condition('Ready', 'CredentialsMissing', { status: 'False' });
    expect(conditionOf(zone, 'Ready')?.message).toContain(
      `Secret late-token in namespace ${scene.namespace}`,
    );
    expect(conditionOf(zone, 'Stalled')).toBeUndefined();
    await scene.putToken(scene.token.value, 'late-token');
    await zones.apply({ apiTokenSecretRef: { name: 'late-token', key: 'api-token' }, restoreAfter: '16m' });
    await zones.condition('Ready', 'Observed', { status: 'True' });
  });

  test('that Cloudflare never issued is refused', async () => {
    await scene.putToken('Never_Issued-abcdefghijklmnopqrstuvwxyz0', 'own-token');
    await zones.apply({ apiTokenSecretRef: { name: 'own-token', key: 'api-token' } });
    const zone = await zones.condition('Ready', 'CredentialsInvalid', { status: 'False' });
    expect(conditionOf(zone, 'Ready')?.message).toContain(
      `Secret own-token in namespace ${scene.namespace}, key api-token: Cloudflare did not accept the API token`,
    );
    await zones.condition('Stalled', 'CredentialsInvalid', { status: 'True' });
  });

  test('without Zone Settings may not look, and is told which permission it lacks', async () => {
    await withToken({ permissions: ['Zone:Read', 'DNS:Read'] });
    const zone = await zones.condition('Ready', 'PermissionMissing', { status: 'False' });
    expect(conditionOf(zone, 'Ready')?.message).toContain('Zone Settings');
  });

  test('that may read but not edit settings shows them, and says what it lacks when it comes to it', async () => {
    await withToken(
      { permissions: ['Zone:Read', 'DNS:Read', 'Zone Settings:Read', 'SSL and Certificates:Edit'] },
      { mode: 'Enforce', settings: { tls13: 'on', minTlsVersion: '1.3' } },
    );
    const zone = await zones.condition('InSync', 'Refused', { status: 'False' });
    expect(conditionOf(zone, 'Ready')).toMatchObject({ status: 'True', reason: 'Observed' });
    expect(conditionOf(zone, 'InSync')?.message).toContain('Zone Settings:Edit');
    expect(settingOf(zone, 'tls13')).toMatchObject({ inSync: true });
  });

  test('without DNS:Read leaves the origins unknown, and the settings known', async () => {
    await withToken({ permissions: ['Zone:Read', 'Zone Settings:Edit'] });
    const zone = await zones.condition('OriginsVerified', 'RecordsUnknown', { status: 'Unknown' });
    await zones.until(
      'DNS is named',
      (seen) => conditionOf(seen, 'OriginsVerified')?.message.includes('DNS:Read') ?? false,
    );
    expect(conditionOf(zone, 'Ready')).toMatchObject({ status: 'True', reason: 'Observed' });
  });
});

describe('a zone in no state to be changed', () => {
  test.each([
    ['paused', { paused: true }, 'visitors meet the origins themselves'],
    ['pending', { status: 'pending' }, 'name servers'],
    ['moved', { status: 'moved' }, 'no longer'],
  ] as const)('because it is %s is read, said, and left as it is', async (_, change, words) => {
    await scene.simulator.updateZone(zoneId, change);
    await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } });
    const zone = await zones.condition('InSync', 'ZoneNotActive', { status: 'False' });
    expect(conditionOf(zone, 'Ready')).toMatchObject({ status: 'True', reason: 'Observed' });
    expect(conditionOf(zone, 'Ready')?.message).toContain(words);
    const patches = await scene.simulator.requests({ operation: 'patchSetting' });
    expect(patches.filter(({ path }) => path.includes(zoneId))).toEqual([]);
  });
});

describe('an outage', () => {
  test('keeps the last verdict and says since when', async () => {
    await zones.apply({ settings: { ssl: 'full' } });
    await zones.condition('InSync', 'InSync', { status: 'True' });
    await scene.simulator.inject({ operation: 'getSetting', status: 503, count: 0 });
    const zone = await zones.until(
      'the outage is said',
      (seen) => conditionOf(seen, 'Ready')?.message.includes('since') ?? false,
    );
    expect(conditionOf(zone, 'Ready')).toMatchObject({ status: 'True', reason: 'Observed' });
    expect(conditionOf(zone, 'InSync')).toMatchObject({ status: 'True', reason: 'InSync' });
    expect(settingOf(zone, 'ssl')?.message).toContain('could not be read since');
  });

  test('of one setting does not keep the others from being read', async () => {
    await scene.simulator.inject({ operation: 'getSetting', status: 503, skip: 1 });
    await zones.apply({ settings: { minTlsVersion: '1.2', tls13: 'on' } });
    const zone = await zones.until(
      'tls13 was read',
      (seen) => settingOf(seen, 'tls13')?.observed !== undefined,
    );
    expect(settingOf(zone, 'minTlsVersion')?.observed).toBeUndefined();
    expect(conditionOf(zone, 'Ready')).toMatchObject({ status: 'True' });
  });
});

test('of two OriginZones for one zone the older has it, the other says so and heals when it goes', async () => {
  const younger = `${scene.namespace}-younger`;
  await zones.apply();
  const { metadata } = await zones.condition('Ready', 'Observed');
  const nextSecondMs = Date.parse(metadata.creationTimestamp) + 1000;
  await waitFor('the next second, in which the younger is made', () => Date.now() > nextSecondMs, {
    timeoutMs: 5000,
  });
  await zones.apply({ mode: 'Enforce', settings: { ssl: 'strict' } }, { name: younger });
  const zone = await zones.condition('Ready', 'ZoneConflict', { status: 'False', name: younger });
  expect(conditionOf(zone, 'Stalled')).toMatchObject({ status: 'True', reason: 'ZoneConflict' });
  expect(conditionOf(zone, 'Ready')?.message).toContain(scene.namespace);
  await zones.delete();
  await zones.condition('InSync', 'InSync', { status: 'True', name: younger });
});
