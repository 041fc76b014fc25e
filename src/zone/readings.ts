import { CloudflareError } from '../cloudflare/errors.ts';
import type { RecordListing, ZoneClient } from '../cloudflare/zone-client.ts';
import { problemOf } from '../problem.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ZoneMemory } from './memory.ts';
import { contained, type Instant, type Recurring } from './recurring.ts';
import { listRoutes } from './routes.ts';
import { type Intervals, jittered } from './schedule.ts';
import { wireId } from './settings.ts';
import type { Reading, SettingName } from './world.ts';

/** Until the zone is looked for again while it is not to be found, or not active. */
const ODD_ZONE_MS = 5 * 60_000;
/** Until the routes are listed again when the API server did not answer. */
const UNHEARD_MS = 10_000;
/** While records are being listed they are not due; a listing ends by itself much sooner. */
const LISTING_MS = 60 * 60_000;

export function instantOf({ clock }: Pick<ControllerContext, 'clock'>): Instant {
  return { now: clock.now(), monotonic: clock.monotonic() };
}

/** Looks for the zone by its name, if that is due. */
export async function lookUpZone(
  context: ControllerContext,
  memory: ZoneMemory,
  client: ZoneClient,
  zoneName: string,
  intervals: Intervals,
  signal: AbortSignal,
): Promise<void> {
  const { lookup } = memory;
  if (lookup.nextMs > context.clock.monotonic()) return;
  await attempt(context, lookup, async () => {
    const zones = await client.findZones(zoneName, { signal });
    const [zone] = zones;
    if (zone === undefined) return [{ state: 'none' }, ODD_ZONE_MS];
    if (zones.length > 1) {
      const accounts = zones.map(({ account }) => account.name ?? account.id ?? 'an account without a name');
      return [{ state: 'several', accounts }, ODD_ZONE_MS];
    }
    const isOdd = zone.status !== 'active' || zone.paused;
    return [{ state: 'found', zone }, isOdd ? Math.min(ODD_ZONE_MS, intervals.zoneMs) : intervals.zoneMs];
  });
}

/** Reads the settings that are due. What one of them meets does not stop the others. */
export async function readDueSettings(
  context: ControllerContext,
  memory: ZoneMemory,
  client: ZoneClient,
  { zoneId, names, intervals }: { zoneId: string; names: readonly SettingName[]; intervals: Intervals },
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    if (memory.setting(name).nextMs > context.clock.monotonic()) continue;
    await readSetting(context, memory, client, { zoneId, name, intervals }, signal);
  }
}

/** Reads one setting now. */
export async function readSetting(
  context: ControllerContext,
  memory: ZoneMemory,
  client: ZoneClient,
  { zoneId, name, intervals }: { zoneId: string; name: SettingName; intervals: Intervals },
  signal: AbortSignal,
): Promise<void> {
  const readMs = context.clock.monotonic();
  const afterMs = name === 'ssl' || name === 'sslAutomaticMode' ? intervals.sslMs : intervals.settingsMs;
  await attempt(context, memory.setting(name), async (): Promise<[Reading, number]> => {
    try {
      const { value, editable } = await client.getSetting(zoneId, wireId(name), { signal });
      return [{ value, editable, readMs }, afterMs];
    } catch (error) {
      if (error instanceof CloudflareError && error.kind === 'ZoneNotFound') memory.lookup.expire();
      if (name !== 'sslAutomaticMode' || !isUnknownSetting(error)) throw error;
      // A zone that has no automatic mode: its owner has the mode.
      return [{ value: 'custom', editable: false, readMs }, intervals.settingsMs];
    }
  });
}

function isUnknownSetting(error: unknown): boolean {
  return error instanceof CloudflareError && (error.kind === 'RequestRejected' || error.kind === 'NotFound');
}

/**
 * Lists the DNS records in the background, if that is due: many pages wait for the budget longer than a worker may.
 * Then the zone is woken.
 */
export function listRecords(
  context: ControllerContext,
  memory: ZoneMemory,
  client: ZoneClient,
  { key, zoneId, intervals }: { key: string; zoneId: string; intervals: Intervals },
): void {
  const { records } = memory;
  const { clock, kube, watchNamespaces, signal } = context;
  const { epoch } = memory;
  if (memory.isListing || records.nextMs > clock.monotonic()) return;
  memory.isListing = true;
  records.postpone(clock.monotonic() + LISTING_MS);
  const read = async (): Promise<void> => {
    try {
      await attempt(context, records, async () => {
        const listing = await client.listRecords(zoneId, { signal, waitForBudget: true });
        const routes = await listRoutes(kube, watchNamespaces, signal);
        return [{ listing, routes }, isPassing(listing) ? ODD_ZONE_MS : intervals.recordsMs];
      });
      if (memory.epoch !== epoch) records.clear();
    } finally {
      memory.isListing = false;
    }
    context.wake(key);
  };
  read().catch((error: unknown) => {
    if (signal.aborted) return;
    // The API server did not answer: the caches and the log tell of it elsewhere.
    records.postpone(clock.monotonic() + UNHEARD_MS);
    const problem = problemOf(error);
    context.log.warn({ zone: key, problem }, 'the origins of a zone could not be listed');
  });
}

/** As `listRecords`, although they are not due; while that fails it comes again when it is. */
export function listRecordsAnew(
  context: ControllerContext,
  memory: ZoneMemory,
  client: ZoneClient,
  where: Parameters<typeof listRecords>[3],
): void {
  const { records, isListing } = memory;
  if (isListing || records.failure !== undefined) return;
  records.expire();
  listRecords(context, memory, client, where);
}

/** Whether another listing will probably be complete: this one changed while it was read, and is not too long. */
function isPassing({ complete, records }: RecordListing): boolean {
  return !complete && records.length < 10_000;
}

/** One reading: what it brings and when the next is due, or why it failed. */
async function attempt<T>(
  context: ControllerContext,
  recurring: Recurring<T>,
  read: () => Promise<[value: T, afterMs: number]>,
): Promise<void> {
  try {
    const [value, afterMs] = await read();
    recurring.succeeded(value, instantOf(context), jittered(afterMs, context.random()));
  } catch (error) {
    recurring.failed(contained(error), instantOf(context), context.random());
  }
}
