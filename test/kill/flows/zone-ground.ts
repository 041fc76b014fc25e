import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { originZones } from '../../../src/resources.ts';
import type { ZoneSeed } from '../../simulator/protocol.ts';
import { SCENE_LABEL } from '../../support/scene-label.ts';
import type { Ground } from '../ground.ts';

const signal = () => AbortSignal.timeout(60_000);

/** The zone of the run's own. */
export const zoneName = ({ name }: Ground): string => `${name}.example`;

/** Resolves to the zone's id. */
export async function seed(ground: Ground, start: Pick<ZoneSeed, 'ssl' | 'automaticMode'>): Promise<string> {
  const { id } = await ground.lane.simulator.seedZone({ name: zoneName(ground), ...start });
  return id;
}

/** Creates the run's OriginZone. */
export async function applyZone(ground: Ground, spec: Partial<OriginZone['spec']>): Promise<void> {
  const { name, lane } = ground;
  const zone = {
    metadata: { name, labels: { [SCENE_LABEL]: lane.namespace } },
    spec: {
      zoneName: zoneName(ground),
      apiTokenSecretRef: { name: lane.zoneToken },
      mode: 'Enforce',
      ...spec,
    },
  };
  const options = { signal: signal(), fieldManager: 'test', force: true };
  await lane.ring.kube.apply(originZones, zone as unknown as OriginZone, options);
}

export async function deleteZone({ name, lane }: Ground): Promise<void> {
  await lane.ring.kube.delete(originZones, { name }, { signal: signal() });
}

/** The object, and how its zone stands at Cloudflare. */
export async function look(
  ground: Ground,
): Promise<{ zone: OriginZone | undefined; id: string; ssl: unknown }> {
  const { simulator, ring } = ground.lane;
  const zone = await ring.kube.get(originZones, { name: ground.name }, { signal: signal() });
  const id = zone?.status?.zone?.id ?? '';
  const settings = id === '' ? [] : await simulator.zoneSettings(id);
  return { zone, id, ssl: settings.find((setting) => setting.id === 'ssl')?.value };
}
