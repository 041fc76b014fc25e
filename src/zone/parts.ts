import { rfc3339 } from '../api/conditions.ts';
import { countResults } from './gate.ts';
import type { ControllerContext } from './controller-context.ts';
import { shownRestores } from './memory.ts';
import type { ReadFailure } from './recurring.ts';
import { type Draft, type Status, transitionTime } from './report.ts';
import { shownIntervals } from './schedule.ts';
import { askedText, textOf } from './settings.ts';
import { wordsOf } from './settings-difference.ts';
import type { ZoneView } from './view.ts';
import type { GateView, SettingAction } from './world.ts';

const ORIGINS_SHOWN = 100;
/** A DNS record can bring a message of its own length; the status is kept by etcd. */
const MESSAGE_LENGTH = 1000;

type Setting = NonNullable<Status['settings']>[number];

/**
 * What the status shows beside conditions and what the concerns say; what was not read this time stays.
 *
 * @param stands what is said of the origins is what was said before.
 */
export function partsOf(
  context: ControllerContext,
  view: ZoneView,
  actions: readonly SettingAction[],
  { gate, stands }: { readonly gate: GateView; readonly stands: boolean },
): Draft {
  const { zone, facts, memory, intervals, zoneName } = view;
  const before = zone.status;
  const nowMs = context.clock.now();
  const isKnown = memory.records.value !== undefined && !stands;
  return {
    zone: facts
      ? { id: facts.id, name: zoneName, status: facts.status, paused: facts.paused, ...accountOf(view) }
      : before?.zone?.name === zoneName
        ? before.zone
        : { name: zoneName },
    settings: actions.map((action) => settingOf(view, action, nowMs)),
    restores: memory.restores.length === 0 ? undefined : shownRestores(memory.restores),
    originCounts: isKnown ? countResults(gate.lines).map((each) => ({ ...each })) : before?.originCounts,
    origins: isKnown ? gate.lines.slice(0, ORIGINS_SHOWN).map(lineOf) : before?.origins,
    intervals: shownIntervals(intervals),
  };
}

function accountOf({ facts }: ZoneView): { account?: string } {
  return facts?.account.name === undefined ? {} : { account: facts.account.name };
}

function settingOf({ zone, memory }: ZoneView, action: SettingAction, nowMs: number): Setting {
  const { name, inSync, reason } = action;
  const before = zone.status?.settings?.find((setting) => setting.name === name);
  const desired = askedText(zone.spec, name);
  const { value, failure, readAt } = memory.setting(name);
  const trouble = failure && troubleOf(failure, readAt);
  // Nobody said anything: the last verdict stands.
  if (value === undefined && before !== undefined && before.desired === desired)
    return trouble === undefined ? before : { ...before, message: trouble };
  const stale = trouble === undefined ? '' : ` ${trouble}`;
  return {
    name,
    ...(desired !== undefined && { desired }),
    ...(value !== undefined && { observed: textOf(name, value.value), editable: value.editable }),
    inSync,
    ...(!inSync &&
      desired !== undefined &&
      memory.historyOf(name)?.lastInSync === desired && { drifted: true }),
    reason,
    message: `${wordsOf(action)}${stale}`,
    lastTransitionTime: transitionTime(before, inSync, nowMs),
  };
}

/** Nothing where our own budget is short: that is no news, and would be written for every zone. */
function troubleOf({ error, since }: ReadFailure, readAt: number | undefined): string | undefined {
  if (error.kind === 'BudgetExhausted') return undefined;
  const last = readAt === undefined ? '' : ` (it was last read at ${rfc3339(readAt)})`;
  return `It could not be read since ${rfc3339(since)}${last}: ${error.message}`;
}

function lineOf({ hostname, address, source, result, issuer, notAfter, message }: GateView['lines'][number]) {
  return {
    hostname,
    ...(address !== undefined && { address }),
    source,
    result,
    ...(issuer !== undefined && { issuer }),
    ...(notAfter !== undefined && { notAfter: rfc3339(notAfter) }),
    message: message.slice(0, MESSAGE_LENGTH),
  };
}
