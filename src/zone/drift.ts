import { parseDuration } from '../api/duration.ts';
import { rfc3339 } from '../api/conditions.ts';
import type { SettingAction, ZoneWorld } from './world.ts';
import { type Difference, hold, howToStop } from './settings-difference.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How long Cloudflare may take to show and use a new value. */
export const PROPAGATION_MS = 5 * MINUTE_MS;

/** Who changes a setting a third time within a day means it: two writers must not fight over a zone. */
const RESTORES_A_DAY = 2;

const RESTORE_AFTER_DEFAULT_MS = 15 * MINUTE_MS;

/** Whether somebody else changed what was as asked for. */
export function isDrift({ history, asked }: Difference): boolean {
  return history.lastInSync === asked;
}

/**
 * Whether the change counts as a restore: it undoes a drift, or sets again what was set since the difference was
 * first seen and is not there, which is a drift that fell between two readings, or a value that does not hold.
 *
 * A lowered strict comes back in two steps, full and then strict, and counts once: by its first step. The second is
 * known by the PATCH to full since the difference was first seen; full set once more would be set before. After a restart that
 * is forgotten and the second step counts again, which errs on the side of the alarm.
 */
export function isRestore(difference: Difference): boolean {
  return (isDrift(difference) && !isSecondStep(difference)) || wasSetBefore(difference);
}

function isSecondStep(difference: Difference): boolean {
  return difference.name === 'ssl' && difference.history.patchedTo === 'full' && wasPatchedSince(difference);
}

function wasSetBefore(difference: Difference): boolean {
  return difference.history.patchedTo === difference.to && wasPatchedSince(difference);
}

function wasPatchedSince({ history: { patchedMs }, sinceMs }: Difference): boolean {
  return patchedMs !== undefined && patchedMs >= sinceMs;
}

/** What was just set is not set again, and no alarm is given, before Cloudflare had its time. */
export function propagating(difference: Difference): SettingAction | undefined {
  const { history, world, to } = difference;
  const untilMs = (history.patchedMs ?? -Infinity) + PROPAGATION_MS;
  if (!wasSetBefore(difference) || untilMs <= world.monotonic) return undefined;
  const message = `It was set to ${to} a moment ago; Cloudflare may take five minutes to show it.`;
  return hold(difference, 'Propagating', message, { againMs: untilMs });
}

/** After two restores in a day the difference is only shown. */
export function driftAlarm(difference: Difference): SettingAction | undefined {
  const { name, observed, asked, history, world } = difference;
  if (!isRestore(difference)) return undefined;
  const recent = history.restores.filter((time) => time > world.now - DAY_MS).toSorted((a, b) => a - b);
  const decisive = recent.at(-RESTORES_A_DAY);
  if (decisive === undefined) return undefined;
  const resumesAt = decisive + DAY_MS;
  const message =
    `Somebody else keeps changing it from ${asked} to ${observed}: it was restored ${recent.length} times within 24 hours ` +
    `and is not restored again before ${rfc3339(resumesAt)}. Find out who sets it (the account's audit log, another tool, ` +
    `Terraform) and stop that; then set ${name} to ${asked} yourself, or wait until then. ` +
    `If ${observed} is what you want, say so in spec.settings.${name === 'sslAutomaticMode' ? 'ssl' : name}.`;
  return hold(difference, 'DriftAlarm', message, {
    stalled: true,
    againMs: world.monotonic + (resumesAt - world.now),
  });
}

/** Monotonic ms from which a strict that somebody else lowered may come back; undefined: it is no such step. */
export function restoreDueMs(difference: Difference): number | undefined {
  const { name, observed, to, sinceMs, world } = difference;
  const fromFull = name === 'ssl' && (observed === 'full' || observed === 'strict') && to !== 'full';
  if (!fromFull || !isDrift(difference)) return undefined;
  return sinceMs + restoreAfterMs(world);
}

function restoreAfterMs({ spec }: ZoneWorld): number {
  return parseDuration(spec.restoreAfter) ?? RESTORE_AFTER_DEFAULT_MS;
}

/** Whoever lowered strict may have had a reason, and gets time to say so. */
export function restorePending(difference: Difference): SettingAction | undefined {
  const { world, asked, observed, history, sinceMs } = difference;
  const dueMs = restoreDueMs(difference);
  if (dueMs === undefined || dueMs <= world.monotonic) return undefined;
  const differsAt = history.differsAt ?? world.now - (world.monotonic - sinceMs);
  const at = rfc3339(differsAt + restoreAfterMs(world));
  const message =
    `Somebody else lowered it; ${observed} stands until ${at} (spec.restoreAfter ${world.spec.restoreAfter}), then ${asked} comes ` +
    `back after a fresh look at every origin. ${howToStop(world)}`;
  return hold(difference, 'RestorePending', message, { againMs: dueMs });
}
