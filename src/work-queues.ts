import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Rank } from './kube/fair-order.ts';
import { WorkQueue } from './kube/queue.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** What is to be looked at: keys, by kind. */
export interface WorkQueues {
  readonly certificates: WorkQueue;
  readonly issuers: WorkQueue;
  readonly zones: WorkQueue;
  /** Of the slow check; it has one key. */
  readonly checks: WorkQueue;
}

export interface WorkQueuesOptions {
  readonly config: Pick<Config, 'concurrency'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Metrics;
  /** Where a certificate or an issuer stands among others that are ready. */
  readonly rank: (key: string) => Rank;
}

export function createWorkQueues({ config, clock, random, metrics, rank }: WorkQueuesOptions): WorkQueues {
  const { controllers } = metrics;
  const workers = config.concurrency;
  return {
    certificates: new WorkQueue({ clock, random, workers, rank, ...controllers.hooks('certificate') }),
    issuers: new WorkQueue({ clock, random, rank, ...controllers.hooks('issuer') }),
    zones: new WorkQueue({ clock, random, ...controllers.hooks('zone') }),
    checks: new WorkQueue({ clock, random, ...controllers.hooks('slow-check') }),
  };
}
