import type { X509Certificate } from 'node:crypto';
import type { ZoneClient } from '../../../src/cloudflare/zone-client.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { EventRecorder } from '../../../src/kube/events.ts';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { Prober } from '../../../src/probe/prober.ts';
import { createLogger } from '../../../src/telemetry/log.ts';
import type { SslMode, ZonePass } from '../../../src/zone/concern.ts';
import { gateView } from '../../../src/zone/gate.ts';
import type { PullsContext } from '../../../src/zone/pulls/context.ts';
import { PullMemories } from '../../../src/zone/pulls/memory.ts';
import { intervalsOf } from '../../../src/zone/schedule.ts';
import type { TestClock } from '../../support/test-clock.ts';

export const OPERATOR_NAMESPACE = 'originca-system';
export const HOSTNAME = 'www.example.com';

export interface ContextParts {
  readonly kube: KubeClient;
  readonly clock: TestClock;
  readonly events: EventRecorder;
  readonly logs: string[];
  readonly sharedOriginPullCa: readonly X509Certificate[];
  readonly signal: AbortSignal;
}

/** What the operator would give to a pass; nothing is probed in the background. */
export function contextOf({ logs, ...parts }: ContextParts): PullsContext {
  const { clock } = parts;
  return {
    ...parts,
    random: Math.random,
    log: createLogger({
      level: 'trace',
      format: 'json',
      destination: { write: (line) => void logs.push(line) },
    }),
    operatorNamespace: OPERATOR_NAMESPACE,
    prober: new Prober({ clock, allowCidrs: ['127.0.0.0/8'], ratePerSecond: 1e6 }),
    pulls: new PullMemories(clock),
    wake: () => undefined,
    probes: { refresh: () => undefined },
  };
}

export interface PassParts {
  readonly zone: OriginZone;
  readonly zoneId: string;
  readonly client: ZoneClient;
  readonly ssl: SslMode;
  readonly hindrance: string | undefined;
  /** `host:port` of the one origin. */
  readonly address: string;
  /** Whether the origin is looked at now; else nobody has. */
  readonly probing: boolean;
}

/** One pass over the zone as it is now, with what the probe sees at this moment. */
export async function passOf(context: PullsContext, parts: PassParts): Promise<ZonePass> {
  const { clock, prober, signal } = context;
  const { zone, zoneId: id, client, ssl, hindrance, address } = parts;
  const target = { hostname: HOSTNAME, addresses: [address], source: 'record A' };
  const trust = { originCa: [], custom: [] };
  const verdicts = parts.probing ? await prober.probe(target, trust, { signal }) : [];
  const account = { id: undefined, name: undefined };
  return {
    zone,
    facts: { id, name: 'example.com', status: 'active', paused: false, account },
    client,
    now: clock.now(),
    monotonic: clock.monotonic(),
    enforce: hindrance === undefined,
    hindrance,
    ssl,
    verdicts,
    gate: () => gateView({ targets: [target], fixed: [], complete: true }, { verdicts, missing: [] }),
    intervals: intervalsOf(600_000, 6 * 3_600_000, 1),
  };
}
