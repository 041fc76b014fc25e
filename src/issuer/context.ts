import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { CloudflareClient } from '../cloudflare/client.ts';
import type { ApiToken } from '../cloudflare/token.ts';
import type { Turns } from '../cloudflare/turns.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { IssuerSessions } from '../sessions.ts';
import type { Stores } from '../stores.ts';
import type { CheckMemory } from './world.ts';

/** What the issuer controller works with; made once by the operator. */
export interface IssuerContext {
  /** Fenced: writes are refused once leadership is lost. */
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly sessions: IssuerSessions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Where ClusterOriginIssuers have their token Secrets. */
  readonly operatorNamespace: string;
  /** @param source where the token comes from, as those may know it who are told what was met with it. */
  clientFor(token: ApiToken, source?: () => string | undefined): CloudflareClient;
  /** Where checks wait for the request budget, among certificates. */
  readonly line: Turns;
  /** The last check of each issuer, by its text key. */
  readonly checks: Map<string, CheckMemory>;
  /** Ends what a session reads in the background. */
  readonly signal: AbortSignal;
}
