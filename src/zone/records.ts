import { rfc3339 } from '../api/conditions.ts';
import { isRefusal, type Recurring } from './recurring.ts';

/** How many intervals old the DNS records may be: one reading may fail and be made up for. */
const INTERVALS = 2;

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
