import type { CertificateContext } from './certificate/context.ts';
import { Line } from './certificate/line.ts';
import { CertificateMemory } from './certificate/memory.ts';
import type { Clock } from './clock.ts';
import type { Breaker } from './cloudflare/breaker.ts';
import type { Budget } from './cloudflare/budget.ts';
import type { Config } from './config.ts';
import type { Rank } from './kube/fair-order.ts';
import type { WorkQueue } from './kube/queue.ts';
import type { ProbeBoard } from './probe/board.ts';
import type { IssuerSessions } from './sessions.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { isInZone } from './zone-wiring.ts';

export interface LineParts {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly breaker: Breaker;
  readonly rank: (key: string) => Rank;
  /** Adds whose turn it is to its queue. */
  readonly call: (key: string) => void;
  /** Called late: a session is made with the first check of its issuer. */
  readonly sessions: () => IssuerSessions;
  readonly signal: AbortSignal;
}

/** The line of those who wait for a request, which breaker and budget tell of changes. */
export function createLine({ sessions, ...parts }: LineParts): Line {
  const { breaker, budget } = parts;
  const line = new Line({
    ...parts,
    mayProbe: (account) =>
      sessions()
        .list()
        .some(({ tokenDigest, ready }) => tokenDigest === account && ready === true),
  });
  breaker.onChange = () => line.serve();
  budget.turns = line;
  return line;
}

type MemoryConfig = Pick<Config, 'cloudflarePostTimeoutMs' | 'settleMs'>;

export function createCertificateMemory(
  { cloudflarePostTimeoutMs, settleMs }: MemoryConfig,
  clock: Clock,
  random: () => number,
): CertificateMemory {
  return new CertificateMemory({ clock, random, postTimeoutMs: cloudflarePostTimeoutMs, settleMs });
}

export type CertificateContextParts = Omit<
  CertificateContext,
  'origins' | 'clusterKinds' | 'count' | 'wake'
> & {
  readonly config: Pick<Config, 'clusterKinds'>;
  readonly metrics: Metrics;
  readonly probes: ProbeBoard;
  readonly certificates: Pick<WorkQueue, 'add'>;
};

/** What the certificate controller works with. */
export function createCertificateContext({
  config,
  metrics,
  probes,
  certificates,
  ...parts
}: CertificateContextParts): CertificateContext {
  return {
    ...parts,
    clusterKinds: config.clusterKinds,
    origins: {
      verdictsFor: (hostnames) => probes.verdictsFor(hostnames),
      refresh: (hostnames, notBeforeMs) => probes.refresh(hostnames, notBeforeMs),
      watches: (hostnames) => isInZone(parts.stores, hostnames),
    },
    count: {
      issuance: (outcome) => metrics.issuance(outcome),
      revocation: (outcome) => metrics.revocation(outcome),
    },
    wake: (key) => certificates.add(key),
  };
}
