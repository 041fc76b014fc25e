import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client';

/** The part of a work queue that a scrape looks at. */
export interface QueueGauges {
  readonly length: number;
  /** How long each running piece of work has taken so far, milliseconds. */
  unfinishedMs(): readonly number[];
}

export interface WatchedController {
  readonly name: string;
  readonly queue: QueueGauges;
  readonly controller: { readonly activeWorkers: number };
  readonly maxConcurrent: number;
}

/** What a work queue calls as keys come and go; handed to it when it is made. */
export interface QueueHooks {
  readonly onAdd: () => void;
  readonly onTake: (key: string, queuedMs: number) => void;
  readonly onDone: (key: string, workMs: number) => void;
  readonly onRetry: () => void;
}

export type ReconcileResult = 'success' | 'requeue_after' | 'requeue' | 'error' | 'aborted';

/** As controller-runtime counts: work that was broken off at the end of the process has no result. */
const RESULTS: readonly Exclude<ReconcileResult, 'aborted'>[] = [
  'success',
  'requeue_after',
  'requeue',
  'error',
];

/** controller-runtime's buckets, seconds. */
const RECONCILE_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5,
  1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** client-go's: ten nanoseconds to a quarter of an hour. */
const QUEUE_BUCKETS = exponentialBuckets(1e-8, 10, 12);

/** Queue and reconcile under the names that controller-runtime gave them, so that existing dashboards work. */
export class ControllerMetrics {
  readonly #registry: Registry;
  readonly #watched = new Map<string, WatchedController>();
  readonly #results: Counter<'controller' | 'result'>;
  readonly #errors: Counter<'controller'>;
  readonly #seconds: Histogram<'controller'>;
  readonly #adds: Counter<'name' | 'controller'>;
  readonly #retries: Counter<'name' | 'controller'>;
  readonly #queueSeconds: Histogram<'name' | 'controller'>;
  readonly #workSeconds: Histogram<'name' | 'controller'>;
  /** Controllers whose series are there. */
  readonly #known = new Set<string>();

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const byQueue = ['name', 'controller'] as const;
    this.#results = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations by controller and result.',
      labelNames: ['controller', 'result'],
      registers,
    });
    this.#errors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciliations that ended in an error.',
      labelNames: ['controller'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Time per reconciliation.',
      labelNames: ['controller'],
      buckets: RECONCILE_BUCKETS,
      registers,
    });
    this.#adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Keys added.',
      labelNames: byQueue,
      registers,
    });
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys added again after a failure.',
      labelNames: byQueue,
      registers,
    });
    this.#queueSeconds = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key was ready before it was taken.',
      labelNames: byQueue,
      buckets: QUEUE_BUCKETS,
      registers,
    });
    this.#workSeconds = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long a key was worked on.',
      labelNames: byQueue,
      buckets: QUEUE_BUCKETS,
      registers,
    });
    this.#registerGauges();
  }

  /** The hooks of the controller's queue; its counters show 0 from here on, or go on where they were. */
  hooks(controller: string): QueueHooks {
    const labels = { name: controller, controller };
    if (!this.#known.has(controller)) this.#showZero(labels);
    this.#known.add(controller);
    return {
      onAdd: () => this.#adds.inc(labels),
      onTake: (_, queuedMs) => this.#queueSeconds.observe(labels, queuedMs / 1000),
      onDone: (_, workMs) => this.#workSeconds.observe(labels, workMs / 1000),
      onRetry: () => this.#retries.inc(labels),
    };
  }

  #showZero(labels: { readonly name: string; readonly controller: string }): void {
    const { controller } = labels;
    this.#adds.inc(labels, 0);
    this.#retries.inc(labels, 0);
    this.#queueSeconds.zero(labels);
    this.#workSeconds.zero(labels);
    this.#errors.inc({ controller }, 0);
    this.#seconds.zero({ controller });
    for (const result of RESULTS) this.#results.inc({ controller, result }, 0);
  }

  /** Looks at a queue and its workers at each scrape from now on, instead of those of that name before. */
  watch(watched: WatchedController): void {
    this.#watched.set(watched.name, watched);
  }

  reconciled({
    controller,
    result,
    durationMs,
  }: {
    controller: string;
    result: ReconcileResult;
    durationMs: number;
  }): void {
    if (result === 'aborted') return;
    this.#results.inc({ controller, result });
    if (result === 'error') this.#errors.inc({ controller });
    this.#seconds.observe({ controller }, durationMs / 1000);
  }

  #registerGauges(): void {
    const inQueue = (read: (watched: WatchedController) => number) =>
      function collect(this: Gauge<'name' | 'controller'>, watched: Iterable<WatchedController>): void {
        for (const each of watched) this.set({ name: each.name, controller: each.name }, read(each));
      };
    this.#queueGauge(
      'workqueue_depth',
      'Keys ready to be taken.',
      inQueue(({ queue }) => queue.length),
    );
    this.#queueGauge(
      'workqueue_unfinished_work_seconds',
      'How long all work in progress has taken so far, added up.',
      inQueue(({ queue }) => queue.unfinishedMs().reduce((sum, ms) => sum + ms, 0) / 1000),
    );
    this.#queueGauge(
      'workqueue_longest_running_processor_seconds',
      'How long the longest work in progress has taken so far.',
      inQueue(({ queue }) => Math.max(0, ...queue.unfinishedMs()) / 1000),
    );
    this.#workerGauge(
      'controller_runtime_active_workers',
      'Workers at work.',
      ({ controller }) => controller.activeWorkers,
    );
    this.#workerGauge(
      'controller_runtime_max_concurrent_reconciles',
      'Workers there are.',
      ({ maxConcurrent }) => maxConcurrent,
    );
  }

  #queueGauge(
    name: string,
    help: string,
    collect: (this: Gauge<'name' | 'controller'>, watched: Iterable<WatchedController>) => void,
  ): void {
    const watched = this.#watched;
    new Gauge({
      name,
      help,
      labelNames: ['name', 'controller'],
      registers: [this.#registry],
      collect() {
        collect.call(this, watched.values());
      },
    });
  }

  #workerGauge(name: string, help: string, read: (watched: WatchedController) => number): void {
    const watched = this.#watched;
    new Gauge({
      name,
      help,
      labelNames: ['controller'],
      registers: [this.#registry],
      collect() {
        for (const each of watched.values()) this.set({ controller: each.name }, read(each));
      },
    });
  }
}
