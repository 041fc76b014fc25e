import { randomBytes } from 'node:crypto';
import { KubeClient } from '../../../src/kube/client.ts';
import { loadKubeConfig } from '../../../src/kube/config.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { secrets } from '../../../src/kube/resource.ts';
import type { TransportOptions } from '../../../src/kube/transport.ts';
import { proxyApiServer } from '../../proxy/api-server.ts';
import type { FaultProxy } from '../../proxy/proxy.ts';
import { cluster, testNamespace } from '../../support/cluster.ts';

export const fieldManager = 'kube-test';

/** A namespace, the straight way to the API server, and one through a fault proxy. */
export class World implements AsyncDisposable {
  readonly namespace: string;
  readonly direct: KubeClient;
  readonly proxied: KubeClient;
  readonly proxy: FaultProxy;
  readonly #end = new AbortController();

  static async create(
    options: TransportOptions & { kubeconfigPath?: string; namespace?: string } = {},
  ): Promise<World> {
    const kubeconfigPath = options.kubeconfigPath ?? cluster().kubeconfigPath;
    const { proxy, kubeConfig } = await proxyApiServer(kubeconfigPath);
    const direct = await KubeClient.connect(loadKubeConfig({ kubeconfig: kubeconfigPath, env: {} }));
    const proxied = await KubeClient.connect(kubeConfig, options);
    return new World(options.namespace ?? (await testNamespace('kube')), direct, proxied, proxy);
  }

  private constructor(namespace: string, direct: KubeClient, proxied: KubeClient, proxy: FaultProxy) {
    this.namespace = namespace;
    this.direct = direct;
    this.proxied = proxied;
    this.proxy = proxy;
  }

  /** Aborts when the test ends. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** For a write by somebody else. */
  get write(): { signal: AbortSignal; fieldManager: string } {
    return { signal: this.signal, fieldManager };
  }

  ref(name: string): { name: string; namespace: string } {
    return { name, namespace: this.namespace };
  }

  secret(name: string, text = 'value'): Secret {
    return { metadata: this.ref(name), data: { key: Buffer.from(text).toString('base64') } };
  }

  async put(name: string, text: string = randomBytes(4).toString('hex')): Promise<Secret> {
    return await this.direct.apply(secrets, this.secret(name, text), { ...this.write, force: true });
  }

  async remove(name: string): Promise<void> {
    await this.direct.delete(secrets, this.ref(name), { signal: this.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all([this.direct.close(), this.proxied.close(), this.proxy.close()]);
  }
}
