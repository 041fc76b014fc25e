import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { Controller, type Outcome } from './kube/controller.ts';
import { problemOf } from './problem.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { WorkQueues } from './work-queues.ts';

type Reconcile = ConstructorParameters<typeof Controller>[0]['reconcile'];

export interface WorkersOptions {
  readonly config: Pick<Config, 'concurrency'>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly queues: WorkQueues;
  readonly reconcileIssuer: Reconcile;
  readonly reconcileCertificate: Reconcile;
  readonly reconcileZone: Reconcile;
  /** Absent: the slow check does not look by itself. */
  readonly checkSlowly: Reconcile | undefined;
}

/** A long RSA request with its waits, and room to spare. */
const CERTIFICATE_TIMEOUT_MS = 5 * 60_000;
const ISSUER_TIMEOUT_MS = 2 * 60_000;
const ISSUER_WORKERS = 4;
/** A pass reads a dozen settings one after the other; listings and probes are not waited for. */
const ZONE_TIMEOUT_MS = 5 * 60_000;
const ZONE_WORKERS = 4;
/** It only begins what goes on in the background. */
const SLOW_CHECK_TIMEOUT_MS = 60_000;

/** Who works the queues: how many at once, and how long one look may take. */
export function createWorkers(options: WorkersOptions): readonly Controller[] {
  const { log, metrics, config, queues, reconcileIssuer, reconcileCertificate, reconcileZone, checkSlowly } =
    options;
  const onOutcome = (outcome: Outcome): void => {
    metrics.controllers.reconciled(outcome);
    if (outcome.result !== 'error') return;
    const { controller, key, error } = outcome;
    log.error({ controller, key, problem: problemOf(error) }, 'reconcile failed, it is tried again');
  };
  const start = (parts: Omit<ConstructorParameters<typeof Controller>[0], 'onOutcome'>): Controller => {
    const { name, queue, concurrency } = parts;
    const controller = new Controller({ ...parts, onOutcome });
    metrics.controllers.watch({ name, queue, controller, maxConcurrent: concurrency });
    return controller;
  };
  return [
    start({
      name: 'issuer',
      queue: queues.issuers,
      concurrency: ISSUER_WORKERS,
      timeoutMs: ISSUER_TIMEOUT_MS,
      reconcile: reconcileIssuer,
    }),
    start({
      name: 'certificate',
      queue: queues.certificates,
      concurrency: config.concurrency,
      timeoutMs: CERTIFICATE_TIMEOUT_MS,
      reconcile: reconcileCertificate,
    }),
    start({
      name: 'zone',
      queue: queues.zones,
      concurrency: ZONE_WORKERS,
      timeoutMs: ZONE_TIMEOUT_MS,
      reconcile: reconcileZone,
    }),
    ...(checkSlowly
      ? [
          start({
            name: 'slow-check',
            queue: queues.checks,
            concurrency: 1,
            timeoutMs: SLOW_CHECK_TIMEOUT_MS,
            reconcile: checkSlowly,
          }),
        ]
      : []),
  ];
}
