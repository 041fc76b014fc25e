import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { OPERATIONS } from '../cloudflare/operation.ts';
import type { ClockReading, ClockSource } from './clock-skew.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { type CertificateSeries, type IssuerSeries, objectSeries } from './object-series.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import { type SlowCheckSeries, slowCheckSeries } from './slow-check-series.ts';
import { ZoneCounters } from './zone-counters.ts';
import { type ZoneSeries, zoneSeries } from './zone-series.ts';

/** Where the values come from that are read at each scrape. */
export interface MetricsOptions {
  readonly version: string;
  /** Name of the Lease. */
  readonly leaseName: string;
  readonly isLeader: () => boolean;
  /** Only a leader's are shown: two processes that report the same objects would count them twice. */
  readonly certificates: () => Iterable<CertificateSeries>;
  readonly issuers: () => Iterable<IssuerSeries>;
  readonly zones: () => Iterable<ZoneSeries>;
  readonly slowChecks: () => Iterable<SlowCheckSeries>;
  /** The trusted roots and the CA behind shared origin pulls; `notAfter` in milliseconds since the Unix epoch. */
  readonly roots: readonly { readonly name: string; readonly notAfter: number }[];
  /** Requests that could be sent now; Infinity without a limit. */
  readonly budgetRemaining: () => number;
  /** Ms until all certificates that want something now have had their turn. */
  readonly queueExpectedMs: () => number;
  readonly clockReadings: () => readonly ClockReading[];
}

/** One finished request to Cloudflare. */
export interface CloudflareRequestReport {
  readonly operation: string;
  readonly outcome: string;
  readonly seconds: number;
}

export type IssuanceOutcome = 'issued' | 'recovered' | 'refused' | 'unknown' | 'bad_response';
export type RevocationOutcome = 'revoked' | 'already_revoked' | 'kept' | 'failed' | 'abandoned';

/** Shown from the start as 0, so that the first increase is an increase and not a new series. */
const ISSUANCES: readonly IssuanceOutcome[] = ['issued', 'recovered', 'refused', 'unknown', 'bad_response'];
const REVOCATIONS: readonly RevocationOutcome[] = [
  'revoked',
  'already_revoked',
  'kept',
  'failed',
  'abandoned',
];
const OUTCOMES = [
  'success',
  'CloudflareUnavailable',
  'RateLimited',
  'CredentialsInvalid',
  'PermissionMissing',
];
const CLOCK_SOURCES: readonly ClockSource[] = ['kubernetes', 'cloudflare'];

/** Every metric of the process, in a registry of its own. */
export class Metrics {
  readonly controllers: ControllerMetrics;
  readonly zones: ZoneCounters;
  readonly contentType: string;
  readonly #options: MetricsOptions;
  readonly #registry = new Registry();
  readonly #requests: Counter<'operation' | 'outcome'>;
  readonly #requestSeconds: Histogram<'operation'>;
  readonly #issuances: Counter<'outcome'>;
  readonly #revocations: Counter<'outcome'>;

  constructor(options: MetricsOptions) {
    const registers = [this.#registry];
    this.#options = options;
    this.contentType = this.#registry.contentType;
    this.controllers = new ControllerMetrics(this.#registry);
    this.zones = new ZoneCounters(this.#registry);
    collectProcessMetrics(this.#registry);
    this.#requests = new Counter({
      name: 'originca_cloudflare_requests_total',
      help: 'Requests to Cloudflare by how they ended.',
      labelNames: ['operation', 'outcome'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'originca_cloudflare_request_duration_seconds',
      help: 'Time from sending a request to the end of its answer.',
      labelNames: ['operation'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 130],
      registers,
    });
    this.#issuances = new Counter({
      name: 'originca_certificate_issuance_total',
      help: 'Attempts to get a certificate by how they ended.',
      labelNames: ['outcome'],
      registers,
    });
    this.#revocations = new Counter({
      name: 'originca_revocation_total',
      help: 'Certificates that were to be revoked by what became of it.',
      labelNames: ['outcome'],
      registers,
    });
    for (const operation of OPERATIONS) {
      for (const outcome of OUTCOMES) this.#requests.inc({ operation, outcome }, 0);
      this.#requestSeconds.zero({ operation });
    }
    for (const outcome of ISSUANCES) this.#issuances.inc({ outcome }, 0);
    for (const outcome of REVOCATIONS) this.#revocations.inc({ outcome }, 0);
    registerGauges(options, this.#registry);
  }

  cloudflareRequest({ operation, outcome, seconds }: CloudflareRequestReport): void {
    this.#requests.inc({ operation, outcome });
    this.#requestSeconds.observe({ operation }, seconds);
  }

  issuance(outcome: IssuanceOutcome): void {
    this.#issuances.inc({ outcome });
  }

  revocation(outcome: RevocationOutcome): void {
    this.#revocations.inc({ outcome });
  }

  /** What a scrape gets, in pieces that are made as they are taken. */
  async scrape(): Promise<Iterable<string>> {
    return this.#pieces(await this.#registry.metrics());
  }

  *#pieces(own: string): Generator<string> {
    yield own;
    if (!this.#options.isLeader()) return;
    const { certificates, issuers, zones, slowChecks } = this.#options;
    yield* objectSeries(certificates(), issuers());
    yield zoneSeries(zones());
    yield slowCheckSeries(slowChecks());
  }
}

/** The gauges that are computed at each scrape. */
function registerGauges(options: MetricsOptions, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'originca_build_info',
    help: 'The version that runs, always 1.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version: options.version, node_version: process.versions.node }, 1);
  const roots = new Gauge({
    name: 'originca_root_not_after_timestamp_seconds',
    help: 'When a trusted Origin CA root, or the CA of shared origin pulls, expires.',
    labelNames: ['root'],
    registers,
  });
  for (const { name, notAfter } of options.roots) roots.set({ root: name }, notAfter / 1000);
  new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process holds the Lease.',
    labelNames: ['name'],
    registers,
    collect() {
      this.set({ name: options.leaseName }, options.isLeader() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'originca_cloudflare_budget_remaining',
    help: 'Requests to Cloudflare that could be sent at once now; +Inf without a limit.',
    registers,
    collect() {
      this.set(options.budgetRemaining());
    },
  });
  new Gauge({
    name: 'originca_queue_expected_seconds',
    help: 'Time until all certificates that want something now have probably had their turn.',
    registers,
    collect() {
      this.set(options.queueExpectedMs() / 1000);
    },
  });
  new Gauge({
    name: 'originca_clock_skew_seconds',
    help: "This machine's clock minus the Date header of a server; 0 until it is heard.",
    labelNames: ['source'],
    registers,
    collect() {
      for (const source of CLOCK_SOURCES) this.set({ source }, 0);
      for (const { source, skewMs } of options.clockReadings()) this.set({ source }, skewMs / 1000);
    },
  });
}
