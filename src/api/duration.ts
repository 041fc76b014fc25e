/**
 * Durations as Kubernetes users write them: Go's `720h`, `1h30m`, `45s`, whole numbers of hours, minutes and
 * seconds in this order. The same grammar as the CRD's pattern, so a flag and a field read alike. Days, months
 * and milliseconds are not part of it.
 */
const DURATION = /^(?:([0-9]{1,6})h)?(?:([0-9]{1,4})m)?(?:([0-9]{1,4})s)?$/;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Milliseconds of `text`; undefined where it is no duration: the caller names the flag or field and the remedy. */
export function parseDuration(text: string): number | undefined {
  const match = text === '' ? null : DURATION.exec(text);
  if (match === null) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * SECOND_MS;
}

/**
 * The shortest text for `ms`, cut to whole seconds: `2160h`, `1h30m`, `0s`. What is negative, or no number, is
 * `0s`: a message about a wait that is over should not throw.
 */
export function formatDuration(ms: number): string {
  const totalSeconds = ms > 0 ? Math.floor(ms / SECOND_MS) : 0;
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor((totalSeconds % 3600) / 60);
  const seconds = totalSeconds % 60;
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
  return text === '' ? '0s' : text;
}
