import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Connections } from '../../../src/kube/connections.ts';
import type { Credentials } from '../../../src/kube/credentials.ts';

let server: Server;
let accepted: number;
let credentials: Credentials;
let distrusted: number;
let connections: Connections;
/** What the server has begun to send and not ended. */
let endings: (() => void)[];

beforeEach(async () => {
  accepted = 0;
  distrusted = 0;
  endings = [];
  credentials = speaking('first');
  server = createServer((_request, response) => {
    response.write('begun ');
    endings.push(() => void response.end('ended'));
  }).listen(0, '127.0.0.1');
  server.on('connection', () => void (accepted += 1));
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  connections = await Connections.open(origin, {
    current: () => Promise.resolve(credentials),
    distrust: () => void (distrusted += 1),
  });
});

afterEach(async () => {
  await connections.close();
  server.closeAllConnections();
  server.close();
});

/** Credentials with that token, and with that server name where one is given. */
function speaking(token: string, servername?: string): Credentials {
  return {
    tls: servername === undefined ? {} : { servername },
    headers: { authorization: `Bearer ${token}` },
  };
}

/** The head of an answer has come, of its body the first part. */
async function begin(): Promise<Dispatcher.ResponseData['body']> {
  return (await connections.dispatcher.request({ method: 'GET', path: '/' })).body;
}

/** One whole answer. */
async function ask(): Promise<string> {
  const body = await begin();
  for (const end of endings.splice(0)) end();
  return await body.text();
}

async function change(to: Credentials): Promise<void> {
  credentials = to;
  await connections.refresh();
}

describe('the connections to an API server', () => {
  test('stay the same when only the token is another, which every request has from then on', async () => {
    const { dispatcher } = connections;
    await change(speaking('second'));
    expect(connections.headers).toEqual({ authorization: 'Bearer second' });
    expect(connections.dispatcher === dispatcher).toBe(true);
  });

  test('are made anew when the TLS material is another; what is under way on the old ones comes to its end', async () => {
    const watch = await begin();
    await change(speaking('first', 'another'));
    expect(await ask()).toBe('begun ended');
    expect(await watch.text()).toBe('begun ended');
    expect(accepted).toBe(2);
  });

  test('end with all that is under way, also on replaced ones, when they are begun anew', async () => {
    const old = await begin();
    await change(speaking('first', 'another'));
    const young = await begin();
    const failures = Promise.all(
      [old, young].map((body) => expect(body.text()).rejects.toThrow('destroyed')),
    );
    await connections.reconnect();
    await failures;
    endings = [];
    expect(await ask()).toBe('begun ended');
  });

  test('end for good when they are closed, whatever credentials come after', async () => {
    const old = await begin();
    await change(speaking('first', 'another'));
    const young = await begin();
    const failures = Promise.all(
      [old, young].map((body) => expect(body.text()).rejects.toThrow('destroyed')),
    );
    await connections.close();
    await failures;
    await change(speaking('first', 'a third'));
    await expect(ask()).rejects.toThrow('destroyed');
    expect(accepted).toBe(2);
  });

  test('stay closed when they are to be begun anew after that', async () => {
    await connections.close();
    await connections.reconnect();
    await expect(ask()).rejects.toThrow('destroyed');
    expect(accepted).toBe(0);
  });

  test('are there though the TLS material is of no use: each request says so', async () => {
    credentials = { tls: { ca: 'none', cert: 'none', key: 'none' }, headers: {} };
    const current = (): Promise<Credentials> => Promise.resolve(credentials);
    connections = await Connections.open('https://127.0.0.1:1', { current, distrust: () => undefined });
    await expect(begin()).rejects.toThrow('PEM');
  });

  test('have the credentials read again that were refused', () => {
    connections.refused();
    expect(distrusted).toBe(1);
  });
});
