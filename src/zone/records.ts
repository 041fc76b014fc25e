import { rfc3339 } from '../api/conditions.ts';
import { isRefusal, type Recurring } from './recurring.ts';

/** How many intervals old the DNS records may be: one reading may fail and be made up for. */
const INTERVALS = 2;

/** How old they may be for the mode to be raised by them: long enough to look at names that turned up in between. */
const FRESH_MS = 60_000;

/**
 * Why the DNS records are listed anew before a step that no name may fail, as a sentence; undefined where they are
 * fresh, or not known to be old.
 *
 * @param readAt ms since the epoch.
 */
export function agedRecordsWords(readAt: number | undefined, now: number): string | undefined {
  return readAt === undefined || now - readAt <= FRESH_MS
    ? undefined
    : `The DNS records were last read at ${rfc3339(readAt)}; they are listed anew first, since there may be others by now.`;
}

/**
 * Why the DNS records that were read last are not to be relied on, as sentences: none were read, they may not be read
 * any more, or are too old. Undefined while they are. An origin that was added since would be missed in silence.
 *
 * @param nowMs since the epoch.
 */
export function recordsProblemOf(
  { value, readAt, failure }: Pick<Recurring<unknown>, 'value' | 'readAt' | 'failure'>,
  intervalMs: number,
  nowMs: number,
): string | undefined {
  if (value === undefined || readAt === undefined)
    return `The DNS records are unknown. ${failure?.error.message ?? 'They were not read yet.'}`;
  const isOld = nowMs - readAt > INTERVALS * intervalMs;
  const isRefused = failure !== undefined && isRefusal(failure.error);
  if (!isOld && !isRefused) return undefined;
  const last = `The DNS records were last read at ${rfc3339(readAt)}: there may be others by now.`;
  return failure === undefined ? last : `${last} ${failure.error.message}`;
}
