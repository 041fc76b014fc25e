import { ANNOTATION, FIELD_MANAGER } from '../../api/names.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Secret } from '../../kube/object.ts';
import { secrets } from '../../kube/resource.ts';
import { originZones } from '../../resources.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import type { Seen } from './observe.ts';

/** A merge patch of our Secret; null removes. */
export interface StoreChange {
  readonly data?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

interface StoreWork {
  readonly context: PullsContext;
  readonly seen: Seen;
  readonly signal: AbortSignal;
}

/** Our Secret may not be written: the message says what to do about it. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
}

/** Creates, never applies: what is there already is not touched. Throws StoreRefused. */
export async function createStore({ context, signal }: StoreWork, secret: Secret): Promise<void> {
  try {
    await context.kube.create(secrets, secret, { signal, fieldManager: FIELD_MANAGER.zone });
  } catch (error) {
    if (error instanceof KubeError && error.kind === 'AlreadyExists') return;
    throw refusalOf(error, secret.metadata.name);
  }
}

/** Changes our Secret as it was read; `changed` when it is another by now, and then nothing may follow. Throws StoreRefused. */
export async function patchStore(
  { context, seen, signal }: StoreWork,
  change: StoreChange,
): Promise<Secret | 'changed'> {
  const { name = '', namespace, uid, resourceVersion } = seen.secret?.metadata ?? {};
  const { data, annotations } = change;
  const patch = {
    metadata: { uid, resourceVersion, ...(annotations && { annotations }) },
    ...(data && { data }),
  };
  const ref = { name, namespace: namespace ?? context.operatorNamespace };
  try {
    return await context.kube.mergePatch(secrets, ref, patch, { signal, fieldManager: FIELD_MANAGER.zone });
  } catch (error) {
    if (error instanceof KubeError && (error.kind === 'Conflict' || error.kind === 'NotFound'))
      return 'changed';
    throw refusalOf(error, name);
  }
}

/** What a quota, a policy or a missing right forbids is told as such; any other error stays what it is. */
function refusalOf(error: unknown, name = ''): unknown {
  if (!(error instanceof KubeError) || (error.kind !== 'Invalid' && error.kind !== 'Forbidden')) return error;
  const message = `The API server refuses to store Secret ${name}: ${error.message}. Lift the quota or policy that forbids it.`;
  return new StoreRefused(message, { cause: error });
}

/** Whether the object still is as this pass has read it: deleted, changed or held, nothing more is done for it. */
export async function isStillWanted(
  { kube }: PullsContext,
  { zone }: ZonePass,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, uid, generation, annotations } = zone.metadata;
  const live = await kube.get(originZones, { name }, { signal });
  return (
    live !== undefined &&
    live.metadata.uid === uid &&
    live.metadata.generation === generation &&
    live.metadata.deletionTimestamp === undefined &&
    live.metadata.annotations?.[ANNOTATION.holdUntil] === annotations?.[ANNOTATION.holdUntil]
  );
}
