import { ANNOTATION } from '../api/names.ts';
import type { CloudflareError } from '../cloudflare/errors.ts';
import { originZones } from '../resources.ts';
import type { ControllerContext } from './controller-context.ts';
import { noteRestore } from './note-restore.ts';
import { readSetting } from './readings.ts';
import { contained } from './recurring.ts';
import { textOf, wireId } from './settings.ts';
import { tell } from './tell.ts';
import { rememberedOf, type ZoneView } from './view.ts';
import type { SettingAction, SettingHistory } from './world.ts';

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

/**
 * Changes one setting, and believes only what is read afterwards. What Cloudflare refuses is remembered.
 *
 * @returns the object as it is then: a restore is noted on it.
 */
export async function change(
  context: ControllerContext,
  view: ZoneView,
  zoneId: string,
  action: Patch,
  signal: AbortSignal,
): Promise<ZoneView['zone']> {
  const { memory, client, intervals } = view;
  const { name, to, because, value } = action;
  const restore = because === 'Restore' ? { setting: name, time: context.clock.now() } : undefined;
  const zone = restore === undefined ? view.zone : await noteRestore(context, view, restore, signal);
  const patchedMs = context.clock.monotonic();
  const before = rememberedOf(context, view, name);
  try {
    await client.patchSetting(zoneId, wireId(name), value, { signal });
  } catch (error) {
    const failure = contained(error);
    memory.remember(name, { ...before, refusal: refusalOf(failure, before.refusal, patchedMs) });
    context.log.warn({ zone: view.key, setting: name, problem: failure.message }, 'setting not changed');
    if (failure.definite) {
      if (restore !== undefined) memory.notRestored(restore);
      return zone;
    }
  }
  const after = rememberedOf(context, view, name);
  memory.remember(name, { ...after, refusal: undefined, patchedMs, patchedTo: to });
  if (restore !== undefined) context.count.restore(view.key, name);
  await readSetting(context, memory, client, { zoneId, name, intervals }, signal);
  tellChange(context, view, action);
  return zone;
}

type Refusal = NonNullable<SettingHistory['refusal']>;

/** A trouble that goes on is told in the same words: those of each refusal differ by their Ray ID. */
function refusalOf(error: CloudflareError, before: Refusal | undefined, nowMs: number): Refusal | undefined {
  if (!error.definite) return undefined;
  const { kind: reason, code } = error;
  const waitMs = error.retryAfterMs ?? (reason === 'SettingNotEditable' ? NOT_EDITABLE_MS : REFUSED_MS);
  const isSame = before?.reason === reason && before.code === code;
  return { reason, code, message: isSame ? before.message : error.message, untilMs: nowMs + waitMs };
}

function tellChange(context: ControllerContext, view: ZoneView, action: Patch): void {
  const { name, to, because, message } = action;
  const { value } = view.memory.setting(name);
  if (value === undefined || textOf(name, value.value) !== to) return;
  const reason = because === 'Restore' ? 'SettingRestored' : 'SettingChanged';
  const note = `Done in zone ${view.zoneName}: ${message}`;
  tell(context, view.zone, { type: 'Normal', reason, action: 'Patch', note });
}
