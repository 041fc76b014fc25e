import { counts, resultWords, worseFirst } from './gate.ts';
import type { GateView, OriginLine, ZoneWorld } from './world.ts';

const FRESH_MIN_MS = 15 * 60_000;
/** Beyond it an origin may well have changed: so many names at once are rolled out in portions, by spec.mode. */
const FRESH_MAX_MS = 2 * 60 * 60_000;
/**
 * A zone takes turns with all others, so its first name may be seen a whole round before its last, and a quarter of
 * the looks goes to those that nobody asked for: with less than four thirds of a round the first would be too old
 * whenever the last comes in.
 */
const ROUNDS = 1.5;

/**
 * How old a verdict may be for a mode to be raised by it, ms: a quarter of an hour, or what it takes to see all names
 * of a zone within it where very many are wanted at once, up to two hours.
 */
export function freshMs({ roundMs }: Pick<ZoneWorld, 'roundMs'>): number {
  return Math.min(FRESH_MAX_MS, Math.max(FRESH_MIN_MS, ROUNDS * roundMs));
}

/** The gate as one decision sees it. */
export interface Look extends GateView {
  /** Lines that are held against a mode, worst first, whatever their age. */
  readonly counted: readonly OriginLine[];
  /** Names with a verdict too old, or none: nothing is raised before they are looked at. */
  readonly missing: readonly string[];
  readonly sinceMs: number;
  /** For how long a verdict counts. */
  readonly freshMs: number;
}

/** @param sinceMs monotonic; verdicts that began before count as missing. */
export function look(world: ZoneWorld, sinceMs: number): Look {
  const view = world.gate(sinceMs);
  const counted = view.lines.filter(counts).toSorted(worseFirst);
  const stale = counted.filter(({ beganMs }) => (beganMs ?? -Infinity) < sinceMs);
  const missing = new Set([...view.missing, ...stale.map(({ hostname }) => hostname)]);
  return { ...view, counted, missing: [...missing].toSorted(), sinceMs, freshMs: freshMs(world) };
}

/** What the look has yet to see, for a hold. */
export function wantedProbes({ missing, sinceMs }: Look): { readonly probeSinceMs?: number } {
  return missing.length > 0 && Number.isFinite(sinceMs) ? { probeSinceMs: sinceMs } : {};
}

/** Monotonic ms when the first of these verdicts is too old to hold anything by, so that it is asked for again. */
export function agesMs({ counted, freshMs: keptMs }: Look): number | undefined {
  const began = counted.flatMap(({ beganMs }) => beganMs ?? []);
  return began.length === 0 ? undefined : began.reduce((a, b) => Math.min(a, b)) + keptMs + 1;
}

/** Why nothing can be said of all origins yet, as sentences; undefined where all were seen. */
export function unseenWords({ complete, incompleteWhy, missing }: Look): string | undefined {
  if (!complete) return incompleteWhy ?? 'The DNS records of the zone are not known yet.';
  if (missing.length === 0) return undefined;
  return `Origins are being looked at: ${listWords(missing, 3)}.`;
}

/** The worst lines in words: `a.example.com at 192.0.2.7:443 Expired (526): <message>; ... and 2 more`. */
export function worstWords(lines: readonly OriginLine[], atMost: number): string {
  return listWords(lines.map(lineWords), atMost, '; ');
}

function lineWords({ hostname, address, result, message }: OriginLine): string {
  const where = address === undefined ? hostname : `${hostname} at ${address}`;
  return `${where} ${resultWords(result)}: ${shortened(message).replace(/\.$/, '')}`;
}

/** At the end of a word. */
function shortened(message: string): string {
  if (message.length <= MESSAGE_LENGTH) return message;
  const cut = message.slice(0, MESSAGE_LENGTH);
  return `${cut.slice(0, cut.lastIndexOf(' ')).replace(/[,.:;]$/, '')} …`;
}

/** What one origin may take of a condition's message; its line in the status has all of it. */
const MESSAGE_LENGTH = 300;

/** The first few and how many more there are. */
export function listWords(words: readonly string[], atMost: number, separator = ', '): string {
  const shown = words.slice(0, atMost).join(separator);
  return words.length > atMost ? `${shown} and ${words.length - atMost} more` : shown;
}

export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
