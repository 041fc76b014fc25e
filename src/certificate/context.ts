import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Breaker } from '../cloudflare/breaker.ts';
import type { Turns } from '../cloudflare/turns.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Twin } from '../known-certificates.ts';
import type { TrustedRoots } from '../secret-facts.ts';
import type { IssuerSessions } from '../sessions.ts';
import type { Stores } from '../stores.ts';
import type { IssuanceOutcome, RevocationOutcome } from '../telemetry/metrics.ts';
import type { CertificateMemory } from './memory.ts';
import type { OriginWatch } from './origins.ts';

/** What the certificate controller works with; made once by the operator. */
export interface CertificateContext {
  /** Fenced: writes are refused once leadership is lost. */
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly sessions: IssuerSessions;
  readonly clock: Clock;
  readonly memory: CertificateMemory;
  readonly origins: OriginWatch;
  /** What the slow check has found out. */
  readonly slowCheck: {
    /** Whether somebody else revoked the certificate of this id, which a Secret of ours holds. */
    isRevoked(id: string): boolean;
    /** Certificates that were issued twice for the object with this queue key. */
    twinsOf(key: string): readonly Twin[];
    /** Nothing is left to do about a twin: were it there still, it would be found anew. */
    forgetTwin(id: string): void;
  };
  readonly roots: TrustedRoots;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Who waits for a request to Cloudflare, and whose turn it is. */
  readonly line: Turns;
  readonly breaker: Pick<Breaker, 'holds' | 'incident' | 'isOver'>;
  /** A sentence when this machine's clock is too wrong to judge dates by. */
  clockSkew(): string | undefined;
  /** False where the operator watches chosen namespaces and may not read the cluster kinds. */
  readonly clusterKinds: boolean;
  readonly count: {
    issuance(outcome: IssuanceOutcome): void;
    revocation(outcome: RevocationOutcome): void;
  };
  /** Looks at a certificate again soon: something it waits for in the background has ended. */
  wake(key: string): void;
}
