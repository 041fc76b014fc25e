import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createHttpsServer } from 'node:https';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FenceError, fencedDispatcher, isFenced } from '../../src/fence.ts';
import { CloudflareError, fenced } from '../../src/cloudflare/errors.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { loopbackCertificate } from '../proxy/certificate.ts';
import { NotYet, waitFor } from '../support/wait.ts';

/** A server that keeps its callers waiting for the TLS handshake until it is told to open. */
class SlowDoor {
  readonly #tcp: Server;
  readonly #https: ReturnType<typeof createHttpsServer>;
  readonly requests: string[] = [];
  #waiting: Socket[] = [];
  readonly ca: string;

  static async start(): Promise<SlowDoor> {
    const door = new SlowDoor(await loopbackCertificate());
    door.#tcp.listen(0, '127.0.0.1');
    await once(door.#tcp, 'listening');
    return door;
  }

  private constructor(pair: { cert: string; key: string }) {
    this.ca = pair.cert;
    this.#tcp = createTcpServer({ pauseOnConnect: true }, (socket) => void this.#waiting.push(socket));
    this.#https = createHttpsServer(pair, (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      response.end('here');
    });
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#tcp.address() as AddressInfo).port}`;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  open(): void {
    for (const socket of this.#waiting.splice(0)) this.#https.emit('connection', socket);
  }

  close(): void {
    this.#https.closeAllConnections();
    this.#tcp.close();
  }
}

let door: SlowDoor;
let agent: Agent;

beforeEach(async () => {
  door = await SlowDoor.start();
  agent = new Agent({ allowH2: false, connections: 1, connect: { ca: door.ca } });
});

afterEach(async () => {
  await agent.destroy();
  door.close();
});

const post = { origin: '', path: '/', method: 'POST', body: '{}' } as const;

describe('a fence', () => {
  test('keeps back a request that waited for its connection while the fence closed', async () => {
    let isOpen = true;
    const dispatcher = fencedDispatcher(agent, () => {
      if (!isOpen) throw new FenceError('the lease is gone');
    });
    const kept = dispatcher.request({ ...post, origin: door.url }).catch((error: unknown) => error);
    await waitFor('the caller at the door', () => door.waiting || new NotYet(door.waiting), {
      timeoutMs: 5000,
    });
    isOpen = false;
    door.open();
    expect(await kept).toMatchObject({ name: 'FenceError', message: 'the lease is gone' });
    isOpen = true;
    const { body } = await dispatcher.request({ ...post, path: '/later', origin: door.url });
    expect(await body.text()).toBe('here');
    expect(door.requests).toEqual(['POST /later']);
  });

  test('lets an answer through as it came', async () => {
    const answer = fencedDispatcher(agent, () => undefined).request({ ...post, origin: door.url });
    await waitFor('the caller at the door', () => door.waiting, { timeoutMs: 5000 });
    door.open();
    const { statusCode, body } = await answer;
    expect([statusCode, await body.text()]).toEqual([200, 'here']);
  });
});

test.each<[string, unknown, boolean]>([
  ['a fence itself', new FenceError('no'), true],
  ['one of kube', new KubeError('Fenced', 'not sent', { cause: new FenceError('no') }), true],
  ['one of cloudflare', fenced('create_certificate', new FenceError('no')), true],
  ['a network', new KubeError('Network', 'no', { cause: new Error('reset') }), false],
  [
    'an outage',
    new CloudflareError('no', {
      kind: 'CloudflareUnavailable',
      definite: false,
      operation: 'create_certificate',
    }),
    false,
  ],
  ['nothing', undefined, false],
])('whether a fence stands behind an error is known: %s', (_, error, expected) => {
  expect(isFenced(error)).toBe(expected);
});
