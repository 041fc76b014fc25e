import { once } from 'node:events';
import { createServer } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import { secrets } from '../../../src/kube/resource.ts';

test('a deletion with preconditions leaves its connection to the next request', async () => {
  const bodies: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{"kind":"Status","status":"Success"}');
    });
  })
    .on('connection', () => void (connections += 1))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'u' },
  );
  const kube = await KubeClient.connect(kubeConfig);
  const { signal } = new AbortController();
  try {
    for (let deletion = 0; deletion < 10; deletion += 1) {
      await kube.delete(secrets, { namespace: 'shop', name: 'web' }, { signal, uid: 'u' });
    }
  } finally {
    await kube.close();
    server.close();
  }
  expect(bodies.filter((body) => body.includes('"preconditions"'))).toHaveLength(10);
  // The second may be opened while the first is still being put back.
  expect(connections).toBeLessThanOrEqual(2);
});
