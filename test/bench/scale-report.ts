import { loadavg } from 'node:os';
import { columns } from './columns.ts';
import type { RevokedMinute } from './scale-revoked.ts';
import type { ScaleFigures } from './scale.ts';

/** A figure, and the most that it may be. */
interface Row {
  readonly name: string;
  readonly value: (figures: ScaleFigures) => number;
  readonly unit: string;
  readonly digits: number;
  readonly atMost?: number | ((figures: ScaleFigures) => number);
}

const ROWS: readonly Row[] = [
  {
    name: 'start to ready (caches filled)',
    value: (f) => f.restart.readyMs / 1000,
    unit: 's',
    digits: 1,
    atMost: 15,
  },
  {
    name: 'start until every certificate was looked at',
    value: (f) => f.restart.lookedAtMs / 1000,
    unit: 's',
    digits: 1,
  },
  {
    name: 'API-server writes at restart',
    value: (f) => f.restart.requests.writeCount,
    unit: '',
    digits: 0,
    atMost: 0,
  },
  {
    name: 'certificates asked for at restart',
    value: (f) => f.restart.posts,
    unit: '',
    digits: 0,
    atMost: 0,
  },
  { name: 'resident memory at rest', value: (f) => f.restart.residentMb, unit: 'MB', digits: 0, atMost: 300 },
  {
    name: 'resident memory, peak since the start',
    value: (f) => f.restart.peakMb,
    unit: 'MB',
    digits: 0,
    atMost: 300,
  },
  {
    // The collector tidies up after the start.
    name: 'CPU when idle, in the first minute',
    value: (f) => f.idleCpuPercent[0],
    unit: '% of a core',
    digits: 2,
  },
  { name: 'CPU when idle', value: (f) => f.idleCpuPercent[1], unit: '% of a core', digits: 2, atMost: 1 },
  { name: 'resident memory after these two', value: (f) => f.idleMb, unit: 'MB', digits: 0, atMost: 300 },
  {
    name: 'longest stall of the event loop from the start to rest',
    value: (f) => f.restart.stallMs,
    unit: 'ms',
    digits: 0,
  },
  {
    name: 'an edited Secret is noticed after',
    value: (f) => f.edits.noticedMs,
    unit: 'ms',
    digits: 0,
    atMost: 1000,
  },
  { name: 'an edited Secret is mended after', value: (f) => f.edits.mendedMs, unit: 'ms', digits: 0 },
  { name: 'a scrape of /metrics', value: (f) => f.scrape.longestMs, unit: 'ms', digits: 0, atMost: 1000 },
  { name: 'size of a scrape', value: (f) => f.scrape.megabytes, unit: 'MB', digits: 1 },
  { name: 'operator CPU of a scrape', value: (f) => f.scrape.cpuMs, unit: 'ms', digits: 0 },
  {
    name: 'longest stall of the event loop in scrapes',
    value: (f) => f.scrape.stallMs,
    unit: 'ms',
    digits: 0,
    atMost: 100,
  },
  { name: 'longest answer of /healthz meanwhile', value: (f) => f.scrape.healthzMs, unit: 'ms', digits: 0 },
  {
    name: 'restored without status: writes',
    value: (f) => f.takeOver.requests.writeCount,
    unit: '',
    digits: 0,
    atMost: ({ size }) => size.certificates + size.namespaces,
  },
  {
    name: 'restored without status: certificates asked for',
    value: (f) => f.takeOver.posts,
    unit: '',
    digits: 0,
    atMost: 0,
  },
  {
    name: 'restored without status: all looked at after',
    value: (f) => f.takeOver.lookedAtMs / 1000,
    unit: 's',
    digits: 1,
  },
  {
    name: 'restored without status: resident memory, peak',
    value: (f) => f.takeOver.peakMb,
    unit: 'MB',
    digits: 0,
    atMost: 300,
  },
];

/** One line per figure: what was measured, the most that it may be, and whether it holds. */
export function scaleTable(figures: ScaleFigures): string {
  const lines = ROWS.map(({ name, value, unit, digits, atMost }) => {
    const number = value(figures);
    const bound = typeof atMost === 'function' ? atMost(figures) : atMost;
    const withUnit = (text: string): string => (unit === '' ? text : `${text} ${unit}`);
    return [
      name,
      withUnit(number.toFixed(digits)),
      bound === undefined ? '' : `≤ ${withUnit(String(bound))}`,
      verdict(number, bound),
    ];
  });
  return columns([['', 'measured', 'bound', ''], ...lines]);
}

/** Minutes after which a token that is refused is asked for at most once a minute. */
const SETTLED_MINUTES = 5;

/** What the operator did minute by minute under a revoked token. */
export function revokedTable({ revoked, size }: ScaleFigures): string {
  const lines = revoked.map((minute, index) => {
    const bound = index < SETTLED_MINUTES ? undefined : 1;
    return [
      String(index + 1),
      String(minute.cloudflareRequests),
      bound === undefined ? '' : `≤ ${bound}`,
      verdict(minute.cloudflareRequests, bound),
      String(minute.writes),
      String(minute.eventWrites),
      String(minute.reads),
      (minute.cpuMs / 600).toFixed(1),
    ];
  });
  const sum = (value: (minute: RevokedMinute) => number): number =>
    revoked.reduce((total, minute) => total + value(minute), 0);
  const writes = sum((minute) => minute.writes);
  const bound = 2 * (size.certificates + size.namespaces);
  const head = ['minute', 'to Cloudflare', 'bound', '', 'writes', 'events', 'reads', 'CPU, % of a core'];
  return (
    `${columns([head, ...lines])}\n\n` +
    `API-server writes in all ${writes}, bound ≤ ${bound}: one for each object, and one more when Stalled is said ` +
    `after five minutes: ${verdict(writes, bound)}`
  );
}

/** What the figures depend on, beside the machine. */
export function scaleHead({ size }: ScaleFigures): string {
  const [minute = 0, fiveMinutes = 0, quarter = 0] = loadavg();
  const load = [minute, fiveMinutes, quarter].map((each) => each.toFixed(1)).join(' ');
  return (
    `${size.certificates} OriginCertificates and as many OriginIssuers as namespaces, ${size.namespaces}, with one token; ` +
    `${size.secrets} unrelated Secrets; rate limiter off; load averages ${load}`
  );
}

function verdict(value: number, bound: number | undefined): string {
  if (bound === undefined) return '';
  return value <= bound ? 'ok' : 'OVER';
}
