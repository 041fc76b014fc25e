import { ANNOTATION, FIELD_MANAGER, SECRET_KEY } from '../../api/names.ts';
import { KubeError } from '../../kube/errors.ts';
import type { ConfigMap, KubeObject, Secret } from '../../kube/object.ts';
import { configMaps, type Resource, secrets } from '../../kube/resource.ts';
import { decode, encode } from '../../secret-facts.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import type { PullMemory } from './memory.ts';
import type { Attempt } from './repeats.ts';
import type { PublishedObject } from './world.ts';

type Target = Pick<PublishedObject, 'kind' | 'namespace' | 'name'>;

const KEY = SECRET_KEY.caBundle;
/** Written so often of late, it is being changed back. */
const FOUGHT = 3;

export function targetText({ kind, namespace, name }: Target): string {
  return `${kind} ${namespace}/${name}`;
}

/** What each object of `publish` holds now. Nothing is read while nothing is to be published. */
export async function readPublished(
  context: PullsContext,
  { zone }: ZonePass,
  memory: PullMemory,
  { bundle, presented }: { readonly bundle: string | undefined; readonly presented: readonly string[] },
  signal: AbortSignal,
): Promise<readonly PublishedObject[]> {
  const found: PublishedObject[] = [];
  for (const target of bundle === undefined ? [] : (zone.spec.authenticatedOriginPulls.publish ?? [])) {
    const object = await read(context, target, signal);
    const trusts =
      presented.length > 0 && presented.every((pem) => object?.text?.includes(pem.trim()) === true);
    const problem = object && refusal(object, target, zone.metadata.name);
    const isCurrent = object?.text === bundle;
    if (isCurrent) memory.refused.delete(targetText(target));
    const attempt = memory.repeats.of(writingText(target, bundle));
    const message = problem ?? hindrance(memory, target, attempt, isCurrent);
    const state = problem === undefined && isCurrent ? 'current' : message === '' ? 'stale' : 'refused';
    const isDue = state === 'refused' && problem === undefined && (attempt?.leftMs ?? 0) === 0;
    found.push({ ...target, state, isDue, trusts: trusts && problem === undefined, message });
  }
  return found;
}

/** One object that cannot be written, or is changed back each time, waits by itself. */
function writingText(target: Target, bundle: string | undefined): string {
  return `${targetText(target)} ${bundle}`;
}

/** What keeps an object from being, or staying, as it should; '' where nothing does. */
function hindrance(
  { refused }: PullMemory,
  target: Target,
  attempt: Attempt | undefined,
  isCurrent: boolean,
): string {
  const failed = refused.get(targetText(target));
  if (failed !== undefined) return failed;
  const isHeld = attempt !== undefined && attempt.leftMs > 0 && !isCurrent;
  if (!isHeld && (attempt?.count ?? 0) < FOUGHT) return '';
  return `${targetText(target)} does not stay as it is written: somebody changes or deletes it, see its metadata.managedFields. It is written again, ever more rarely, at least every 5m.`;
}

/**
 * Writes the CA into an object: made where it is absent, changed in place where it is ours, and never taken over.
 * What changes meanwhile is looked at again by the next pass; what the API server
 * refuses is remembered and told; other failures are thrown.
 */
export async function publish(
  context: PullsContext,
  { zone }: ZonePass,
  memory: PullMemory,
  { target, bundle }: { readonly target: Target; readonly bundle: string },
  signal: AbortSignal,
): Promise<void> {
  memory.repeats.tried(writingText(target, bundle));
  const existing = await read(context, target, signal);
  if (existing !== undefined && refusal(existing, target, zone.metadata.name) !== undefined) return;
  try {
    await write(context, zone.metadata.name, { target, bundle, existing }, signal);
    memory.refused.delete(targetText(target));
  } catch (error) {
    if (error instanceof KubeError && (error.kind === 'Conflict' || error.kind === 'AlreadyExists')) return;
    const message = refusalMessage(error, target);
    if (message === undefined) throw error;
    memory.refused.set(targetText(target), message);
  }
}

interface Writing {
  readonly target: Target;
  readonly bundle: string;
  readonly existing: Existing | undefined;
}

/** Created where it is absent; else applied to exactly what was read, which an apply alone does not see to. */
async function write(
  { kube }: PullsContext,
  objectName: string,
  { target, bundle, existing }: Writing,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = target;
  const { uid = '', resourceVersion = '' } = existing?.metadata ?? {};
  const metadata = {
    namespace,
    name,
    annotations: { [ANNOTATION.originZone]: objectName },
    ...(existing && { uid, resourceVersion }),
  };
  const options = { signal, fieldManager: FIELD_MANAGER.zone };
  const put = <T extends KubeObject>(resource: Resource<T>, body: T): Promise<T> =>
    existing === undefined
      ? kube.create(resource, body, options)
      : kube.apply(resource, body, { ...options, force: true });
  if (target.kind === 'Secret')
    await put(secrets, { metadata, type: 'Opaque', data: { [KEY]: encode(bundle) } });
  else await put(configMaps, { metadata, data: { [KEY]: bundle } });
}

/** An object as it was found, its content in plain text. */
type Existing = (Secret | ConfigMap) & {
  readonly text: string | undefined;
  readonly keys: readonly string[];
};

async function read(
  { kube }: PullsContext,
  { kind, namespace, name }: Target,
  signal: AbortSignal,
): Promise<Existing | undefined> {
  const ref = { namespace, name };
  if (kind === 'Secret') {
    const secret = await kube.get(secrets, ref, { signal });
    return secret && { ...secret, text: decode(secret.data?.[KEY]), keys: Object.keys(secret.data ?? {}) };
  }
  const map = await kube.get(configMaps, ref, { signal });
  const keys = Object.keys({ ...map?.data, ...map?.binaryData });
  return map && { ...map, text: map.data?.[KEY], keys };
}

/** Why an existing object is not written: it is somebody else's, or cannot be changed. */
function refusal(existing: Existing, target: Target, objectName: string): string | undefined {
  const keeper = existing.metadata.annotations?.[ANNOTATION.originZone];
  const what = targetText(target);
  const remedy =
    'Name another object in authenticatedOriginPulls.publish, or delete this one if nobody reads it.';
  if (keeper === undefined)
    return `${what} is not taken over: it is there without the annotation ${ANNOTATION.originZone}. ${remedy}`;
  if (keeper !== objectName)
    return `${what} is not taken over: it holds the CA of OriginZone ${keeper}. ${remedy}`;
  if ('type' in existing && existing.type !== 'Opaque')
    return `${what} is of type ${existing.type}, not Opaque. ${remedy}`;
  if (existing.immutable) return `${what} is immutable. ${remedy}`;
  const others = existing.keys.filter((key) => key !== KEY);
  if (others.length > 0)
    return `${what} holds other keys than ${KEY} (${others.slice(0, 3).join(', ')}). ${remedy}`;
  return undefined;
}

function refusalMessage(error: unknown, target: Target): string | undefined {
  if (!(error instanceof KubeError)) return undefined;
  const what = targetText(target);
  switch (error.kind) {
    case 'NotFound':
      return `${what} cannot be written: there is no namespace ${target.namespace}. It is tried again, at least every 5m.`;
    case 'Forbidden':
    case 'Invalid':
      return `${what} cannot be written: ${error.message}. Lift the quota, policy or missing right that forbids it.`;
    default:
      return undefined;
  }
}
