import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { type Namespace, type Secret } from '../../src/kube/object.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { namespaces, secrets } from '../../src/kube/resource.ts';
import { proxyApiServer } from '../proxy/api-server.ts';

export interface ReflectorHeapOptions {
  /** Cluster administrator of a control plane. */
  readonly kubeconfigPath: string;
  /** Default 5 min. */
  readonly durationMs?: number;
  /** Objects in the store. Default 500. */
  readonly objects?: number;
  readonly onProgress?: (line: string) => void;
}

export interface ReflectorHeapResult {
  /** Growth of the used heap over the last half of the run, after forced collections. */
  readonly bytesPer10Min: number;
  /** Standard error of that slope: a bound that lies within it of the figure is neither held nor broken. */
  readonly standardError: number;
  readonly heapBytes: number;
  readonly samples: number;
  readonly durationMs: number;
  /** What the reflector went through meanwhile. */
  readonly changes: number;
  readonly watches: number;
  readonly failures: number;
}

const SAMPLE_MS = 2_000;
/** Every so often all connections are reset, so that failing, waiting and listing anew are part of it. */
const RESET_MS = 45_000;
const WRITES_PER_SECOND = 20;

/**
 * Runs a reflector for minutes through changes, short watches and broken connections, and measures whether
 * anything of it stays behind. Needs `node --expose-gc`.
 */
export async function reflectorHeapSlope(o: ReflectorHeapOptions): Promise<ReflectorHeapResult> {
  const { durationMs = 5 * 60_000, objects = 500, onProgress } = o;
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('the heap can only be measured with node --expose-gc');
  await using world = await startWorld(o.kubeconfigPath, objects);
  const samples: { atMs: number; heapBytes: number }[] = [];
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs) {
    await sleep(SAMPLE_MS);
    collect();
    samples.push({ atMs: performance.now() - startMs, heapBytes: process.memoryUsage().heapUsed });
    if (samples.length % 15 === 0)
      onProgress?.(`${world.seen.changes} changes, ${world.seen.watches()} watches`);
  }
  const lastHalf = samples.filter(({ atMs }) => atMs >= durationMs / 2);
  return {
    ...slope(lastHalf),
    heapBytes: lastHalf.at(-1)?.heapBytes ?? 0,
    samples: samples.length,
    durationMs: performance.now() - startMs,
    changes: world.seen.changes,
    watches: world.seen.watches(),
    failures: world.seen.failures,
  };
}

interface World extends AsyncDisposable {
  readonly seen: { changes: number; failures: number; watches: () => number };
}

async function startWorld(kubeconfigPath: string, objects: number): Promise<World> {
  const { proxy, kubeConfig } = await proxyApiServer(kubeconfigPath);
  const direct = await KubeClient.connect(loadKubeConfig({ kubeconfig: kubeconfigPath, env: {} }));
  let watches = 0;
  const onRequest = ({ verb }: { verb: string }): void => {
    if (verb === 'watch') watches += 1;
  };
  const proxied = await KubeClient.connect(kubeConfig, { onRequest, credentialsMs: 5_000 });
  const stop = new AbortController();
  const namespace = await newNamespace(direct, stop.signal);
  const seen = { changes: 0, failures: 0, watches: () => watches };
  const reflector = new Reflector({
    client: proxied,
    resource: secrets,
    namespace,
    timeoutSeconds: 3,
    onChange: () => void (seen.changes += 1),
    onError: () => void (seen.failures += 1),
  });
  await fill(direct, namespace, objects, stop.signal);
  const running = [
    reflector.run(stop.signal),
    churn(direct, namespace, objects, stop.signal),
    every(RESET_MS, stop.signal, () => {
      proxy.resetAll();
      proxy.forget(); // What the proxy remembers is not the reflector's.
    }),
  ];
  await reflector.synced;
  return {
    seen,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
      await direct.delete(namespaces, { name: namespace }, { signal: AbortSignal.timeout(10_000) });
      await Promise.all([direct.close(), proxied.close(), proxy.close()]);
    },
  };
}

async function newNamespace(client: KubeClient, signal: AbortSignal): Promise<string> {
  const body: Namespace = { metadata: { generateName: 'heap-' } };
  const { metadata } = await client.create(namespaces, body, { signal, fieldManager: 'bench' });
  if (metadata.name === undefined) throw new Error('the namespace has no name');
  return metadata.name;
}

function secret(namespace: string, index: number, text: string): Secret {
  const value = Buffer.from(text.padEnd(2_000, '.')).toString('base64');
  return { metadata: { namespace, name: `s-${index}` }, data: { value } };
}

async function fill(
  client: KubeClient,
  namespace: string,
  objects: number,
  signal: AbortSignal,
): Promise<void> {
  const batch = 50;
  for (let start = 0; start < objects; start += batch) {
    const indexes = Array.from({ length: Math.min(batch, objects - start) }, (_, i) => start + i);
    const write = { signal, fieldManager: 'bench' };
    await Promise.all(indexes.map((i) => client.create(secrets, secret(namespace, i, 'first'), write)));
  }
}

/** Updates, deletes and makes anew, so that every kind of event occurs. */
async function churn(
  client: KubeClient,
  namespace: string,
  objects: number,
  signal: AbortSignal,
): Promise<void> {
  const write = { signal, fieldManager: 'bench', force: true };
  let turn = 0;
  await every(1_000 / WRITES_PER_SECOND, signal, async () => {
    turn += 1;
    const index = (turn * 7) % objects;
    if (turn % 3 === 0) await client.delete(secrets, { namespace, name: `s-${index}` }, { signal });
    else await client.apply(secrets, secret(namespace, index, String(turn)), write);
  });
}

async function every(ms: number, signal: AbortSignal, act: () => unknown): Promise<void> {
  try {
    for (;;) {
      await sleep(ms, undefined, { signal });
      await act();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The straight line that lies closest to the samples. */
function slope(samples: readonly { atMs: number; heapBytes: number }[]): {
  bytesPer10Min: number;
  standardError: number;
} {
  const n = samples.length;
  const sum = (of: (s: { atMs: number; heapBytes: number }) => number): number =>
    samples.reduce((total, s) => total + of(s), 0);
  const meanX = sum(({ atMs }) => atMs) / n;
  const meanY = sum(({ heapBytes }) => heapBytes) / n;
  const spread = sum(({ atMs }) => (atMs - meanX) ** 2);
  const perMs = sum(({ atMs, heapBytes }) => (atMs - meanX) * (heapBytes - meanY)) / spread;
  const rest = sum(({ atMs, heapBytes }) => (heapBytes - meanY - perMs * (atMs - meanX)) ** 2);
  return { bytesPer10Min: perMs * 600_000, standardError: Math.sqrt(rest / (n - 2) / spread) * 600_000 };
}
