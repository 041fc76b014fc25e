import { afterAll, beforeAll, expect, test } from 'vitest';
import { ORIGIN_PULL_SECRET_SUFFIX } from '../../../src/api/names.ts';
import { configMaps, secrets } from '../../../src/kube/resource.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones } from '../../support/scene-zone.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { DemandingOrigin } from './origin.ts';
import { OPERATOR_NAMESPACE } from './pass.ts';

const HOSTNAME = 'www.example.com';
const MINUTE = 60_000;

let scene: Scene;
let zones: SceneZones;
let origin: DemandingOrigin;
const clock = new JumpClock();

const write = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'test', force: true });

beforeAll(async () => {
  scene = await Scene.start('zone-pulls');
  zones = new SceneZones(scene);
  origin = await DemandingOrigin.start('status');
  const zoneId = scene.zones.get('example.com') ?? '';
  await scene.simulator.setZoneMode(zoneId, 'full');
  await scene.simulator.seedRecord(zoneId, {
    name: HOSTNAME,
    type: 'A',
    content: '203.0.113.7',
    proxied: true,
  });
  await scene.simulator.mapOrigin({ content: '203.0.113.7', https: origin.address });
  const data = { 'api-token': Buffer.from(scene.token.value).toString('base64') };
  const token = { metadata: { name: scene.namespace, namespace: OPERATOR_NAMESPACE }, data };
  await scene.kube.apply(secrets, token, write());
  await zones.startOperator({ clock, flags: [`--operator-namespace=${OPERATOR_NAMESPACE}`] });
});

afterAll(async () => {
  await zones.deleteAll();
  await Promise.all([scene[Symbol.asyncDispose](), origin[Symbol.asyncDispose]()]);
});

async function apply(authenticatedOriginPulls: Parameters<SceneZones['apply']>[0]): Promise<void> {
  await zones.apply({
    mode: 'Enforce',
    apiTokenSecretRef: { name: scene.namespace, key: 'api-token' },
    probes: [{ hostnames: ['*'], addresses: [origin.address] }],
    ...authenticatedOriginPulls,
  });
}

test('the operator presents, publishes, tells, and switches off again when no origin demands it', async () => {
  const { namespace } = scene;
  const publish = [{ kind: 'ConfigMap' as const, namespace, name: 'origin-pull-ca' }];
  await apply({ authenticatedOriginPulls: { mode: 'Zone', publish } });
  const nudge = async (): Promise<void> => clock.jump(2000);
  await zones.until(
    'Propagating',
    ({ status }) => status?.authenticatedOriginPulls?.state === 'Propagating',
    { nudge },
  );
  clock.jump(5 * MINUTE);
  const { status } = await zones.until(
    'that origins may demand it',
    (zone) => zone.status?.authenticatedOriginPulls?.safeToDemand === true,
    { nudge },
  );
  expect(status?.authenticatedOriginPulls).toMatchObject({ state: 'Presenting' });
  const map = await scene.kube.get(configMaps, { namespace, name: 'origin-pull-ca' }, write());
  await origin.demand(map?.data?.['ca.crt'] ?? '');
  expect(await scene.simulator.visit(HOSTNAME)).toMatchObject({
    status: 200,
    clientCertificate: status?.authenticatedOriginPulls?.certificateId,
  });
  expect(await origin.direct()).toBe(400);

  await scene.kube.mergePatch(
    configMaps,
    { namespace, name: 'origin-pull-ca' },
    { data: { 'ca.crt': 'garbage' } },
    write(),
  );
  await waitFor(
    'the CA again',
    async () => {
      await nudge();
      const mended = await scene.kube.get(configMaps, { namespace, name: 'origin-pull-ca' }, write());
      return mended?.data?.['ca.crt'] === map?.data?.['ca.crt'] || new NotYet(mended?.data);
    },
    { timeoutMs: 20_000 },
  );

  await apply({ authenticatedOriginPulls: { mode: 'Off' } });
  const held = await zones.until(
    'who demands it still',
    (zone) => zone.status?.authenticatedOriginPulls?.message?.includes(`${HOSTNAME} at`) === true,
    { nudge },
  );
  expect(held.status?.authenticatedOriginPulls).toMatchObject({ state: 'SwitchingOff', safeToDemand: false });
  expect(conditionOf(held, 'Stalled')).toMatchObject({ status: 'True' });
  expect(await scene.simulator.visit(HOSTNAME)).toMatchObject({ status: 200 });

  await origin.demand(undefined);
  await zones.until('Off', (zone) => zone.status?.authenticatedOriginPulls?.state === 'Off', { nudge });
  expect(await scene.simulator.visit(HOSTNAME)).not.toHaveProperty('clientCertificate');
  for (const name of [namespace, `${namespace}${ORIGIN_PULL_SECRET_SUFFIX}`])
    await scene.kube.delete(secrets, { name, namespace: OPERATOR_NAMESPACE }, write());
}, 60_000);
