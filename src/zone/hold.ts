import { rfc3339 } from '../api/conditions.ts';
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

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** What `spec.mode` and the annotation hold-until say. An unreadable time holds: nobody writes one by chance. */
export function holdOf({ metadata, spec }: Pick<OriginZone, 'metadata' | 'spec'>, nowMs: number): Hold {
  const text = metadata.annotations?.[ANNOTATION.holdUntil]?.trim();
  const free = { enforce: true, hindrance: undefined, untilMs: undefined, invalid: undefined };
  if (text !== undefined) {
    const untilMs = RFC_3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
    if (Number.isNaN(untilMs)) return { ...free, enforce: false, ...unreadable(text) };
    if (untilMs > nowMs) {
      const hindrance = `it is held until ${rfc3339(untilMs)} by the annotation ${ANNOTATION.holdUntil}`;
      return { ...free, enforce: false, hindrance, untilMs };
    }
  }
  return spec.mode === 'Enforce' ? free : { ...free, enforce: false, hindrance: 'spec.mode is Observe' };
}

function unreadable(text: string): Pick<Hold, 'hindrance' | 'invalid'> {
  const shown = JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
  return {
    hindrance: `the annotation ${ANNOTATION.holdUntil} is unreadable`,
    invalid: `The annotation ${ANNOTATION.holdUntil} is ${shown}, which is no RFC 3339 time: nothing is changed at Cloudflare until it is one, such as 2026-01-31T18:00:00Z, or is removed.`,
  };
}
