import type { OriginZone } from '../../src/api/v1alpha1.ts';
import { originZones } from '../../src/resources.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { PATIENCE } from './look.ts';
import { HOST, type Stage } from './stage.ts';

type ConditionType = 'Ready' | 'InSync' | 'OriginsVerified';

/** The condition, once it has the status (and the reason, if given) for the object's present generation. */
export async function zoneCondition(
  { kube }: Stage,
  type: ConditionType,
  status: 'True' | 'False',
  reason?: string,
): Promise<string> {
  return waitFor(
    `${type} ${status}${reason === undefined ? '' : ` ${reason}`} on OriginZone ${HOST}`,
    async () => {
      const zone = await zoneOf(kube);
      const found = zone?.status?.conditions?.find((condition) => condition.type === type);
      const isCurrent = found?.observedGeneration === zone?.metadata.generation;
      const fits = found?.status === status && (reason === undefined || found.reason === reason);
      return found !== undefined && isCurrent && fits
        ? found.message
        : new NotYet(zone?.status ?? 'no status');
    },
    PATIENCE,
  );
}

/** Waits until Cloudflare has this mode. */
export async function sslIs({ simulator, zoneId, kube }: Stage, mode: string): Promise<void> {
  await waitFor(
    `Cloudflare to have ssl ${mode}`,
    async () => {
      const settings = await simulator.zoneSettings(zoneId);
      const value = settings.find(({ id }) => id === 'ssl')?.value;
      return value === mode || new NotYet([value, (await zoneOf(kube))?.status]);
    },
    PATIENCE,
  );
}

export async function zoneOf(kube: Stage['kube']): Promise<OriginZone | undefined> {
  return kube.get(originZones, { name: HOST }, { signal: AbortSignal.timeout(10_000) });
}

/** Every value that a setting at Cloudflare had, in order, from now on; the function returned ends the look-out. */
export function watchSetting({ simulator, zoneId }: Stage, id: string): () => Promise<unknown[]> {
  const values: unknown[] = [];
  let running = true;
  const watching = (async () => {
    while (running) {
      const value = (await simulator.zoneSettings(zoneId)).find((setting) => setting.id === id)?.value;
      if (values.at(-1) !== value) values.push(value);
    }
  })();
  watching.catch(() => undefined); // Told to whoever asks for the values.
  return async () => {
    running = false;
    await watching;
    return values;
  };
}
