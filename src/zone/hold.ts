import { rfc3339 } from '../api/conditions.ts';
import { holdUntil } from '../api/hold-until.ts';
import { ANNOTATION } from '../api/names.ts';
import type { OriginZone } from '../api/v1alpha1.ts';

/** Whether anything may be changed outside the status, and until when not. */
export interface Hold {
  readonly enforce: boolean;
  /** Why nothing may be changed, as the end of a sentence. */
  readonly hindrance: string | undefined;
  /** Ms since the epoch: when the hold ends by itself. */
  readonly untilMs: number | undefined;
  /** What is wrong with the annotation. */
  readonly invalid: string | undefined;
}

/** What `spec.mode` and the annotation hold-until say. An unreadable time holds: nobody writes one by chance. */
export function holdOf({ metadata, spec }: Pick<OriginZone, 'metadata' | 'spec'>, nowMs: number): Hold {
  const hold = holdUntil(metadata.annotations, nowMs);
  const free = { enforce: true, hindrance: undefined, untilMs: undefined, invalid: undefined };
  if (hold && 'unreadable' in hold) return { ...free, enforce: false, ...unreadable(hold.unreadable) };
  if (hold) {
    const { untilMs } = hold;
    const hindrance = `it is held until ${rfc3339(untilMs)} by the annotation ${ANNOTATION.holdUntil}`;
    return { ...free, enforce: false, hindrance, untilMs };
  }
  return spec.mode === 'Enforce' ? free : { ...free, enforce: false, hindrance: 'spec.mode is Observe' };
}

function unreadable(shown: string): Pick<Hold, 'hindrance' | 'invalid'> {
  return {
    hindrance: `the annotation ${ANNOTATION.holdUntil} is unreadable`,
    invalid: `The annotation ${ANNOTATION.holdUntil} is ${shown}, which is no RFC 3339 time: nothing is changed at Cloudflare until it is one, such as 2026-01-31T18:00:00Z, or is removed.`,
  };
}
