import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import { reconcileCertificate } from './certificate/controller.ts';
import type { Line } from './certificate/line.ts';
import type { CertificateMemory } from './certificate/memory.ts';
import { rankOf } from './certificate/urgency.ts';
import { createCertificateContext, createCertificateMemory, createLine } from './certificate-wiring.ts';
import type { Clock } from './clock.ts';
import type { CloudflareApi } from './cloudflare/api.ts';
import type { Breaker } from './cloudflare/breaker.ts';
import type { Budget } from './cloudflare/budget.ts';
import type { Config } from './config.ts';
import type { IssuerContext } from './issuer/context.ts';
import { reconcileIssuer } from './issuer/controller.ts';
import { issuerRank } from './issuer/urgency.ts';
import type { KubeClient } from './kube/client.ts';
import type { Controller } from './kube/controller.ts';
import { EventRecorder } from './kube/events.ts';
import type { Rank } from './kube/fair-order.ts';
import { problemOf } from './problem.ts';
import { keeperOf, type TrustedRoots } from './secret-facts.ts';
import { IssuerSessions, isIssuerText } from './sessions.ts';
import { Stores } from './stores.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createWakers, type Wakers } from './wakers.ts';
import { createWorkQueues, type WorkQueues } from './work-queues.ts';
import { createWorkers } from './workers.ts';
import type { SlowCheck } from './slow-check/slow-check.ts';
import { createProbing, createSlowCheck, createZoneContext } from './zone-wiring.ts';
import { reconcileZone } from './zone/controller.ts';

export interface ControllersOptions {
  readonly config: Config;
  /** Where the token Secrets of ClusterOriginIssuers are. */
  readonly operatorNamespace: string;
  readonly log: Logger;
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly roots: TrustedRoots;
  /** The CA of the client certificate that all of Cloudflare's customers share. */
  readonly sharedOriginPullCa: readonly X509Certificate[];
  /** For the caches. */
  readonly reader: KubeClient;
  /** Fenced: refuses to write once leadership is lost. */
  readonly writer: KubeClient;
  readonly cloudflare: CloudflareApi;
  readonly budget: Budget;
  readonly breaker: Breaker;
  readonly metrics: Metrics;
  readonly clockSkew: () => string | undefined;
  /** Whether the slow check lists by itself. */
  readonly withSlowCheck: boolean;
}

/** The one key of the slow check's queue. */
const SLOW_CHECK = 'zones';

/** The caches, the queues, and the controllers that work them. */
export class Controllers {
  readonly stores: Stores;
  readonly sessions: IssuerSessions;
  readonly slowCheck: SlowCheck;
  readonly #events: EventRecorder;
  readonly #controllers: readonly Controller[];
  readonly #queues: WorkQueues;
  readonly #line: Line;
  readonly #background = new AbortController();

  constructor(options: ControllersOptions) {
    const { config, clock, random, writer: kube } = options;
    const { signal } = this.#background;
    const rank = (key: string): Rank =>
      isIssuerText(key)
        ? issuerRank(key, clock)
        : rankOf(this.stores, clock, (id) => this.slowCheck.isRevoked(id), key);
    this.#queues = createWorkQueues({ ...options, rank });
    const { certificates, issuers, zones, checks } = this.#queues;
    this.#line = createLine({
      ...options,
      rank,
      call: (key) => (isIssuerText(key) ? issuers : certificates).add(key),
      sessions: () => this.sessions,
      signal,
    });
    const wakers = createWakers({ certificates, issuers, zones }, () => this.stores);
    const memory = createCertificateMemory(config, clock, random);
    this.sessions = new IssuerSessions(wakers.sessionChanged);
    this.stores = createStores(options, wakers, memory);
    this.#events = createEvents(options);
    const { stores, sessions } = this;
    const shared = { ...options, stores, sessions, events: this.#events, kube, signal };
    const probing = createProbing({ ...shared, onChange: wakers.originsChanged });
    this.slowCheck = createSlowCheck({
      ...shared,
      wakeCertificate: (key) => certificates.add(key),
      wake: () => checks.add(SLOW_CHECK),
    });
    checks.add(SLOW_CHECK);
    const { slowCheck } = this;
    const certificateContext = createCertificateContext({
      ...shared,
      memory,
      probes: probing.probes,
      slowCheck,
      line: this.#line,
      certificates,
    });
    const issuerContext: IssuerContext = {
      ...shared,
      clientFor: (token, source) => options.cloudflare.client(token, source),
      checks: new Map(),
      line: this.#line,
    };
    const zoneContext = createZoneContext({
      ...shared,
      ...probing,
      examine: (zoneId, listing, beganAt) => slowCheck.share(zoneId, listing, beganAt),
      wake: (key) => zones.add(key),
    });
    this.#controllers = createWorkers({
      ...options,
      queues: this.#queues,
      reconcileIssuer: (key, each) => reconcileIssuer(issuerContext, key, each),
      reconcileCertificate: (key, each) => reconcileCertificate(certificateContext, key, each),
      reconcileZone: (key, each) => reconcileZone(zoneContext, key, each),
      checkSlowly: options.withSlowCheck ? () => Promise.resolve(slowCheck.look()) : undefined,
    });
  }

  /** How long it will probably take until every certificate that wants something has had its turn, ms. */
  expectedMs(): number {
    return this.#queues.certificates.expectedMs() + this.#line.expectedMs();
  }

  /** Fills the caches and keeps them in step until `signal` aborts. */
  async fillCaches(signal: AbortSignal): Promise<void> {
    await this.stores.run(signal);
  }

  async synced(): Promise<void> {
    await this.stores.synced();
  }

  /** Works until `stop` aborts and what is in flight has ended, or at once until `lost` aborts. */
  async run(stop: AbortSignal, lost: AbortSignal | undefined): Promise<void> {
    await Promise.all(this.#controllers.map((controller) => controller.run(stop, lost)));
  }

  /** The API server is heard again: what failed for want of it does not wait for the end of its delay. */
  retryNow(): void {
    for (const queue of Object.values(this.#queues)) queue.retryNow();
  }

  /** Sends what is left to say and ends what reads in the background. */
  async close(): Promise<void> {
    this.#background.abort();
    for (const queue of Object.values(this.#queues)) queue.close();
    await this.#events.close();
  }
}

/** The caches, which tell of what changes. */
function createStores(
  { config, reader, roots, log }: ControllersOptions,
  wakers: Wakers,
  memory: CertificateMemory,
): Stores {
  return new Stores({
    client: reader,
    namespaces: config.watchNamespaces,
    clusterKinds: config.clusterKinds,
    roots,
    onCertificate: (key, current, previous) => {
      const uid = previous?.metadata.uid;
      if (uid !== undefined && uid !== current?.metadata.uid) memory.forget(key, uid);
      wakers.certificateChanged(key, current, previous);
    },
    onIssuer: wakers.issuerChanged,
    onZone: wakers.zoneChanged,
    onSecret: (facts, gone) => {
      if (gone && memory.pendings.forget(facts.uid)) {
        memory.distrustCache(`${facts.namespace}/${keeperOf(facts) ?? ''}`);
      }
      wakers.secretChanged(facts);
    },
    onError: (resource, error) =>
      log.warn({ resource, problem: problemOf(error) }, 'watch interrupted, going on'),
  });
}

function createEvents({ writer, identity, log }: ControllersOptions): EventRecorder {
  return new EventRecorder({
    client: writer,
    reportingController: 'originca.dev/origin-ca-operator',
    reportingInstance: identity,
    onDrop: (error) => log.debug({ problem: problemOf(error) }, 'event not recorded'),
  });
}
