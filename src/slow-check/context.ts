import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Cluster } from './in-use.ts';

/** What the slow check works with; made once by the operator. */
export interface SlowCheckContext extends Cluster {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** A sentence when this machine's clock is too wrong to judge dates by. */
  readonly clockSkew: () => string | undefined;
  /** How often the OriginZone of that zone has its certificates listed, ms; undefined where there is none. */
  readonly zoneIntervalMs: (zoneName: string) => number | undefined;
  /** Looks at an OriginCertificate again soon. */
  readonly wakeCertificate: (key: string) => void;
  /** Has the slow check look for its next work soon: what it did in the background has ended. */
  readonly wake: () => void;
  /** Ends what is read in the background. */
  readonly signal: AbortSignal;
}
