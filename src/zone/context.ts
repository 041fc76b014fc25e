import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { CertificateListing } from '../cloudflare/requests.ts';
import type { ApiToken } from '../cloudflare/token.ts';
import type { ZoneClient } from '../cloudflare/zone-client.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ProbeBoard } from '../probe/board.ts';
import type { Probes } from '../probe/types.ts';
import type { TrustedRoots } from '../secret-facts.ts';
import type { Stores } from '../stores.ts';
import type { InventoryMemories } from './inventory-memory.ts';
import type { PullMemories } from './pulls/memory.ts';

/** What the zone controller works with; made once by the operator. */
export interface ZoneContext {
  /** Fenced: writes are refused once leadership is lost. */
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Where the token, CA and origin-pull Secrets of OriginZones are. */
  readonly operatorNamespace: string;
  /** Namespaces whose Ingresses and Gateways may be read; empty: all. */
  readonly watchNamespaces: readonly string[];
  /** What origins are judged by. */
  readonly roots: TrustedRoots;
  /** The CA of the client certificate that all of Cloudflare's customers share. */
  readonly sharedOriginPullCa: readonly X509Certificate[];
  readonly probes: ProbeBoard;
  /** Knocks with a client certificate of our choice, to see whether origins accept a new CA. */
  readonly prober: Probes;
  /** What this process remembers of each zone's origin pulls. */
  readonly pulls: PullMemories;
  /** What this process remembers of each zone's certificates. */
  readonly inventories: InventoryMemories;
  /** Between two readings of `ssl`, milliseconds, while the budget allows it. */
  readonly zoneIntervalMs: number;
  /** @param source where the token comes from. */
  clientFor(token: ApiToken, source: () => string): ZoneClient;
  readonly count: {
    /** A setting was found changed by somebody else. */
    drift(zone: string, setting: string): void;
    /** A setting was brought back. */
    restore(zone: string, setting: string): void;
  };
  /**
   * Has the slow check judge a complete listing of the zone, which then needs none of its own. Returns why it is not
   * believed, as a sentence; undefined when it is.
   *
   * @param beganAt ms since the epoch when the listing began.
   */
  readonly examine: (zoneId: string, listing: CertificateListing, beganAt: number) => string | undefined;
  /** Looks at an OriginZone again soon: something it waits for in the background has ended. */
  wake(key: string): void;
  /** Ends what is read in the background. */
  readonly signal: AbortSignal;
}
