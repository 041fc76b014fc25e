import { API_VERSION } from '../api/names.ts';
import type { OriginZone } from '../api/v1alpha1.ts';
import type { EventText } from '../kube/events.ts';
import type { ControllerContext } from './controller-context.ts';

/** Tells the cluster's users and the log. */
export function tell(
  { events, log }: Pick<ControllerContext, 'events' | 'log'>,
  { metadata: { name, uid } }: Readonly<OriginZone>,
  text: EventText,
): void {
  events.record({ apiVersion: API_VERSION, kind: 'OriginZone', name, uid }, text);
  const line = { zone: name, reason: text.reason };
  if (text.type === 'Normal') log.info(line, text.note);
  else log.warn(line, text.note);
}
