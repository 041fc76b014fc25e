import { ANNOTATION } from './names.ts';

/** What the annotation hold-until asks for. */
export type HoldUntil =
  /** Ms since the epoch, later than now. */
  | { readonly untilMs: number }
  /** The value, quoted and shortened: it is no time. */
  | { readonly unreadable: string };

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** The last second of the years that RFC 3339 can write: by its offset a time may lie beyond. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/** What of an unreadable value is shown. */
const SHOWN_LENGTH = 64;
/** Control, format and unassigned characters, which JSON lets pass. */
const UNPRINTABLE = /\p{C}/gu;

/** The hold that stands now, on whatever kind. An unreadable time holds: nobody writes one by chance. */
export function holdUntil(
  annotations: Readonly<Record<string, string>> | undefined,
  nowMs: number,
): HoldUntil | undefined {
  const text = annotations?.[ANNOTATION.holdUntil]?.trim();
  if (text === undefined) return undefined;
  const untilMs = timeIn(text);
  if (untilMs === undefined) return { unreadable: shown(text) };
  return untilMs > nowMs ? { untilMs } : undefined;
}

function timeIn(text: string): number | undefined {
  const [, day] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(text.replace(' ', 'T'));
  return day === undefined || Number.isNaN(ms) || !isDay(day) ? undefined : Math.min(ms, LATEST_MS);
}

/** Date.parse takes the thirtieth of February for the second of March, which nobody can have meant. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function shown(text: string): string {
  const beginning = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return JSON.stringify(beginning).replaceAll(UNPRINTABLE, ' ');
}
