import type { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { CertificateContext } from './certificate/context.ts';
import { reconcileCertificate } from './certificate/controller.ts';
import { Line } from './certificate/line.ts';
import { CertificateMemory } from './certificate/memory.ts';
import { rankOf } from './certificate/urgency.ts';
import type { Clock } from './clock.ts';
import type { CloudflareApi } from './cloudflare/api.ts';
import type { Breaker } from './cloudflare/breaker.ts';
import type { Budget } from './cloudflare/budget.ts';
import type { Config } from './config.ts';
import type { IssuerContext } from './issuer/context.ts';
import { reconcileIssuer } from './issuer/controller.ts';
import type { KubeClient } from './kube/client.ts';
import { Controller, type Outcome } from './kube/controller.ts';
import { EventRecorder } from './kube/events.ts';
import type { Rank } from './kube/fair-order.ts';
import { WorkQueue } from './kube/queue.ts';
import { problemOf } from './problem.ts';
import { keeperOf, type TrustedRoots } from './secret-facts.ts';
import { IssuerSessions } from './sessions.ts';
import { Stores } from './stores.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { createWakers } from './wakers.ts';
import type { SlowCheck } from './slow-check/slow-check.ts';
import { createProbing, createSlowCheck, createZoneContext, isInZone } from './zone-wiring.ts';
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

/** A long RSA request with its waits, and room to spare. */
const CERTIFICATE_TIMEOUT_MS = 5 * 60_000;
const ISSUER_TIMEOUT_MS = 2 * 60_000;
const ISSUER_WORKERS = 4;
/** A pass reads a dozen settings one after the other; listings and probes are not waited for. */
const ZONE_TIMEOUT_MS = 5 * 60_000;
const ZONE_WORKERS = 4;
/** It only begins what goes on in the background. */
const SLOW_CHECK_TIMEOUT_MS = 60_000;
/** The one key of its queue. */
const SLOW_CHECK = 'zones';

type Reconcile = ConstructorParameters<typeof Controller>[0]['reconcile'];

/** The caches, the queues, and the controllers that work them. */
export class Controllers {
  readonly stores: Stores;
  readonly sessions: IssuerSessions;
  readonly slowCheck: SlowCheck;
  readonly #events: EventRecorder;
  readonly #controllers: readonly Controller[];
  readonly #queues: readonly WorkQueue[];
  readonly #certificates: WorkQueue;
  readonly #line: Line;
  readonly #background = new AbortController();

  constructor(options: ControllersOptions) {
    const { config, log, clock, random, metrics, writer, budget, breaker } = options;
    const rank = (key: string): Rank => rankOf(this.stores, clock, (id) => this.slowCheck.isRevoked(id), key);
    const certificates = new WorkQueue({
      clock,
      random,
      workers: config.concurrency,
      rank,
      ...metrics.controllers.hooks('certificate'),
    });
    const issuers = new WorkQueue({ clock, random, ...metrics.controllers.hooks('issuer') });
    const zones = new WorkQueue({ clock, random, ...metrics.controllers.hooks('zone') });
    const checks = new WorkQueue({ clock, random, ...metrics.controllers.hooks('slow-check') });
    this.#queues = [certificates, issuers, zones, checks];
    this.#certificates = certificates;
    this.#line = new Line({
      clock,
      budget,
      breaker,
      rank,
      mayProbe: (account) =>
        this.sessions.list().some(({ tokenDigest, ready }) => tokenDigest === account && ready === true),
      call: (key) => certificates.add(key),
      signal: this.#background.signal,
    });
    breaker.onChange = () => this.#line.serve();
    budget.waitingCertificates = () => this.#line.waitingForBudget;
    const wakers = createWakers({ certificates, issuers, zones }, () => this.stores);
    const memory = new CertificateMemory({
      clock,
      random,
      postTimeoutMs: config.cloudflarePostTimeoutMs,
      settleMs: config.settleMs,
    });
    this.sessions = new IssuerSessions(wakers.sessionChanged);
    this.stores = new Stores({
      client: options.reader,
      namespaces: config.watchNamespaces,
      clusterKinds: config.clusterKinds,
      roots: options.roots,
      onCertificate: (key, current, previous) => {
        const uid = previous?.metadata.uid;
        if (uid !== undefined && uid !== current?.metadata.uid) memory.forget(key, uid);
        wakers.certificateChanged(key, current, previous);
      },
      onIssuer: wakers.issuerChanged,
      onZone: wakers.zoneChanged,
      onSecret: (facts, gone) => {
        if (gone && memory.forgetPending(facts.uid)) {
          memory.distrustCache(`${facts.namespace}/${keeperOf(facts) ?? ''}`);
        }
        wakers.secretChanged(facts);
      },
      onError: (resource, error) =>
        log.warn({ resource, problem: problemOf(error) }, 'watch interrupted, going on'),
    });
    this.#events = new EventRecorder({
      client: writer,
      reportingController: 'originca.dev/origin-ca-operator',
      reportingInstance: options.identity,
      onDrop: (error) => log.debug({ problem: problemOf(error) }, 'event not recorded'),
    });
    const shared = {
      stores: this.stores,
      sessions: this.sessions,
      clock,
      events: this.#events,
      log,
      kube: writer,
    };
    const probing = createProbing({
      config,
      log,
      clock,
      random,
      onChange: wakers.originsChanged,
      signal: this.#background.signal,
    });
    const { probes } = probing;
    this.slowCheck = createSlowCheck({
      ...shared,
      random,
      clockSkew: options.clockSkew,
      wakeCertificate: (key) => certificates.add(key),
      wake: () => checks.add(SLOW_CHECK),
      signal: this.#background.signal,
    });
    checks.add(SLOW_CHECK);
    const certificateContext: CertificateContext = {
      ...shared,
      memory,
      origins: {
        verdictsFor: (hostnames) => probes.verdictsFor(hostnames),
        refresh: (hostnames, notBeforeMs) => probes.refresh(hostnames, notBeforeMs),
        watches: (hostnames) => isInZone(this.stores, hostnames),
      },
      slowCheck: this.slowCheck,
      roots: options.roots,
      clusterKinds: config.clusterKinds,
      line: this.#line,
      breaker,
      clockSkew: options.clockSkew,
      count: {
        issuance: (outcome) => metrics.issuance(outcome),
        revocation: (outcome) => metrics.revocation(outcome),
      },
      wake: (key) => certificates.add(key),
    };
    const issuerContext: IssuerContext = {
      ...shared,
      random,
      operatorNamespace: options.operatorNamespace,
      clientFor: (token) => options.cloudflare.client(token),
      checks: new Map(),
      signal: this.#background.signal,
    };
    const zoneContext = createZoneContext({
      ...options,
      ...shared,
      ...probing,
      examine: (zoneId, listing, beganAt) => this.slowCheck.share(zoneId, listing, beganAt),
      wake: (key) => zones.add(key),
      signal: this.#background.signal,
    });
    const onOutcome = (outcome: Outcome): void => {
      metrics.controllers.reconciled(outcome);
      if (outcome.result === 'error') {
        log.error(
          { controller: outcome.controller, key: outcome.key, problem: problemOf(outcome.error) },
          'reconcile failed, it is tried again',
        );
      }
    };
    const start = (
      name: string,
      queue: WorkQueue,
      concurrency: number,
      timeoutMs: number,
      reconcile: Reconcile,
    ) => {
      const controller = new Controller({ name, queue, concurrency, timeoutMs, reconcile, onOutcome });
      metrics.controllers.watch({ name, queue, controller, maxConcurrent: concurrency });
      return controller;
    };
    const lookSlowly: Reconcile = () => Promise.resolve(this.slowCheck.look());
    this.#controllers = [
      start('issuer', issuers, ISSUER_WORKERS, ISSUER_TIMEOUT_MS, (key, signal) =>
        reconcileIssuer(issuerContext, key, signal),
      ),
      start('certificate', certificates, config.concurrency, CERTIFICATE_TIMEOUT_MS, (key, signal) =>
        reconcileCertificate(certificateContext, key, signal),
      ),
      start('zone', zones, ZONE_WORKERS, ZONE_TIMEOUT_MS, (key, signal) =>
        reconcileZone(zoneContext, key, signal),
      ),
      ...(options.withSlowCheck ? [start('slow-check', checks, 1, SLOW_CHECK_TIMEOUT_MS, lookSlowly)] : []),
    ];
  }

  /** How long it will probably take until every certificate that wants something has had its turn, ms. */
  expectedMs(): number {
    return this.#certificates.expectedMs() + this.#line.expectedMs();
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
    for (const queue of this.#queues) queue.retryNow();
  }

  /** Sends what is left to say and ends what reads in the background. */
  async close(): Promise<void> {
    this.#background.abort();
    for (const queue of this.#queues) queue.close();
    await this.#events.close();
  }
}
