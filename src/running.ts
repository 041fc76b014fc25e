import type { Logger } from 'pino';
import type { CloudflareApi } from './cloudflare/api.ts';
import type { Config } from './config.ts';
import type { Controllers } from './controllers.ts';
import type { Election } from './election.ts';
import type { KubeClient } from './kube/client.ts';
import { problemOf } from './problem.ts';
import { reachApiServer } from './reach.ts';
import type { ClockSkew } from './telemetry/clock-skew.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { TelemetryServer } from './telemetry/server.ts';

export interface Operator {
  /** Where /metrics, /healthz and /readyz are, once it runs. */
  readonly metricsPort: number;
  /** Works until `stop` aborts or the lease is lost; resolves when nothing of it is in flight any more. */
  run(stop: AbortSignal): Promise<'stopped' | 'lost'>;
}

/** A server that does not answer for so long at start is a fault of the configuration, to be seen as such. */
const SYNC_LIMIT_MS = 2 * 60_000;

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly controllers: Controllers;
  readonly election: Election | undefined;
  readonly skew: ClockSkew;
  readonly cloudflare: CloudflareApi;
  readonly kube: KubeClient;
  /** URL of the API server. */
  readonly server: string;
}

/** The wired parts, set in motion and brought to rest in order. */
export class RunnableOperator implements Operator {
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
      await reachApiServer({
        kube,
        server: this.#parts.server,
        namespaces: config.watchNamespaces,
        stop,
        onFailure: (error) => log.warn({ problem: problemOf(error) }, 'the API server is not there yet'),
      });
      return await work(controllers, election, stop, log);
    } finally {
      await Promise.all([cloudflare.close(), kube.close(), this.#server?.close()]);
    }
  }

  #checks(): Readonly<Record<string, () => string | undefined>> {
    const { controllers, kube, skew } = this.#parts;
    return {
      stopping: () => (this.#stopping ? 'the operator is stopping' : undefined),
      apiserver: () => silence(kube.lastReadMs, performance.now()),
      caches: () => (controllers.stores.hasSynced ? undefined : 'not yet filled from the API server'),
      clock: () => skew.problem(),
    };
  }
}

/** An idle watch hears a bookmark about every minute: one of them may come late. */
const SILENCE_LIMIT_MS = 150_000;

/**
 * Why the API server has not been heard for so long that what is known may be old; undefined while it is.
 *
 * @param lastReadMs monotonic; minus infinity before the first answer.
 */
export function silence(lastReadMs: number, nowMs: number): string | undefined {
  const silentMs = nowMs - lastReadMs;
  if (silentMs <= SILENCE_LIMIT_MS) return undefined;
  if (!Number.isFinite(silentMs)) return 'the API server was not read yet';
  return `the API server was last read ${Math.floor(silentMs / 1000)} s ago`;
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
