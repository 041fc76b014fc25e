import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { proxyApiServer } from '../../proxy/api-server.ts';
import { FaultProxy, type SeenRequest } from '../../proxy/proxy.ts';
import type { Simulator } from '../../simulator/client.ts';
import { OperatorProcess } from '../../support/operator-process.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

export interface FrontedOptions {
  /** Path of a kubeconfig that speaks for the operator's account. */
  readonly kubeconfig: string;
  readonly simulator: Simulator;
  /** The one that it watches, and where its Lease is. */
  readonly namespace: string;
  readonly flags?: readonly string[];
}

/** Shorter than in earnest, long enough for a busy machine. */
export const SPANS = { leaseDurationMs: 10_000, renewDeadlineMs: 6000, retryPeriodMs: 1000 };
export const SPAN_FLAGS = ['--lease-duration=10s', '--renew-deadline=6s', '--retry-period=1s'];

/** The waits of the protocol, short: a POST may take 5 s and one more for its hostname, settling 2 s. */
const WAIT_FLAGS = ['--cloudflare-rate=0', '--cloudflare-post-timeout=5s', '--settle=2s'];

const LEASES = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases/;

/** An operator as a process of its own between two proxies, whose records tell what it did and when. */
export class FrontedOperator implements AsyncDisposable {
  readonly process: OperatorProcess;
  /** In front of the API server. */
  readonly kubernetes: FaultProxy;
  readonly cloudflare: FaultProxy;

  /** Resolves when it is ready. */
  static async start(options: FrontedOptions): Promise<FrontedOperator> {
    const { kubeconfig, simulator, namespace, flags = [] } = options;
    const stack = new AsyncDisposableStack();
    try {
      const { proxy: kubernetes, kubeConfig } = await proxyApiServer(kubeconfig);
      stack.defer(() => kubernetes.close());
      const ca = await readFile(simulator.caFile);
      const cloudflare = await FaultProxy.start({ upstream: simulator.apiUrl, ca });
      stack.defer(() => cloudflare.close());
      const dir = await mkdtemp(join(simulator.dir, 'fronted-')); // Goes with the simulator.
      const [path, caFile] = [join(dir, 'kubeconfig'), join(dir, 'ca.pem')];
      await writeFile(path, kubeConfig.exportConfig(), { mode: 0o600 });
      await writeFile(caFile, cloudflare.ca);
      const started = await OperatorProcess.start({
        kubeconfig: path,
        simulator: { apiUrl: cloudflare.url, caFile, originCaRootsFile: simulator.originCaRootsFile },
        flags: [
          `--watch-namespaces=${namespace}`,
          `--operator-namespace=${namespace}`,
          ...WAIT_FLAGS,
          ...flags,
        ],
      });
      return new FrontedOperator(started, kubernetes, cloudflare);
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  private constructor(started: OperatorProcess, kubernetes: FaultProxy, cloudflare: FaultProxy) {
    this.process = started;
    this.kubernetes = kubernetes;
    this.cloudflare = cloudflare;
  }

  /** Ends it, also one that is paused or cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kubernetes.clear();
    this.cloudflare.clear();
    this.kubernetes.gate = undefined;
    this.cloudflare.gate = undefined;
    if (!this.process.hasEnded) this.process.signal('SIGCONT');
    await this.process.stop();
    await Promise.all([this.kubernetes.close(), this.cloudflare.close()]);
  }

  /** Not by its guardian: it happens before anything else does. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.process.pid, signal);
  }

  async leads(): Promise<boolean> {
    const metrics = await this.process.metrics();
    return metrics.includes('leader_election_master_status{name="origin-ca-operator"} 1');
  }

  async untilLeading(timeoutMs = 30_000): Promise<void> {
    await waitFor('it to lead', () => this.leads(), { timeoutMs });
  }

  async probe(path: '/readyz' | '/healthz'): Promise<{ readonly status: number; readonly body: string }> {
    const { statusCode, body } = await request(`${this.process.url}${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    return { status: statusCode, body: await body.text() };
  }

  /** How often it has begun: once, and once more for each Lease that it lost. */
  async terms(): Promise<number> {
    return (await this.process.logs()).filter((line) => line.includes('"caches filled"')).length;
  }

  async untilTerm(count: number, timeoutMs = 60_000): Promise<void> {
    const reached = async (): Promise<true | NotYet> => {
      const terms = await this.terms();
      return terms >= count || new NotYet({ terms, logs: (await this.process.logs()).slice(-10) });
    };
    await waitFor(`its caches to be filled for the ${count}. time`, reached, { timeoutMs });
  }

  /** Writes of the Lease that were answered well: it was taken, renewed or released. */
  leaseWrites(): readonly SeenRequest[] {
    return this.kubernetes.requests.filter(
      ({ method, path, status }) => isLease(path) && method !== 'GET' && (status === 200 || status === 201),
    );
  }

  /** When the last of them reached the API server's proxy. */
  lastRenewalMs(): number {
    return this.leaseWrites().at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * What only a leader asks for, from some time on: all but Leases, caches, the look whether anybody answers, and the one
   * at the start whether the watched namespaces are there.
   */
  acts(sinceMs = Number.NEGATIVE_INFINITY): readonly SeenRequest[] {
    const isActing = ({ method, path, watch }: SeenRequest): boolean => {
      if (isLease(path)) return false;
      return (
        method !== 'GET' || !(watch || /[?&]limit=(1|500)(&|$)|^\/api\/v1\/namespaces\/[^/]+$/.test(path))
      );
    };
    return [...this.kubernetes.requests.filter(isActing), ...this.cloudflare.requests].filter(
      ({ atMs }) => atMs >= sinceMs,
    );
  }

  /** Requests for a certificate. */
  posts(sinceMs = Number.NEGATIVE_INFINITY): readonly SeenRequest[] {
    return this.cloudflare.requests.filter(({ method, atMs }) => method === 'POST' && atMs >= sinceMs);
  }

  /** Writes of Secrets, also those that are only rehearsed. */
  secretWrites(sinceMs = Number.NEGATIVE_INFINITY): readonly SeenRequest[] {
    return this.kubernetes.requests.filter(
      ({ method, path, atMs }) => method !== 'GET' && path.includes('/secrets') && atMs >= sinceMs,
    );
  }

  /** When the newest read that was answered well by then reached the API server's proxy. */
  lastReadMs(byMs = Number.POSITIVE_INFINITY): number {
    const reads = this.kubernetes.requests.filter(
      ({ method, watch, status, atMs }) => method === 'GET' && !watch && status === 200 && atMs <= byMs,
    );
    return reads.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }
}

function isLease(path: string): boolean {
  return LEASES.test(path);
}
