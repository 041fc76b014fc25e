import { API_VERSION } from '../../api/names.ts';
import type { ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import type { PullMemory } from './memory.ts';
import { targetText } from './publish.ts';
import type { PullStep } from './world.ts';

const NORMAL: ReadonlySet<string> = new Set([
  'Off',
  'Uploading',
  'Deploying',
  'Enabling',
  'Propagating',
  'Presenting',
  'Rotating',
  'SwitchingOff',
]);

/** An event on the OriginZone and a line in the log whenever the state of its origin pulls has changed. */
export function announce(
  context: PullsContext,
  pass: ZonePass,
  memory: PullMemory,
  step: PullStep,
  safe: boolean,
): void {
  const told = `${step.state} ${safe}`;
  const isFirst = memory.told === '';
  const before = pass.zone.status?.authenticatedOriginPulls;
  // What the status says already was told by another process.
  const isKnown = isFirst && before?.state === step.state && before.safeToDemand === safe;
  if (told === memory.told) return;
  memory.told = told;
  if (isKnown) return;
  const advice = safe ? ' Origins may demand it now.' : '';
  const type = NORMAL.has(step.state) && step.stalled !== true ? 'Normal' : 'Warning';
  tell(
    context,
    pass,
    type,
    `OriginPull${step.state}`,
    `${step.message}${step.state === 'Presenting' ? advice : ''}`,
  );
}

/** What is no longer listed keeps its content: an origin may still read it. */
export function announceUnlisted(context: PullsContext, pass: ZonePass, memory: PullMemory): void {
  const listed = (pass.zone.spec.authenticatedOriginPulls.publish ?? []).map(targetText);
  const gone = memory.publish.filter((target) => !listed.includes(target));
  memory.publish = listed;
  if (gone.length === 0) return;
  const note = `${gone.join(', ')} is no longer kept up to date, since authenticatedOriginPulls.publish does not list it. It is left as it is: an origin may still read it. Delete it when none does.`;
  tell(context, pass, 'Warning', 'OriginPullUnlisted', note);
}

function tell(
  { events, log }: PullsContext,
  { zone }: ZonePass,
  type: 'Normal' | 'Warning',
  reason: string,
  note: string,
): void {
  const { name, uid } = zone.metadata;
  events.record(
    { apiVersion: API_VERSION, kind: 'OriginZone', name, uid },
    { type, reason, action: 'OriginPull', note },
  );
  const line = { zone: name, reason };
  if (type === 'Normal') log.info(line, note);
  else log.warn(line, note);
}
