import { ANNOTATION } from '../api/names.ts';
import type { CloudflareError } from '../cloudflare/errors.ts';
import { originZones } from '../resources.ts';
import type { ControllerContext } from './controller-context.ts';
import { readSetting } from './readings.ts';
import { contained } from './recurring.ts';
import { textOf, wireId } from './settings.ts';
import { tell } from './tell.ts';
import { rememberedOf, type ZoneView } from './view.ts';
import type { SettingAction } from './world.ts';

export type Patch = Extract<SettingAction, { type: 'Patch' }>;

/** The object is no longer the one that was decided on: what is true now decides. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** A definite refusal is tried again so much later, unless the spec or the token changes first. */
const REFUSED_MS = 10 * 60_000;
const NOT_EDITABLE_MS = 60 * 60_000;

/**
 * Reads the object live before anything is changed: the cache only wakes. Throws Overtaken where another generation,
 * a hold or a deletion came in between.
 */
export async function assertUnchanged(
  { kube }: ControllerContext,
  { zone }: ZoneView,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, generation, annotations } = zone.metadata;
  const live = (await kube.get(originZones, { name }, { signal }))?.metadata;
  const isSame =
    live?.uid === uid &&
    live.generation === generation &&
    live.deletionTimestamp === undefined &&
    live.annotations?.[ANNOTATION.holdUntil] === annotations?.[ANNOTATION.holdUntil];
  if (!isSame) throw new Overtaken(`OriginZone ${name} changed before its settings were`);
}

/** Changes one setting, and believes only what is read afterwards. What Cloudflare refuses is remembered. */
export async function change(
  context: ControllerContext,
  view: ZoneView,
  zoneId: string,
  action: Patch,
  signal: AbortSignal,
): Promise<void> {
  const { memory, client, intervals } = view;
  const { name, to, because, value } = action;
  const patchedMs = context.clock.monotonic();
  const before = rememberedOf(context, view, name);
  try {
    await client.patchSetting(zoneId, wireId(name), value, { signal });
  } catch (error) {
    const failure = contained(error);
    memory.remember(name, { ...before, refusal: refusalOf(failure, patchedMs) });
    context.log.warn({ zone: view.key, setting: name, problem: failure.message }, 'setting not changed');
    if (failure.definite) return;
  }
  memory.remember(name, { ...rememberedOf(context, view, name), patchedMs, patchedTo: to });
  if (because === 'Restore') {
    memory.restored({ setting: name, time: context.clock.now() });
    context.count.restore(view.key, name);
  }
  await readSetting(context, memory, client, { zoneId, name, intervals }, signal);
  tellChange(context, view, action);
}

function refusalOf(error: CloudflareError, nowMs: number) {
  const waitMs = error.retryAfterMs ?? (error.kind === 'SettingNotEditable' ? NOT_EDITABLE_MS : REFUSED_MS);
  return error.definite ? { reason: error.kind, message: error.message, untilMs: nowMs + waitMs } : undefined;
}

function tellChange(context: ControllerContext, view: ZoneView, action: Patch): void {
  const { name, from, to, because, message } = action;
  const { value } = view.memory.setting(name);
  if (value === undefined || textOf(name, value.value) !== to) return;
  const reason = because === 'Restore' ? 'SettingRestored' : 'SettingChanged';
  const note = `${name} of zone ${view.zoneName} is now ${to}, it was ${from}. ${message}`;
  tell(context, view.zone, { type: 'Normal', reason, action: 'Patch', note });
}
