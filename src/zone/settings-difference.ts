import type { SslMode } from './concern.ts';
import { hstsOf, hstsTarget, hstsText, hstsWire } from './hsts.ts';
import { askedText, knownText, SCALES, sslModeOf, usesTls } from './settings.ts';
import type { HoldReason, Reading, SettingAction, SettingHistory, SettingName, ZoneWorld } from './world.ts';

/** A setting that is to be changed, and all that speaks for or against it. */
export interface Difference {
  readonly world: ZoneWorld;
  readonly name: SettingName;
  readonly reading: Reading;
  readonly history: SettingHistory;
  /** Canonical texts: what Cloudflare has, what the spec asks for, and the next step towards it. */
  readonly observed: string;
  readonly asked: string;
  readonly to: string;
  /** The next step as the API takes it. */
  readonly value: unknown;
  /** Whether the step makes the setting stricter. */
  readonly raises: boolean;
  /** Monotonic ms since when it differs; this moment where nobody has noted it yet. */
  readonly sinceMs: number;
}

/** A rule about a difference: the action where it answers, undefined where it has nothing against the change. */
export type Check = (difference: Difference) => SettingAction | undefined;

/** How a setting stands against the spec. */
export type Standing =
  | { readonly state: 'Unread'; readonly message: string }
  | { readonly state: 'Unmanaged'; readonly observed: string }
  | { readonly state: 'InSync'; readonly observed: string }
  | { readonly state: 'Stricter'; readonly observed: string; readonly asked: string }
  | { readonly state: 'Differs'; readonly difference: Difference };

export function standingOf(world: ZoneWorld, name: SettingName): Standing {
  const reading = world.readings[name];
  if (reading === undefined) return { state: 'Unread', message: `${name} could not be read yet.` };
  const observed = knownText(name, reading.value);
  if (observed === undefined) {
    const shown = String(JSON.stringify(reading.value)).slice(0, 60);
    return {
      state: 'Unread',
      message: `${name} has a value that this version does not know, and is left as it is: ${shown}`,
    };
  }
  const asked = askedText(world.spec, name);
  if (asked === undefined) return { state: 'Unmanaged', observed };
  const step = name === 'hsts' ? hstsStep(world, reading) : wordStep(world, name, observed, asked);
  if (step === undefined) {
    return isExactly(name, observed, asked)
      ? { state: 'InSync', observed }
      : { state: 'Stricter', observed, asked };
  }
  const history = world.history[name];
  const sinceMs = history.differsSinceMs ?? world.monotonic;
  return {
    state: 'Differs',
    difference: { world, name, reading, history, observed, asked, sinceMs, ...step },
  };
}

type Step = Pick<Difference, 'to' | 'value' | 'raises'>;

/** From off and flexible the way to strict leads over full, where no certificate is judged yet. */
function wordStep(
  { spec }: ZoneWorld,
  name: Exclude<SettingName, 'hsts'>,
  observed: string,
  asked: string,
): Step | undefined {
  const { words } = SCALES[name];
  const rank = (word: string): number => words.indexOf(word);
  const raises = rank(asked) > rank(observed);
  if (rank(asked) === rank(observed) || (!raises && !spec.allowDowngrade)) return undefined;
  const overFull = name === 'ssl' && rank(observed) < rank('full') && rank(asked) > rank('full');
  const to = overFull ? 'full' : asked;
  return { to, value: to, raises };
}

function hstsStep({ spec }: ZoneWorld, reading: Reading): Step | undefined {
  const asked = spec.settings?.hsts;
  const observed = hstsOf(reading.value);
  if (asked === undefined || observed === undefined) return undefined;
  const target = hstsTarget(asked, observed, spec.allowDowngrade);
  const to = hstsText(target);
  return to === hstsText(observed) ? undefined : { to, value: hstsWire(target), raises: target.enabled };
}

/** The text of a header asked for names the managed fields only, in the order of the whole. */
function isExactly(name: SettingName, observed: string, asked: string): boolean {
  if (name !== 'hsts') return observed === asked;
  const fields = new Set(observed.split(' '));
  return asked.split(' ').every((field) => fields.has(field));
}

/** The mode at Cloudflare; undefined while it is not known. */
export function observedSsl(world: ZoneWorld): SslMode | undefined {
  return sslModeOf(world.readings.ssl?.value);
}

/** Whether `ssl` will be full or stricter by itself, sooner or later. */
export function sslIsOnItsWay({ spec }: ZoneWorld): boolean {
  return spec.settings?.ssl !== undefined && usesTls(spec.settings.ssl);
}

/** A difference that is left as it is; the message begins with what differs. */
export function hold(
  difference: Difference,
  reason: HoldReason,
  message: string,
  more: Partial<
    Pick<
      Extract<SettingAction, { type: 'Hold' }>,
      'shared' | 'stalled' | 'againMs' | 'probeSinceMs' | 'listsRecords'
    >
  > = {},
): SettingAction {
  return {
    name: difference.name,
    type: 'Hold',
    inSync: false,
    reason,
    message: [`${difference.name} is ${difference.observed}, asked for is ${difference.asked}.`, message]
      .filter((part) => part !== '')
      .join(' '),
    stalled: false,
    ...more,
  };
}

/** Differences that are left as they are for a reason that is not theirs. */
export function holdAll(difference: Difference, reason: HoldReason, shared: string): SettingAction {
  return hold(difference, reason, '', { shared });
}

/** All that is to be said of one setting alone. */
export function wordsOf(action: SettingAction): string {
  return wordsOfAll([action]);
}

/** The same of several: what holds for all of them stands once, at the end. */
export function wordsOfAll(actions: readonly SettingAction[]): string {
  const shared = actions.flatMap((action) =>
    action.type === 'Hold' && action.shared ? [action.shared] : [],
  );
  return [...actions.map(({ message }) => message), ...new Set(shared)].join(' ');
}

/** How a person keeps the operator from changing anything, as a sentence. */
export function howToStop({ objectName }: ZoneWorld): string {
  return (
    `To stop it: kubectl annotate originzone ${objectName} --overwrite originca.dev/hold-until=TIME (such as 2026-01-31T12:00:00Z), ` +
    `or kubectl patch originzone ${objectName} --type=merge -p '{"spec":{"mode":"Observe"}}'.`
  );
}
