import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { problemOf } from './problem.ts';
import type { KubeClient } from './kube/client.ts';
import { LeaderElection } from './kube/leader.ts';

/** The Lease by which one replica leads. */
export const LEASE = 'origin-ca-operator';

export interface Election {
  readonly leader: LeaderElection;
  /** Resolves to a signal that aborts when leading ends. */
  readonly won: Promise<AbortSignal>;
}

export function createElection(
  config: Config,
  { kube, log, identity, namespace }: { kube: KubeClient; log: Logger; identity: string; namespace: string },
): Election {
  const won = Promise.withResolvers<AbortSignal>();
  const leader = new LeaderElection({
    client: kube,
    namespace,
    name: LEASE,
    identity,
    leaseDurationMs: config.leaseDurationMs,
    renewDeadlineMs: config.renewDeadlineMs,
    retryPeriodMs: config.retryPeriodMs,
    onStarted: won.resolve,
    onStopped: (why) => log.info({ why }, 'no longer leading'),
    onError: (error) => log.warn({ problem: problemOf(error) }, 'lease not renewed'),
  });
  return { leader, won: won.promise };
}
