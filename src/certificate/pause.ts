import { rfc3339 } from '../api/conditions.ts';
import { holdUntil } from '../api/hold-until.ts';
import { ANNOTATION } from '../api/names.ts';
import type { Refusal } from './action.ts';
import type { Living } from './world.ts';

/** Why a person wants nothing to be done outside the status now; undefined when nobody does. */
export function pause({ certificate: { spec, metadata }, now }: Living): Refusal | undefined {
  if (spec.suspend) {
    const message = 'spec.suspend is true: nothing is issued or written until it is false.';
    return { type: 'Refuse', reason: 'Suspended', message };
  }
  const hold = holdUntil(metadata.annotations, now);
  if (hold === undefined) return undefined;
  if ('unreadable' in hold) {
    const message =
      `The annotation ${ANNOTATION.holdUntil} is ${hold.unreadable}, which is no RFC 3339 time: nothing is issued or ` +
      'written until it is one, such as 2026-01-31T18:00:00Z, or is removed.';
    return { type: 'Refuse', reason: 'HoldUntilInvalid', message };
  }
  const message = `The annotation ${ANNOTATION.holdUntil} says so: nothing is issued or written until ${rfc3339(hold.untilMs)}, or until it is removed.`;
  return { type: 'Refuse', reason: 'Held', message, retryMs: hold.untilMs - now };
}
