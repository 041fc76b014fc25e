import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Those of prom-client's metrics that a timer feeds. However seldom it fires, it wakes a process that has nothing to do,
 * and what they show is mostly the timer's own period. `nodejs_eventloop_lag_seconds`, taken at each scrape, stays.
 */
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);
/** prom-client starts that timer in any case. This is the longest period that Node takes: 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** CPU, memory, file descriptors, garbage collection and the like, of this process. */
export function collectProcessMetrics(register: Registry): void {
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: LONGEST_MS });
  for (const name of SAMPLED) register.removeSingleMetric(name);
}
