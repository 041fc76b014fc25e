import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { CloudflareApi } from './cloudflare/api.ts';
import { Budget } from './cloudflare/budget.ts';
import { builtInRoots, describeRoot, loadRoots } from './cloudflare/roots.ts';
import type { Config } from './config.ts';
import { Controllers, problemOf } from './controllers.ts';
import { KubeClient } from './kube/client.ts';
import { loadKubeConfig } from './kube/config.ts';
import { LeaderElection } from './kube/leader.ts';
import type { TrustedRoots } from './secret-facts.ts';
import { certificateSeries, issuerSeries } from './series.ts';
import { ClockSkew } from './telemetry/clock-skew.ts';
import { Metrics } from './telemetry/metrics.ts';
import { TelemetryServer } from './telemetry/server.ts';

/** What tests replace: time, chance, the environment. */
export interface OperatorOptions {
  readonly log: Logger;
  /** Distinguishes this process from every other, also across restarts. */
  readonly identity: string;
  readonly version: string;
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Operator {
  /** Where /metrics, /healthz and /readyz are, once it runs. */
  readonly metricsPort: number;
  /** Works until `stop` aborts or the lease is lost; resolves when nothing of it is in flight any more. */
  run(stop: AbortSignal): Promise<'stopped' | 'lost'>;
}

const DEFAULT_NAMESPACE = 'originca-system';
const LEASE = 'origin-ca-operator';
/** A server that does not answer for so long at start is a fault of the configuration, to be seen as such. */
const SYNC_LIMIT_MS = 2 * 60_000;

/**
 * Wires everything. Throws one sentence for a kubeconfig, file or address that cannot be used; nothing is sent
 * before `run`.
 */
export async function createOperator(config: Config, options: OperatorOptions): Promise<Operator> {
  const { log, identity, clock = systemClock, random = Math.random, env = process.env } = options;
  const skew = new ClockSkew(clock);
  const roots = await trustedRoots(config);
  const kubeConfig = loadKubeConfig({
    kubeconfig: config.kubeconfig,
    inClusterDir: config.inClusterDir,
    env,
  });
  const kube = await KubeClient.connect(kubeConfig, {
    onDate: (dateMs) => skew.observe('kubernetes', dateMs),
    onWarning: (text) => log.warn({ warning: text }, 'the API server warns'),
  });
  const operatorNamespace = config.operatorNamespace ?? namespaceOf(kubeConfig) ?? DEFAULT_NAMESPACE;
  const election = config.leaderElect
    ? createElection(config, { kube, log, identity, namespace: operatorNamespace })
    : undefined;
  const fence = (): void => election?.leader.assertLeading();
  const isLeader = (): boolean => election?.leader.isLeader ?? true;
  const budget = new Budget({ clock, ratePerSecond: config.cloudflareRate, burst: config.cloudflareBurst });
  const metrics: Metrics = new Metrics({
    version: options.version,
    leaseName: LEASE,
    isLeader,
    certificates: () => certificateSeries(controllers.stores),
    issuers: () => issuerSeries(controllers.stores),
    roots: roots.certificates.map(describeRoot),
    budgetRemaining: () => budget.remaining(),
    clockReadings: () => skew.readings(),
  });
  const cloudflare = new CloudflareApi({
    baseUrl: config.cloudflareBaseUrl,
    budget,
    clock,
    env,
    fence,
    postTimeoutMs: config.cloudflarePostTimeoutMs,
    onDate: (dateMs) => skew.observe('cloudflare', dateMs),
    onRequest: (report) => metrics.cloudflareRequest(report),
  });
  const controllers = new Controllers({
    config,
    operatorNamespace,
    log,
    identity,
    clock,
    random,
    roots,
    reader: kube,
    writer: kube.withFence(fence),
    cloudflare,
    budget,
    metrics,
    clockSkew: () => skew.problem(),
  });
  return new RunnableOperator({ config, log, metrics, controllers, election, skew, cloudflare, kube });
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly controllers: Controllers;
  readonly election: Election | undefined;
  readonly skew: ClockSkew;
  readonly cloudflare: CloudflareApi;
  readonly kube: KubeClient;
}

class RunnableOperator implements Operator {
  readonly #parts: Parts;
  #server: TelemetryServer | undefined;
  #stopping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get metricsPort(): number {
    return this.#server?.port ?? 0;
  }

  async run(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    const { config, log, metrics, controllers, election, cloudflare, kube } = this.#parts;
    const onStop = (): void => {
      this.#stopping = true;
    };
    stop.addEventListener('abort', onStop, { once: true });
    try {
      this.#server = await TelemetryServer.start({
        address: config.metricsAddress,
        metrics,
        ready: this.#checks(),
        onError: (error) => log.error({ problem: problemOf(error) }, 'an answer could not be made'),
      });
      return await work(controllers, election, stop, log);
    } finally {
      await Promise.all([cloudflare.close(), kube.close(), this.#server?.close()]);
    }
  }

  #checks(): Readonly<Record<string, () => string | undefined>> {
    const { controllers, skew } = this.#parts;
    return {
      stopping: () => (this.#stopping ? 'the operator is stopping' : undefined),
      caches: () => (controllers.stores.hasSynced ? undefined : 'not yet filled from the API server'),
      clock: () => skew.problem(),
    };
  }
}

interface Election {
  readonly leader: LeaderElection;
  /** Resolves to a signal that aborts when leading ends. */
  readonly won: Promise<AbortSignal>;
}

/** Fills the caches, takes the lease, works, and lets what is in flight finish before the lease is given up. */
async function work(
  controllers: Controllers,
  election: Election | undefined,
  stop: AbortSignal,
  log: Logger,
): Promise<'stopped' | 'lost'> {
  const end = new AbortController();
  const caches = controllers.fillCaches(end.signal);
  const campaign = election?.leader.run(end.signal);
  try {
    if (!(await within(controllers.synced(), SYNC_LIMIT_MS, stop))) {
      if (stop.aborted) return 'stopped';
      throw new Error(
        `the caches were not filled within ${SYNC_LIMIT_MS / 1000} s: is the API server reachable, and are the CRDs installed?`,
      );
    }
    log.info('caches filled');
    const leading = election ? await Promise.race([election.won, aborted(stop)]) : undefined;
    if (election && leading === undefined) return 'stopped';
    log.info(election ? 'leading' : 'working without leader election');
    await controllers.run(stop, leading);
    return leading?.aborted ? 'lost' : 'stopped';
  } finally {
    await controllers.close();
    await election?.leader.release();
    end.abort();
    await Promise.allSettled([caches, campaign]);
  }
}

function createElection(
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

async function trustedRoots({ originCaRoots }: Config): Promise<TrustedRoots> {
  const certificates = originCaRoots === undefined ? builtInRoots() : await loadRoots(originCaRoots);
  return { certificates, pem: certificates.map((root) => root.toString()).join('') };
}

/** The namespace that the context of the kubeconfig, or the pod's service account, names. */
function namespaceOf(kubeConfig: KubeConfig): string | undefined {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
}

/** Whether the promise resolves in time and before the stop. */
async function within(promise: Promise<unknown>, ms: number, stop: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.any([stop, AbortSignal.timeout(ms)]);
  return Promise.race([promise.then(() => true), aborted(limit).then(() => false)]);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
