import type { KubeConfig } from '@kubernetes/client-node';
import type { Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { CloudflareApi, type CloudflareApiOptions } from './cloudflare/api.ts';
import { Breaker } from './cloudflare/breaker.ts';
import { Budget } from './cloudflare/budget.ts';
import { builtInOriginPullCa, loadOriginPullCa } from './cloudflare/origin-pull-ca.ts';
import { builtInRoots, describeRoot, loadRoots } from './cloudflare/roots.ts';
import type { Config } from './config.ts';
import { Controllers } from './controllers.ts';
import { createElection, LEASE } from './election.ts';
import { KubeClient } from './kube/client.ts';
import { loadKubeConfig } from './kube/config.ts';
import { Freshness } from './kube/freshness.ts';
import type { Access } from './fence.ts';
import { problemOf } from './problem.ts';
import { lookOnce, serverOf } from './reach.ts';
import { type Operator, RunnableOperator, type Term } from './running.ts';
import { RecentFacts, type TrustedRoots } from './secret-facts.ts';
import { certificateSeries, issuerSeries, zoneSeries } from './series.ts';
import { StartError } from './start-error.ts';
import { ClockSkew } from './telemetry/clock-skew.ts';
import { Metrics } from './telemetry/metrics.ts';

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
  /** False leaves out the slow check, whose listings and sleeps disturb who counts requests or watches the clock. */
  readonly slowCheck?: boolean;
}

const DEFAULT_NAMESPACE = 'originca-system';

/**
 * Wires everything. Throws one sentence for a kubeconfig, file or address that cannot be used; nothing is sent
 * before `run`.
 */
export async function createOperator(config: Config, options: OperatorOptions): Promise<Operator> {
  const { log, identity, clock = systemClock, random = Math.random, env = process.env } = options;
  const skew = new ClockSkew(clock);
  const roots = await trustedRoots(config);
  const sharedOriginPullCa =
    config.originPullCa === undefined ? builtInOriginPullCa() : await loadOriginPullCa(config.originPullCa);
  const kubeConfig = loadKubeConfig({
    kubeconfig: config.kubeconfig,
    inClusterDir: config.inClusterDir,
    env,
  });
  const kube = await KubeClient.connect(kubeConfig, {
    userAgent: `origin-ca-operator/${options.version}`,
    onDate: (dateMs) => skew.observe('kubernetes', dateMs),
    onWarning: (text) => log.warn({ warning: text }, 'the API server warns'),
  }).catch(refuseCredentials);
  const operatorNamespace = config.operatorNamespace ?? namespaceOf(kubeConfig) ?? DEFAULT_NAMESPACE;
  const freshness = watchFreshness(config, kube, log, () => term.controllers.retryNow());
  const budget = new Budget({ clock, ratePerSecond: config.cloudflareRate, burst: config.cloudflareBurst });
  const breaker = new Breaker({ clock, random });
  const metrics: Metrics = new Metrics({
    version: options.version,
    leaseName: LEASE,
    isLeader: () => term.election?.leader.isLeader ?? true,
    certificates: () => certificateSeries(term.controllers.stores),
    issuers: () => issuerSeries(term.controllers.stores),
    zones: () => zoneSeries(term.controllers.stores),
    slowChecks: () => term.controllers.slowCheck.list(),
    roots: [...roots.certificates, ...sharedOriginPullCa].map(describeRoot),
    budgetRemaining: () => budget.remaining(),
    queueExpectedMs: () => term.controllers.expectedMs(),
    clockReadings: () => skew.readings(),
  });
  /** The one that is being worked or waited for. */
  let term: Term;
  const begin = (): Term => {
    const election = config.leaderElect
      ? createElection(config, { kube, log, identity, namespace: operatorNamespace })
      : undefined;
    const fence = (access: Access): void => {
      election?.leader.assertLeading();
      freshness.assertFresh(access);
    };
    const cloudflare = createCloudflare({
      baseUrl: config.cloudflareBaseUrl,
      budget,
      breaker,
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
      sharedOriginPullCa,
      reader: kube,
      writer: kube.withFence(fence),
      cloudflare,
      budget,
      breaker,
      metrics,
      clockSkew: () => skew.problem(),
      withSlowCheck: options.slowCheck ?? true,
    });
    return (term = { election, cloudflare, controllers });
  };
  const server = serverOf(kubeConfig);
  return new RunnableOperator({
    config,
    log,
    metrics,
    skew,
    kube,
    freshness,
    operatorNamespace,
    server,
    first: begin(),
    begin,
  });
}

/** Looks whether the API server answers, and says once when it does not. */
function watchFreshness(config: Config, kube: KubeClient, log: Logger, onFresh: () => void): Freshness {
  return new Freshness({
    lastReadMs: () => kube.lastReadMs,
    read: (signal) => lookOnce(kube, config.watchNamespaces, signal),
    onStale: (error) => {
      const problem = problemOf(error);
      log.warn(
        { problem },
        'the API server does not answer: nothing is issued, written or revoked until it does',
      );
      void kube.reconnect();
    },
    onFresh: () => {
      log.info('the API server answers');
      onFresh();
    },
  });
}

async function trustedRoots({ originCaRoots }: Config): Promise<TrustedRoots> {
  const certificates = originCaRoots === undefined ? builtInRoots() : await loadRoots(originCaRoots);
  return {
    certificates,
    pem: certificates.map((root) => root.toString()).join(''),
    recent: new RecentFacts(),
  };
}

/** Its one complaint is about HTTPS_PROXY, in a sentence that does not show it. */
function createCloudflare(options: CloudflareApiOptions): CloudflareApi {
  try {
    return new CloudflareApi(options);
  } catch (cause) {
    throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Their files are named by the kubeconfig. What an exec plugin says is not repeated: it may hold a token. */
function refuseCredentials(cause: unknown): never {
  const file =
    cause instanceof Error && 'path' in cause && 'code' in cause
      ? `${String(cause.path)}: ${String(cause.code)}`
      : 'see what `kubectl get namespaces` says with it';
  throw new StartError(
    `The credentials that the kubeconfig names cannot be read (${file}): correct its certificate-authority, client-certificate, client-key, tokenFile or exec entries.`,
    { cause },
  );
}

/** The namespace that the context of the kubeconfig, or the pod's service account, names. */
function namespaceOf(kubeConfig: KubeConfig): string | undefined {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
}
