import type { OriginZone } from '../api/v1alpha1.ts';
import type { Instant } from './recurring.ts';
import type { SettingAction, SettingHistory, SettingName } from './world.ts';

/** What is remembered of one setting beside its restores, which are kept for all of them together. */
export interface Remembered extends Omit<SettingHistory, 'restores'> {
  /** Canonical text of what was asked for when the present difference was first seen. */
  readonly askedThen: string | undefined;
}

/**
 * What a process that has just begun may take from the status: only what makes it slower. A difference from what was
 * in sync is undone after a wait and twice a day at most; one that is new is rolled out as soon as the gate is open.
 */
export function historyFromStatus(
  status: OriginZone['status'],
  name: SettingName,
  asked: string | undefined,
  { now, monotonic }: Instant,
): Remembered {
  const blank: Remembered = {
    lastInSync: undefined,
    differsSinceMs: undefined,
    patchedMs: undefined,
    patchedTo: undefined,
    refusal: undefined,
    askedThen: undefined,
  };
  const before = status?.settings?.find((setting) => setting.name === name);
  if (before === undefined || asked === undefined || before.desired !== asked) return blank;
  if (before.inSync) return { ...blank, lastInSync: asked };
  if (before.drifted !== true) return blank;
  const sinceMs = Date.parse(before.lastTransitionTime);
  const since = Number.isNaN(sinceMs)
    ? {}
    : { differsSinceMs: monotonic - Math.max(0, now - sinceMs), differsAt: Math.min(now, sinceMs) };
  return { ...blank, lastInSync: asked, askedThen: asked, ...since };
}

/** The history after a decision: what is in sync is so from now on, what differs has done so since it was first seen. */
export function historyAfter(
  before: Remembered,
  action: SettingAction,
  asked: string | undefined,
  { now, monotonic }: Instant,
): Remembered {
  switch (action.type) {
    case 'Unread':
      return before;
    case 'Keep':
      return {
        ...before,
        lastInSync: asked,
        differsSinceMs: undefined,
        differsAt: undefined,
        askedThen: undefined,
      };
    case 'Patch':
    case 'Hold': {
      const isSame = before.differsSinceMs !== undefined && before.askedThen === asked;
      return isSame ? before : { ...before, differsSinceMs: monotonic, differsAt: now, askedThen: asked };
    }
  }
}
