import { formatDuration } from '../api/duration.ts';

/** How often Cloudflare is asked about one zone, milliseconds. */
export interface Intervals {
  /** `ssl` and the automatic mode. */
  readonly sslMs: number;
  /** The other settings. */
  readonly settingsMs: number;
  /** The DNS records. */
  readonly recordsMs: number;
  /** The zone itself: its id, status and whether it is paused. */
  readonly zoneMs: number;
  readonly inventoryMs: number;
}

/** What one zone costs each time round, in requests. */
export interface ZoneLoad {
  /** `ssl`, and the automatic mode where `ssl` is managed. */
  readonly modes: number;
  /** The other managed settings. */
  readonly settings: number;
  /** Pages of DNS records. */
  readonly recordPages: number;
  /** Pages of certificates. */
  readonly inventoryPages: number;
  readonly inventoryIntervalMs: number;
  /** What Authenticated Origin Pulls ask in an hour. */
  readonly pullsPerHour: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Zones may use a quarter of the rate; a fifth of that is left for what is not at rest: changes, probes of faults. */
const SHARE = 0.25 * 0.8;

/** Steps by which the intervals are stretched, to one interval. */
const STEPS = 4;

/** Objects in a page of Cloudflare's lists. */
const PAGE = 50;

/** Requests that it takes to list so many objects. */
export function pagesOf(count: number, pageSize = PAGE): number {
  return Math.max(1, Math.ceil(count / pageSize));
}

/** The intervals of a zone, every one of them `stretch` times as long as it would be for a single zone. */
export function intervalsOf(zoneIntervalMs: number, inventoryIntervalMs: number, stretch: number): Intervals {
  const hourly = Math.max(HOUR, zoneIntervalMs) * stretch;
  return {
    sslMs: zoneIntervalMs * stretch,
    settingsMs: hourly,
    recordsMs: Math.max(30 * MINUTE, zoneIntervalMs) * stretch,
    zoneMs: hourly,
    inventoryMs: inventoryIntervalMs * stretch,
  };
}

/** Requests a second that one zone makes at rest. */
export function requestsPerSecond(load: ZoneLoad, zoneIntervalMs: number, stretch = 1): number {
  const { sslMs, settingsMs, recordsMs, zoneMs, inventoryMs } = intervalsOf(
    zoneIntervalMs,
    load.inventoryIntervalMs,
    stretch,
  );
  const perMs =
    load.modes / sslMs +
    load.settings / settingsMs +
    load.recordPages / recordsMs +
    1 / zoneMs +
    load.inventoryPages / inventoryMs +
    load.pullsPerHour / (HOUR * stretch);
  return perMs * 1000;
}

/**
 * By how much all intervals are stretched so that all zones together stay within their share of the rate at rest;
 * 1 while they do anyhow, or where there is no limit.
 *
 * @param ratePerSecond of the whole process; 0: no limit.
 */
export function stretchOf(
  loads: Iterable<ZoneLoad>,
  { zoneIntervalMs, ratePerSecond }: { readonly zoneIntervalMs: number; readonly ratePerSecond: number },
): number {
  if (ratePerSecond === 0) return 1;
  let wanted = 0;
  for (const load of loads) wanted += requestsPerSecond(load, zoneIntervalMs);
  // In steps, so that a zone that comes or grows does not change the intervals of all.
  return Math.max(1, Math.ceil((wanted / (ratePerSecond * SHARE)) * STEPS) / STEPS);
}

/** The interval, up to a tenth shorter or longer, so that zones made together are not read together for ever. */
export function jittered(intervalMs: number, random: number): number {
  return intervalMs * (0.9 + 0.2 * random);
}

const RETRY_MIN_MS = 5000;
const RETRY_MAX_MS = 5 * MINUTE;

/** How long to wait after so many failures in a row: 5 s doubling to 5 min, less up to a fifth. */
export function retryMs(count: number, random: number): number {
  return Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(count - 1, 10)) * (0.8 + 0.2 * random);
}

/** The intervals as the status shows them. */
export function shownIntervals(intervals: Intervals): {
  ssl: string;
  settings: string;
  records: string;
  inventory: string;
} {
  return {
    ssl: formatDuration(intervals.sslMs),
    settings: formatDuration(intervals.settingsMs),
    records: formatDuration(intervals.recordsMs),
    inventory: formatDuration(intervals.inventoryMs),
  };
}
