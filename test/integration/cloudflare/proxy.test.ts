import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Simulator } from '../../simulator/client.ts';
import { apiFor, clientFor, startTrusted } from './simulated.ts';

const signal = new AbortController().signal;

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startTrusted();
});
afterAll(() => simulator.stop());

/** An egress proxy that tunnels, and remembers where to. */
async function startProxy() {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer().on('connect', (request, client: Socket) => {
    targets.push(request.url ?? '');
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => void socket.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, targets, stop };
}

describe('HTTPS_PROXY', () => {
  test.each([
    ['set, is the way to Cloudflare', {}, 1],
    ['is not the way to what NO_PROXY names', { NO_PROXY: '127.0.0.1' }, 0],
  ])('%s', async (_, more, tunnels) => {
    const proxy = await startProxy();
    const api = apiFor(simulator, { env: { HTTPS_PROXY: proxy.url, ...more } });
    const client = await clientFor(simulator, api);
    expect((await client.verifyToken({ signal })).status).toBe('active');
    await api.close();
    proxy.stop();
    expect(proxy.targets).toEqual(Array.from({ length: tunnels }, () => new URL(simulator.apiUrl).host));
  });

  test('that cannot be reached is an outage that names it as a thing to check', async () => {
    const api = apiFor(simulator, { env: { https_proxy: 'http://127.0.0.1:9' } });
    const client = await clientFor(simulator, api);
    const error = await client.verifyToken({ signal }).catch((reason: unknown) => reason);
    await api.close();
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', definite: false });
    expect(String(error)).toContain('HTTPS_PROXY');
  });

  test.each(['proxy.internal:3128', 'socks5://user:hunter2@proxy:1080'])(
    'that is no URL of a proxy is refused: %s',
    (text) => {
      expect(() => apiFor(simulator, { env: { HTTPS_PROXY: text } })).toThrow(
        'HTTPS_PROXY is not the URL of a proxy: set it to http://host:port or https://host:port, or unset it.',
      );
    },
  );
});
