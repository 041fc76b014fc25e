import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeClient } from './kube/client.ts';
import { KubeError } from './kube/errors.ts';
import { pause } from './kube/pause.ts';
import { originCertificates } from './resources.ts';
import { StartError } from './start-error.ts';

export interface ReachOptions {
  readonly kube: Pick<KubeClient, 'list'>;
  /** Of the API server, for the message. */
  readonly server: string;
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[];
  readonly stop: AbortSignal;
  /** Told the first failed look, so that the wait is not a silent one. */
  readonly onFailure: (error: KubeError) => void;
  /** How long to go on looking: a pod may start before its network, its rights or the CRDs are there. */
  readonly limitMs?: number;
}

const LIMIT_MS = 15_000;
const PAUSE_MS = 500;

/**
 * Looks once at what the caches will list, so that a wrong server, credentials, rights or missing CRDs are one
 * sentence at start, and not a log of interrupted watches. Throws a StartError; returns early when stopped.
 */
export async function reachApiServer(options: ReachOptions): Promise<void> {
  const { kube, namespaces, stop, limitMs = LIMIT_MS } = options;
  const endMs = performance.now() + limitMs;
  for (let told = false; !stop.aborted; told = true) {
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()));
    const signal = AbortSignal.any([stop, AbortSignal.timeout(leftMs)]);
    try {
      await lookOnce(kube, namespaces, signal);
      return;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (stop.aborted) return;
      if (performance.now() + PAUSE_MS >= endMs)
        throw new StartError(sentence(error, options), { cause: error });
      if (!told) options.onFailure(error);
      await pause(PAUSE_MS, stop);
    }
  }
}

/** Reads something small that the caches read too: one OriginCertificate. */
export async function lookOnce(
  kube: Pick<KubeClient, 'list'>,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const [namespace] = namespaces;
  await kube.list(originCertificates, { ...(namespace && { namespace }), limit: 1, signal });
}

/** Where the kubeconfig leads, without what a URL may carry beside. */
export function serverOf(kubeConfig: KubeConfig): string {
  const server = URL.parse(kubeConfig.getCurrentCluster()?.server ?? '');
  return server === null ? '' : server.origin + server.pathname.replace(/\/$/, '');
}

function sentence(error: KubeError, { server, namespaces }: ReachOptions): string {
  const where = namespaces.length === 0 ? 'in all namespaces' : `in namespace ${namespaces[0]}`;
  switch (error.kind) {
    case 'Unauthorized':
      return `The API server ${server} does not accept the credentials (${error.message}): give others with --kubeconfig or --in-cluster-dir.`;
    case 'Forbidden':
      return `The API server ${server} does not let the operator read OriginCertificates ${where} (${error.message}): apply deploy/ for its rights, or name with --watch-namespaces the namespaces that it may read.`;
    case 'NotFound':
      return `The API server ${server} does not know OriginCertificates (${error.message}): install the CRDs first with kubectl apply -k crds.`;
    default:
      return `The API server ${server} cannot be reached (${error.message}): correct the server and its CA in the kubeconfig, or check the network to it.`;
  }
}
