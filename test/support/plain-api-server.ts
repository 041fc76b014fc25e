import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../src/kube/client.ts';

interface PlainApiServer extends AsyncDisposable {
  readonly server: Server;
  readonly kube: KubeClient;
}

/** A server on this machine, without TLS and without a cluster behind it, and a client of it. */
export async function listen(listener: RequestListener): Promise<PlainApiServer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'u' },
  );
  const kube = await KubeClient.connect(kubeConfig);
  const stop = async (): Promise<void> => {
    await kube.close();
    server.closeAllConnections();
    server.close();
  };
  return { server, kube, [Symbol.asyncDispose]: stop };
}
