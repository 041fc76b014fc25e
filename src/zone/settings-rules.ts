import { look, listWords, unseenWords, wantedProbes } from './gate-look.ts';
import { usesTls } from './settings.ts';
import { type Difference, hold, holdAll, observedSsl, sslIsOnItsWay } from './settings-difference.ts';
import type { SettingAction } from './world.ts';

export function zoneNotActive(difference: Difference): SettingAction | undefined {
  const { zoneProblem } = difference.world;
  return zoneProblem === undefined ? undefined : holdAll(difference, 'ZoneNotActive', zoneProblem);
}

export function notEnforced(difference: Difference): SettingAction | undefined {
  const { enforce, hindrance, spec, objectName } = difference.world;
  if (enforce) return undefined;
  const command = `kubectl patch originzone ${objectName} --type=merge -p '{"spec":{"mode":"Enforce"}}'`;
  const remedy = spec.mode === 'Observe' ? ` To have it changed: ${command}.` : '';
  return holdAll(
    difference,
    'NotEnforced',
    `Nothing is changed: ${hindrance ?? 'it may not be now'}.${remedy}`,
  );
}

export function notEditable(difference: Difference): SettingAction | undefined {
  if (difference.reading.editable) return undefined;
  const message = `The plan of the zone does not let it be changed. Change the plan, or leave the setting out of spec.settings.`;
  return hold(difference, 'NotEditable', message, { stalled: true });
}

/** Refusals that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['RateLimited', 'BudgetExhausted', 'CloudflareUnavailable']);

export function refused(difference: Difference): SettingAction | undefined {
  const { history, world } = difference;
  const { refusal } = history;
  if (refusal === undefined || refusal.untilMs <= world.monotonic) return undefined;
  return hold(difference, 'Refused', refusalWords(refusal), {
    stalled: !PASSING.has(refusal.reason),
    againMs: refusal.untilMs,
  });
}

/** Our own budget was short: Cloudflare was not asked, and how long it takes differs with every try. */
function refusalWords({ reason, message }: NonNullable<Difference['history']['refusal']>): string {
  if (reason === 'BudgetExhausted')
    return 'The change waits for the request budget. Nothing needs to be done.';
  const happened = PASSING.has(reason) ? 'The change did not get through' : 'Cloudflare refused the change';
  return `${happened} (${reason}): ${message}`;
}

/** A redirect to https needs a mode that serves https, and an origin that does not redirect back. */
export function httpsWouldLoop(difference: Difference): SettingAction | undefined {
  if (!difference.raises) return undefined;
  return modeCannotHoldHttps(difference) ?? originSendsBack(difference);
}

function modeCannotHoldHttps(difference: Difference): SettingAction | undefined {
  const mode = observedSsl(difference.world);
  if (mode === undefined || sslIsOnItsWay(difference.world)) return waitsForSsl(difference);
  if (usesTls(mode)) return undefined;
  const message = `It is not switched on under ssl ${mode}, where visitors could be redirected for ever. Set spec.settings.ssl to full or strict first.`;
  return hold(difference, 'WouldLoop', message, { stalled: true });
}

function originSendsBack(difference: Difference): SettingAction | undefined {
  const { world } = difference;
  if (world.spec.gate.origins === 'Skip') return undefined;
  const seen = look(world, -Infinity);
  const names = seen.counted.filter(({ redirectsToHttp }) => redirectsToHttp).map(({ hostname }) => hostname);
  if (names.length > 0) {
    const message = `Visitors would go in circles: the origin of ${listWords([...new Set(names)], 3)} redirects https to http. Stop that redirect at the origin.`;
    return hold(difference, 'WouldLoop', message, { stalled: true });
  }
  const why = unseenWords(seen);
  return why === undefined ? undefined : hold(difference, 'GateWaiting', why, wantedProbes(seen));
}

/** Not raised while ssl is off or flexible. */
export function waitsForSsl(difference: Difference): SettingAction | undefined {
  const { raises, world } = difference;
  const mode = observedSsl(world);
  if (!raises || (mode !== undefined && usesTls(mode))) return undefined;
  if (mode === undefined) return hold(difference, 'WaitingForSsl', 'The mode of ssl is not known yet.');
  const onItsWay = sslIsOnItsWay(world);
  const message = onItsWay
    ? `It is raised once ssl is full or stricter; ssl is ${mode}.`
    : `It is not raised under ssl ${mode}. Set spec.settings.ssl to full or strict first.`;
  return hold(difference, 'WaitingForSsl', message, { stalled: !onItsWay });
}
