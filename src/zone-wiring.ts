import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { CloudflareApi } from './cloudflare/api.ts';
import type { Config } from './config.ts';
import type { KubeClient } from './kube/client.ts';
import type { EventRecorder } from './kube/events.ts';
import { ProbeBoard } from './probe/board.ts';
import { Prober } from './probe/prober.ts';
import { problemOf } from './problem.ts';
import type { TrustedRoots } from './secret-facts.ts';
import type { SlowCheckContext } from './slow-check/context.ts';
import { SlowCheck } from './slow-check/slow-check.ts';
import type { Stores } from './stores.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { ControllerContext } from './zone/controller-context.ts';
import { InventoryMemories } from './zone/inventory-memory.ts';
import { ZoneMemories } from './zone/memory.ts';
import { PullMemories } from './zone/pulls/memory.ts';
import { inventoryIntervalOf, zoneNameFor, zoneNameOf } from './zone/subject.ts';

export interface ProbingOptions {
  readonly config: Pick<Config, 'probeAllowCidrs' | 'dnsServer'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told which names of which OriginZone were seen to have changed. */
  readonly onChange: (zone: string, hostnames: readonly string[]) => void;
  /** Ends all probing. */
  readonly signal: AbortSignal;
}

/** Who knocks at origins, and what zones and certificates know of it together. */
export interface Probing {
  readonly prober: Prober;
  readonly probes: ProbeBoard;
}

export function createProbing({ config, log, clock, random, onChange, signal }: ProbingOptions): Probing {
  const prober = new Prober({ clock, allowCidrs: config.probeAllowCidrs, dnsServer: config.dnsServer });
  const onError = (error: unknown, hostname: string): void =>
    log.error({ hostname, problem: problemOf(error) }, 'an origin could not be looked at');
  return { prober, probes: new ProbeBoard({ prober, clock, random, onChange, onError, signal }) };
}

/** The slow check, which leaves to an OriginZone how often its zone is listed. */
export function createSlowCheck(
  options: Omit<SlowCheckContext, 'zoneIntervalMs'> & { readonly stores: Stores },
): SlowCheck {
  const { stores } = options;
  return new SlowCheck({
    ...options,
    zoneIntervalMs: (zoneName) => {
      const intervals = stores.zones
        .list()
        .filter((zone) => zoneNameOf(zone) === zoneName)
        .map(inventoryIntervalOf);
      return intervals.length === 0 ? undefined : Math.min(...intervals);
    },
  });
}

export interface ZoneContextOptions extends Probing {
  readonly config: Pick<Config, 'watchNamespaces' | 'zoneIntervalMs' | 'cloudflareRate'>;
  /** Where the token, CA and origin-pull Secrets of OriginZones are. */
  readonly operatorNamespace: string;
  /** Fenced. */
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly roots: TrustedRoots;
  readonly sharedOriginPullCa: readonly X509Certificate[];
  readonly cloudflare: CloudflareApi;
  readonly metrics: Metrics;
  readonly examine: ControllerContext['examine'];
  readonly wake: (key: string) => void;
  readonly signal: AbortSignal;
}

/** What the zone controller and its concerns work with. */
export function createZoneContext({
  config,
  cloudflare,
  metrics,
  ...parts
}: ZoneContextOptions): ControllerContext {
  return {
    ...parts,
    watchNamespaces: config.watchNamespaces,
    zoneIntervalMs: config.zoneIntervalMs,
    ratePerSecond: config.cloudflareRate,
    memories: new ZoneMemories(),
    pulls: new PullMemories(parts.clock),
    inventories: new InventoryMemories(),
    clientFor: (token, source) => cloudflare.zoneClient(token, source),
    count: metrics.zones,
  };
}

/** Whether an OriginZone looks after any of the names. */
export function isInZone(stores: Stores, hostnames: readonly string[]): boolean {
  const zoneNames = new Set(stores.zones.list().map(zoneNameOf));
  return hostnames.some((hostname) => zoneNameFor(hostname, zoneNames) !== undefined);
}
