import { assertUnchanged, change, type Patch } from './change.ts';
import type { ControllerContext } from './controller-context.ts';
import { decide } from './decide.ts';
import { historyAfter } from './history.ts';
import { instantOf, readSetting } from './readings.ts';
import { contained } from './recurring.ts';
import { askedText, textOf } from './settings.ts';
import { wordsOf } from './settings-difference.ts';
import { tell } from './tell.ts';
import { namesToRead, rememberedOf, worldOf, type ZoneView } from './view.ts';
import type { SettingAction, SettingName } from './world.ts';

/**
 * Decides and changes, one setting after the other, until nothing is left to change now. Every change is decided on
 * readings of this pass and on the object as it is now, and each setting is changed once in a pass.
 *
 * @returns what is left, and the object as it is then.
 */
export async function enact(
  context: ControllerContext,
  view: ZoneView,
  signal: AbortSignal,
): Promise<{ readonly actions: readonly SettingAction[]; readonly zone: ZoneView['zone'] }> {
  const { facts } = view;
  const changed = new Set<SettingName>();
  let { zone } = view;
  let paid: ZoneView | undefined;
  for (;;) {
    const actions = decided(context, view);
    const next = actions.find(
      (action): action is Patch => action.type === 'Patch' && !changed.has(action.name),
    );
    if (next === undefined || facts === undefined) return { actions, zone };
    if (paid === undefined) {
      paid = paidView(context, view, actions.filter(({ type }) => type === 'Patch').length);
      if (paid === undefined || !(await refreshed(context, paid, facts.id, signal))) return { actions, zone };
      continue;
    }
    await assertUnchanged(context, view, signal);
    zone = await change(context, { ...paid, zone }, facts.id, next, signal);
    changed.add(next.name);
  }
}

/** A PATCH, and the GET that is believed. */
const REQUESTS_PER_CHANGE = 2;

/** The view with a client that has paid for all that a change takes; undefined while the budget does not have it. */
function paidView(context: ControllerContext, view: ZoneView, changes: number): ZoneView | undefined {
  const { client, memory } = view;
  try {
    const count = namesToRead(view).length + changes * REQUESTS_PER_CHANGE;
    return { ...view, client: client.prepaid('get_setting', count) };
  } catch (error) {
    memory.setting('ssl').failed(contained(error), instantOf(context), context.random());
    return undefined;
  }
}

/** Reads again what was read before this pass. False where something cannot be read: then nothing is changed. */
async function refreshed(
  context: ControllerContext,
  view: ZoneView,
  zoneId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { memory, client, intervals, beganMs } = view;
  for (const name of namesToRead(view)) {
    const known = memory.setting(name);
    if (known.failure === undefined && (known.value?.readMs ?? 0) >= beganMs) continue;
    await readSetting(context, memory, client, { zoneId, name, intervals }, signal);
    if (known.failure !== undefined) return false;
  }
  return true;
}

/** What is to be done, and with it remembered since when what differs has done so. A new drift is announced. */
function decided(context: ControllerContext, view: ZoneView): readonly SettingAction[] {
  for (const action of decide(worldOf(context, view))) {
    const before = rememberedOf(context, view, action.name);
    const asked = askedText(view.zone.spec, action.name);
    view.memory.remember(action.name, historyAfter(before, action, asked, instantOf(context)));
  }
  const actions = decide(worldOf(context, view));
  for (const action of actions) announceDrift(context, view, action);
  return actions;
}

/** Once for each foreign value: what was changed, what becomes of it, and how to stop that. */
function announceDrift(context: ControllerContext, view: ZoneView, action: SettingAction): void {
  const { name, type } = action;
  const { memory, zone, zoneName, key } = view;
  if (type === 'Unread') return;
  if (type === 'Keep') {
    memory.announced.delete(name);
    return;
  }
  const { value } = memory.setting(name);
  const history = rememberedOf(context, view, name);
  const asked = askedText(zone.spec, name);
  if (value === undefined || asked === undefined || history.lastInSync !== asked) return;
  const observed = textOf(name, value.value);
  const isOurs = history.patchedTo === observed && (history.patchedMs ?? -1) >= (history.differsSinceMs ?? 0);
  if (isOurs || memory.announced.get(name) === observed) return;
  memory.announced.set(name, observed);
  context.count.drift(key, name);
  const note = `${name} of zone ${zoneName} was ${asked} and somebody else set it to ${observed}. ${wordsOf(action)}`;
  tell(context, zone, { type: 'Warning', reason: 'DriftDetected', action: 'Read', note });
}
