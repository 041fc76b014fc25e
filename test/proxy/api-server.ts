import { KubeConfig } from '@kubernetes/client-node';
import { FaultProxy } from './proxy.ts';

/** A proxy in front of an API server, and the configuration that leads through it with the same rights. */
export interface ProxiedApiServer {
  readonly proxy: FaultProxy;
  readonly kubeConfig: KubeConfig;
}

/** Starts a fault proxy in front of the API server of a kubeconfig with inline certificates or a token. */
export async function proxyApiServer(
  kubeconfigPath: string,
  rewrite?: (path: string) => string,
): Promise<ProxiedApiServer> {
  const direct = new KubeConfig();
  direct.loadFromFile(kubeconfigPath);
  const cluster = direct.getCurrentCluster();
  const user = direct.getCurrentUser();
  if (cluster === null || user === null) throw new Error(`${kubeconfigPath} has no current cluster and user`);
  // A client certificate cannot pass a proxy that ends TLS: the proxy shows it in the client's stead.
  const proxy = await FaultProxy.start({
    upstream: cluster.server,
    rewrite,
    ...decoded('ca', cluster.caData),
    ...decoded('cert', user.certData),
    ...decoded('key', user.keyData),
  });
  const kubeConfig = new KubeConfig();
  const caData = Buffer.from(proxy.ca).toString('base64');
  const token = user.token === undefined ? {} : { token: user.token };
  kubeConfig.loadFromClusterAndUser(
    { name: 'proxied', server: proxy.url, caData, skipTLSVerify: false },
    { name: 'proxied', ...token },
  );
  return { proxy, kubeConfig };
}

function decoded(name: 'ca' | 'cert' | 'key', base64: string | null | undefined): Record<string, Buffer> {
  return base64 ? { [name]: Buffer.from(base64, 'base64') } : {};
}
