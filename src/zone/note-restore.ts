import { API_VERSION, FIELD_MANAGER } from '../api/names.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import { originZones } from '../resources.ts';
import type { ControllerContext } from './controller-context.ts';
import { type Restore, shownRestores } from './memory.ts';
import type { ZoneView } from './view.ts';

/**
 * Notes a restore in memory and status before it is done: whoever dies in between has it counted among two a day, so
 * that an operator that is killed again and again does not fight over a zone for ever.
 *
 * @returns the object as it is now.
 */
export async function noteRestore(
  { kube }: ControllerContext,
  { zone, memory }: ZoneView,
  restore: Restore,
  signal: AbortSignal,
): Promise<OriginZone> {
  const { name, uid, resourceVersion } = zone.metadata;
  const restores = shownRestores(memory.restoresWith(restore));
  const body = {
    apiVersion: API_VERSION,
    kind: 'OriginZone',
    metadata: { name, uid, resourceVersion },
    // An apply takes away what it does not repeat.
    status: { ...zone.status, restores },
  };
  const options = { signal, fieldManager: FIELD_MANAGER.zone, force: true, subresource: 'status' } as const;
  const written = await kube.apply(originZones, body as OriginZone, options);
  memory.restored(restore);
  return written;
}
