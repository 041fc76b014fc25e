import type { ZonePass } from '../concern.ts';
import type { Intervals } from '../schedule.ts';
import type { PullsContext } from './context.ts';
import type { PullMemory, RawReading } from './memory.ts';
import type { PullStep } from './world.ts';

const HOUR_MS = 3_600_000;
/** Both switches, and the client certificates. */
const REQUESTS = 3;
/** What waits for origins or people looks so often in the interval of rest. */
const WAITING_LOOKS = 12;

/**
 * Asks Cloudflare, and remembers the answer. The request of the effect that may follow is paid with these, or zones that
 * take turns at a short budget would read for ever and do nothing: `client` has it.
 */
export async function readCloudflare(
  { clock }: Pick<PullsContext, 'clock'>,
  { client: unpaid, facts }: ZonePass,
  memory: PullMemory,
  signal: AbortSignal,
): Promise<{ readonly raw: RawReading; readonly client: ZonePass['client'] }> {
  const client = unpaid.prepaid('get_setting', REQUESTS + 1);
  memory.expire();
  const beganMs = clock.monotonic();
  const setting = await client.getSetting(facts.id, 'tls_client_auth', { signal });
  const { enabled } = await client.getOriginPullSettings(facts.id, { signal });
  const certificates = await client.listClientCertificates(facts.id, { signal });
  const { value, editable, modifiedOn } = setting;
  const shared = { on: value === 'on', editable, modifiedOn };
  const raw = { shared, enabled, certificates: certificates.filter(({ status }) => status !== 'deleted') };
  memory.keep(beganMs, raw);
  return { raw, client };
}

/** How old an answer may be to be of any use: at rest Cloudflare is asked once an hour, stretched as all is. */
export function restMs({ settingsMs }: Pick<Intervals, 'settingsMs'>): number {
  return Math.max(HOUR_MS, settingsMs);
}

/**
 * How old an answer may be that this step rests on; 0: of this pass. Nothing is done at Cloudflare by what was read
 * before, and Cloudflare's own work is looked at whenever it is due; origins and people take their time.
 */
export function maxAgeMs({ effect, againMs, polls }: PullStep, intervals: Intervals): number {
  if (effect !== undefined) return effect.do === 'AskOrigins' ? waitMs(intervals) : 0;
  if (againMs === undefined) return restMs(intervals);
  // Half, since the next wait may be longer than the one that has just passed.
  return polls === true ? againMs / 2 : waitMs(intervals);
}

/** Requests of an hour in which a zone waits for origins or people: at rest it makes fewer. */
export function pullsPerHour(intervals: Pick<Intervals, 'settingsMs' | 'sslMs'>): number {
  return (REQUESTS * HOUR_MS) / waitMs(intervals);
}

/** Five minutes, or the zone's interval where that is longer; stretched like it. */
function waitMs(intervals: Pick<Intervals, 'settingsMs' | 'sslMs'>): number {
  return Math.max(restMs(intervals) / WAITING_LOOKS, intervals.sslMs);
}
