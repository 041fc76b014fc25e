import type { Logger } from 'pino';
import type { CloudflareApi } from './cloudflare/api.ts';
import type { Config } from './config.ts';
import type { Controllers } from './controllers.ts';
import type { Election } from './election.ts';
import type { KubeClient } from './kube/client.ts';
import type { Freshness } from './kube/freshness.ts';
import { tellMissingNamespaces } from './missing-namespaces.ts';
import { problemOf } from './problem.ts';
import { reachApiServer } from './reach.ts';
import type { ClockSkew } from './telemetry/clock-skew.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { TelemetryServer } from './telemetry/server.ts';

export interface Operator {
  /** Where /metrics, /healthz and /readyz are, once it runs. */
  readonly metricsPort: number;
  /** Works until `stop` aborts; resolves when nothing of it is in flight any more. */
  run(stop: AbortSignal): Promise<void>;
}

/**
 * From the first try to get the lease to its loss. Another may act after that: what is remembered of the world ends
 * with the term, and what still runs of it stays shut out for ever by its own fence.
 */
export interface Term {
  readonly controllers: Controllers;
  readonly election: Election | undefined;
  readonly cloudflare: CloudflareApi;
}

/** A cache that is not filled so long after the API server was there is a fault of the rights or the CRDs. */
const SYNC_LIMIT_MS = 2 * 60_000;

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly skew: ClockSkew;
  readonly kube: KubeClient;
  readonly freshness: Freshness;
  readonly operatorNamespace: string;
  /** URL of the API server. */
  readonly server: string;
  readonly first: Term;
  /** Makes another term, with nothing remembered. */
  readonly begin: () => Term;
}

/** The wired parts, set in motion and brought to rest in order. */
export class RunnableOperator implements Operator {
  readonly #parts: Parts;
  #server: TelemetryServer | undefined;
  #term: Term;
  #stopping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#term = parts.first;
  }

  get metricsPort(): number {
    return this.#server?.port ?? 0;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { config, log, metrics, freshness, kube } = this.#parts;
    if (!config.clusterKinds) sayWhatIsNotRead(log);
    const onStop = (): void => {
      this.#stopping = true;
    };
    stop.addEventListener('abort', onStop, { once: true });
    const end = new AbortController();
    const looking: Promise<void>[] = [];
    try {
      this.#server = await TelemetryServer.start({
        address: config.metricsAddress,
        metrics,
        ready: this.#checks(),
        onError: (error) => log.error({ problem: problemOf(error) }, 'an answer could not be made'),
      });
      await reachApiServer({
        kube,
        server: this.#parts.server,
        namespaces: config.watchNamespaces,
        stop,
        onFailure: (error) => log.warn({ problem: problemOf(error) }, 'the API server is not there yet'),
      });
      const { operatorNamespace } = this.#parts;
      looking.push(
        freshness.run(end.signal),
        tellMissingNamespaces({ kube, log, config, operatorNamespace, stop: end.signal }),
      );
      await this.#terms(stop);
    } finally {
      end.abort();
      await Promise.all([this.#term.cloudflare.close(), kube.close(), this.#server?.close(), ...looking]);
    }
  }

  /** One after the other: who loses the lease is a candidate again, and begins as a new process would. */
  async #terms(stop: AbortSignal): Promise<void> {
    const { log, freshness, begin } = this.#parts;
    while ((await work(this.#term, { stop, log, freshness })) === 'lost') {
      log.warn('the lease was lost: everything begins anew, as a candidate');
      await this.#term.cloudflare.close();
      this.#term = begin();
    }
  }

  #checks(): Readonly<Record<string, () => string | undefined>> {
    const { freshness, skew } = this.#parts;
    return {
      stopping: () => (this.#stopping ? 'the operator is stopping' : undefined),
      apiserver: () => freshness.problem(),
      caches: () =>
        this.#term.controllers.stores.hasSynced ? undefined : 'not yet filled from the API server',
      clock: () => skew.problem(),
    };
  }
}

/** An OriginZone that nobody reads has no status in which that could be said. */
function sayWhatIsNotRead(log: Logger): void {
  log.info(
    'ClusterOriginIssuers and OriginZones are not read, since --watch-namespaces is set: --cluster-kinds has them read, and needs a ClusterRole',
  );
}

interface Surroundings {
  readonly stop: AbortSignal;
  readonly log: Logger;
  readonly freshness: Freshness;
}

/** Fills the caches, takes the lease, works, and lets what is in flight finish before the lease is given up. */
async function work(
  { controllers, election }: Term,
  { stop, log, freshness }: Surroundings,
): Promise<'stopped' | 'lost'> {
  const end = new AbortController();
  const caches = controllers.fillCaches(end.signal);
  const campaign = election?.leader.run(end.signal);
  try {
    while (!(await within(controllers.synced(), SYNC_LIMIT_MS, stop))) {
      if (stop.aborted) return 'stopped';
      if (freshness.problem() !== undefined) continue; // It is away: that passes by itself.
      throw new Error(
        `the caches were not filled within ${SYNC_LIMIT_MS / 1000} s: are the CRDs installed, and may the operator read what deploy/ lets it read?`,
      );
    }
    log.info('caches filled');
    const leading = election ? await Promise.race([election.won, aborted(stop)]) : undefined;
    if (election && leading === undefined) return 'stopped';
    log.info(election ? 'leading' : 'working without leader election');
    await controllers.run(stop, leading);
    return leading?.aborted && !stop.aborted ? 'lost' : 'stopped';
  } finally {
    await controllers.close();
    await election?.leader.release();
    end.abort();
    await Promise.allSettled([caches, campaign]);
  }
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
