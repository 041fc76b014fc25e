import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { kubeConfigFromDirectory } from '../../../src/kube/config.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import { type Resource, secrets } from '../../../src/kube/resource.ts';
import type { TransportOptions } from '../../../src/kube/transport.ts';
import { FaultProxy } from '../../proxy/proxy.ts';
import type { UpstreamOptions } from '../../proxy/upstream.ts';
import { cluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';
import { World } from './world.ts';

const serviceAccounts: Resource<KubeObject> = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

/** A client with the files of a pod's service account, through a proxy of its own. */
class Pod implements AsyncDisposable {
  readonly dir: string;
  readonly upstream: UpstreamOptions;
  readonly proxy: FaultProxy;
  readonly client: KubeClient;
  readonly warnings: string[];
  readonly #w: World;

  static async start(w: World, options: TransportOptions = {}): Promise<Pod> {
    const name = `pod-${randomUUID()}`;
    await w.direct.create(serviceAccounts, { metadata: w.ref(name) }, w.write);
    const mounted = await cluster().inClusterDir({ serviceAccount: `${w.namespace}:${name}` });
    const dir = await mkdtemp(join(tmpdir(), 'pod-'));
    const token = await readFile(join(mounted, 'token'), 'utf8');
    const upstream = { upstream: cluster().apiServerUrl, ca: await readFile(join(mounted, 'ca.crt')) };
    const proxy = await FaultProxy.start(upstream);
    const files = { token, 'ca.crt': proxy.ca, namespace: w.namespace };
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    const { hostname, port } = new URL(proxy.url);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    const client = await KubeClient.connect(kubeConfigFromDirectory(dir, env), {
      timeoutMs: 2_000,
      onWarning,
      ...options,
    });
    return new Pod(w, dir, upstream, proxy, client, warnings);
  }

  private constructor(
    w: World,
    dir: string,
    upstream: UpstreamOptions,
    proxy: FaultProxy,
    client: KubeClient,
    warnings: string[],
  ) {
    this.#w = w;
    this.dir = dir;
    this.upstream = upstream;
    this.proxy = proxy;
    this.client = client;
    this.warnings = warnings;
  }

  /** Its service account may do nothing: being known and Forbidden is the best it can get. */
  async ask(): Promise<string> {
    const { namespace, signal } = this.#w;
    return await this.client.list(secrets, { namespace, signal }).then(
      () => 'allowed',
      (error: unknown) => (error instanceof KubeError ? error.kind : 'no KubeError'),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.proxy.close();
    await rm(this.dir, { recursive: true });
  }
}

async function until(pod: Pod, kind: string): Promise<void> {
  await waitFor(kind, async () => (await pod.ask()) === kind, { timeoutMs: 10_000, intervalMs: 100 });
}

describe('the credentials of a pod', () => {
  test('let it in', async () => {
    await using w = await World.create();
    await using pod = await Pod.start(w);
    expect(await pod.ask()).toBe('Forbidden');
  });

  test('are read again as soon as the server refuses a rotated token', async () => {
    await using w = await World.create();
    await using pod = await Pod.start(w);
    const token = await readFile(join(pod.dir, 'token'), 'utf8');
    await writeFile(join(pod.dir, 'token'), 'expired');
    // Read a minute ago, so still good.
    expect(await pod.ask()).toBe('Forbidden');
    await using late = await Pod.start(w, { credentialsMs: 0 });
    await writeFile(join(late.dir, 'token'), 'expired');
    expect(await late.ask()).toBe('Unauthorized');
    await writeFile(join(late.dir, 'token'), token);
    expect(await late.ask()).toBe('Forbidden');
  });

  test('are read again within a second or so of a 401, long before their minute is over', async () => {
    await using w = await World.create();
    await using pod = await Pod.start(w, { credentialsMs: 3_600_000 });
    pod.proxy.inject({ count: 1, fault: { type: 'status', status: 401 } });
    const token = await readFile(join(pod.dir, 'token'), 'utf8');
    await writeFile(join(pod.dir, 'token'), 'garbage');
    expect(await pod.ask()).toBe('Unauthorized');
    await until(pod, 'Unauthorized');
    await writeFile(join(pod.dir, 'token'), token);
    await until(pod, 'Forbidden');
  });

  test('that cannot be read are told, and the last ones stay in use', async () => {
    await using w = await World.create();
    await using pod = await Pod.start(w, { credentialsMs: 0 });
    await rm(join(pod.dir, 'token'));
    expect(await pod.ask()).toBe('Forbidden');
    expect(pod.warnings).toEqual([
      'the credentials for the API server could not be read anew (ENOENT); the last ones stay in use',
    ]);
  });

  test('may change their CA: new connections trust the new one, the old ones are kept until then', async () => {
    await using w = await World.create();
    await using pod = await Pod.start(w, { credentialsMs: 0 });
    for (let i = 0; i < 10; i++) expect(await pod.ask()).toBe('Forbidden');
    expect(pod.proxy.connections).toBeLessThanOrEqual(2);
    const { port } = new URL(pod.proxy.url);
    await pod.proxy.close();
    const renewed = await FaultProxy.start({ ...pod.upstream, port: Number(port) });
    try {
      expect(await pod.ask()).toBe('Network');
      await writeFile(join(pod.dir, 'ca.crt'), renewed.ca);
      expect(await pod.ask()).toBe('Forbidden');
    } finally {
      await renewed.close();
    }
  });
});
