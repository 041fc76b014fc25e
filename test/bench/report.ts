import { availableParallelism, cpus, loadavg } from 'node:os';
import { columns } from './columns.ts';
import type { Figures, Scenario } from './scenario.ts';

/** A figure of a measurement, and what the design allows. */
interface Row {
  readonly name: string;
  readonly value: (figures: Figures) => number;
  readonly digits: number;
  readonly bound?: { readonly text: string; readonly holds: (value: number) => boolean };
}

const atMost = (bound: number, text: string): NonNullable<Row['bound']> => ({
  text: `≤ ${text}`,
  // Rounding in the sums of counters must not cost a verdict.
  holds: (value) => value <= bound + 1e-9,
});

/** Certificates from which a figure is held against its bound: what a start costs is spread over them. */
export const JUDGED_FROM = 200;

const ROWS: readonly Row[] = [
  {
    name: 'API-server writes per first issuance',
    value: (f) => f.writesPerIssuance,
    digits: 2,
    bound: atMost(4, '4'),
  },
  {
    name: 'Cloudflare requests per issuance',
    value: (f) => f.cloudflarePerIssuance,
    digits: 2,
    bound: atMost(1, '1'),
  },
  {
    name: 'API-server writes at restart',
    value: (f) => f.restart.writes,
    digits: 0,
    bound: atMost(0, '0'),
  },
  { name: 'certificates/s', value: (f) => f.certificatesPerSecond, digits: 1 },
  { name: 'certificates/s, bare client', value: (f) => f.bare.certificatesPerSecond, digits: 1 },
  {
    name: 'ratio to the bare client',
    value: (f) => f.certificatesPerSecond / f.bare.certificatesPerSecond,
    digits: 2,
    bound: { text: '≥ 0.33', holds: (value) => value >= 1 / 3 },
  },
  {
    name: 'operator CPU per certificate, ms',
    value: (f) => f.cpuMsPerCertificate,
    digits: 2,
    bound: atMost(6, '6'),
  },
  { name: 'bare client CPU per certificate, ms', value: (f) => f.bare.cpuMsPerCertificate, digits: 2 },
  {
    // Where others use the machine too, both grow alike.
    name: "operator CPU over the bare client's",
    value: (f) => f.cpuMsPerCertificate / f.bare.cpuMsPerCertificate,
    digits: 1,
  },
  {
    name: 'resident memory after issuing, MB',
    value: (f) => f.residentMb,
    digits: 0,
    bound: atMost(300, '300'),
  },
  {
    name: 'resident memory after a restart, MB',
    value: (f) => f.restart.residentMb,
    digits: 0,
    bound: atMost(300, '300'),
  },
  {
    name: 'start to ready (caches filled), s',
    value: (f) => f.restart.readyMs / 1000,
    digits: 2,
    bound: atMost(15, '15'),
  },
  {
    name: 'CPU when idle, % of a core',
    value: (f) => f.restart.idleCpuPercent,
    digits: 2,
    bound: atMost(1, '1'),
  },
];

/** The machine's facts, which every figure depends on. */
export function machine(kubernetes: string): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const load = loadavg()[1]?.toFixed(1) ?? 'unknown';
  return (
    `${availableParallelism()} cores ${model}, Node ${process.versions.node}, Kubernetes ${kubernetes} on the same ` +
    `machine, load average of 5 minutes ${load}`
  );
}

/** One column per measurement, each figure with the verdict of its bound. */
export function table(measured: readonly (readonly [Scenario, Figures])[]): string {
  const head = [
    '',
    'bound',
    ...measured.map(([{ certificates, delayMs }]) => `${certificates} at ${delayMs} ms`),
  ];
  const lines = ROWS.map(({ name, value, digits, bound }) => [
    name,
    bound?.text ?? '',
    ...measured.map(([{ certificates }, figures]) => {
      const number = value(figures);
      const isJudged = bound !== undefined && certificates >= JUDGED_FROM;
      const verdict = !isJudged ? '' : bound.holds(number) ? ' ok  ' : ' over';
      return `${number.toFixed(digits)}${verdict.padEnd(5)}`;
    }),
  ]);
  return columns([head, ...lines]);
}

/** What the operator asked of the API server, per certificate. */
export function requestsPerCertificate({ certificates }: Scenario, { requests }: Figures): string {
  const each = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${(count / certificates).toFixed(2)}`).join(', ');
  return `writes: ${each(requests.writes)}\nothers: ${each(requests.others)}`;
}
