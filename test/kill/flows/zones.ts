import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { originZones } from '../../../src/resources.ts';
import type { ZoneSeed } from '../../simulator/protocol.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import type { Flow } from '../flow.ts';
import type { Ground } from '../ground.ts';
import { rest } from '../rest.ts';
import { ALL_VARIANTS } from '../variant.ts';

const signal = () => AbortSignal.timeout(60_000);
const zoneName = ({ name }: Ground): string => `${name}.example`;

/** Nothing here depends on how certificates are signed. */
const variants = ALL_VARIANTS.slice(0, 1);

async function seed(ground: Ground, start: Pick<ZoneSeed, 'ssl' | 'automaticMode'>): Promise<void> {
  await ground.lane.simulator.seedZone({ name: zoneName(ground), ...start });
}

/** An OriginZone that asks for strict. */
async function applyZone(ground: Ground): Promise<void> {
  const { name, lane } = ground;
  const zone = {
    metadata: { name, labels: { [SCENE_LABEL]: lane.namespace } },
    spec: {
      zoneName: zoneName(ground),
      apiTokenSecretRef: { name: 'token-cloudflare' },
      mode: 'Enforce',
      settings: { ssl: 'strict' },
      restoreAfter: '1s',
    },
  };
  const options = { signal: signal(), fieldManager: 'test', force: true };
  await lane.ring.kube.apply(originZones, zone as unknown as OriginZone, options);
}

async function deleteZone({ name, lane }: Ground): Promise<void> {
  await lane.ring.kube.delete(originZones, { name }, { signal: signal() });
}

/** The object, and how its zone stands at Cloudflare. */
async function look(ground: Ground): Promise<{ zone: OriginZone | undefined; id: string; ssl: unknown }> {
  const { simulator, ring } = ground.lane;
  const zone = await ring.kube.get(originZones, { name: ground.name }, { signal: signal() });
  const id = zone?.status?.zone?.id ?? '';
  const settings = id === '' ? [] : await simulator.zoneSettings(id);
  return { zone, id, ssl: settings.find((setting) => setting.id === 'ssl')?.value };
}

async function strictProblems(ground: Ground): Promise<readonly string[]> {
  const { zone, ssl } = await look(ground);
  const inSync = zone?.status?.conditions?.find(({ type }) => type === 'InSync');
  return [
    ...(ssl === 'strict' ? [] : [`ssl is ${String(ssl)}`]),
    ...(inSync?.status === 'True'
      ? []
      : [`InSync is ${inSync?.status ?? 'absent'}: ${inSync?.message ?? ''}`]),
  ];
}

/** Over full to strict, after the mode was taken from Cloudflare's own crawler. */
const raisedToStrict: Flow = {
  name: 'raised-to-strict',
  variants,
  setUp: (ground) => seed(ground, { ssl: 'flexible', automaticMode: 'auto' }),
  begin: applyZone,
  problems: strictProblems,
  tearDown: deleteZone,
};

/** A restore is noted before it is done: one that the operator died of counts, and so does the one after it. */
const restored: Flow = {
  name: 'setting-restored',
  variants,
  setUp: async (ground) => {
    await seed(ground, { ssl: 'strict', automaticMode: 'custom' });
    await applyZone(ground);
    await rest(ground, strictProblems);
  },
  begin: async (ground) => ground.lane.simulator.setZoneMode((await look(ground)).id, 'full'),
  problems: async (ground) => {
    const { zone } = await look(ground);
    const restores = zone?.status?.restores?.length ?? 0;
    return [
      ...(restores < 1 || restores > 1 + ground.lane.killSwitch.kills
        ? [`${restores} restores are told of one`]
        : []),
      ...(await strictProblems(ground)),
    ];
  },
  tearDown: deleteZone,
};

export const ZONE_FLOWS: readonly Flow[] = [raisedToStrict, restored];
