import { ANNOTATION } from './names.ts';

/** What the annotation hold-until asks for. */
export type HoldUntil =
  /** Ms since the epoch, later than now. */
  | { readonly untilMs: number }
  /** The value, quoted and shortened: it is no time. */
  | { readonly unreadable: string };

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The hold that stands now, on whatever kind. An unreadable time holds: nobody writes one by chance. */
export function holdUntil(
  annotations: Readonly<Record<string, string>> | undefined,
  nowMs: number,
): HoldUntil | undefined {
  const text = annotations?.[ANNOTATION.holdUntil]?.trim();
  if (text === undefined) return undefined;
  const untilMs = RFC_3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(untilMs))
    return { unreadable: JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text) };
  return untilMs > nowMs ? { untilMs } : undefined;
}
