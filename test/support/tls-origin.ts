import { once } from 'node:events';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { Worker } from 'node:worker_threads';
import type { Signed } from './tls-origin-certificates.ts';

/** A server on loopback that is knocked at. */
export interface Origin extends AsyncDisposable {
  /** `127.0.0.1:port`, or `[::1]:port`. */
  readonly address: string;
  readonly port: number;
  /** Names asked for by SNI, one for each TLS connection that came so far. */
  readonly asked: readonly string[];
  /** TCP connections so far. */
  readonly connections: number;
}

export interface TlsOriginOptions {
  readonly pair: Pick<Signed, 'pem' | 'keyPem'>;
  /** Presented after the leaf, in this order. */
  readonly intermediates?: readonly Signed[];
  /** Passed to Node's server: client certificates, versions. */
  readonly tls?: TlsOptions;
  /** What is written once the first bytes of a request came. Default: 200. */
  readonly answer?: string | ((socket: TLSSocket) => string);
  readonly host?: '127.0.0.1' | '::1' | '127.0.0.2' | '127.0.0.3';
  /** Default: any that is free. */
  readonly port?: number;
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A real TLS server that presents a certificate and answers one request a connection. */
export function tlsOrigin({ pair, intermediates = [], ...options }: TlsOriginOptions): Promise<Origin> {
  const asked: string[] = [];
  const server = createServer(
    {
      key: pair.keyPem,
      cert: [pair, ...intermediates].map(({ pem }) => pem).join(''),
      ...options.tls,
    },
    (socket) => {
      asked.push(typeof socket.servername === 'string' ? socket.servername : '');
      socket.on('error', () => undefined); // Whoever knocks may hang up at any time.
      const { answer = OK } = options;
      socket.once('data', () => {
        socket.end(typeof answer === 'string' ? answer : answer(socket), 'latin1');
      });
    },
  );
  return listening(server, options, asked);
}

/** A TCP server that does as told with each connection. */
export function tcpOrigin(behave: (socket: Socket) => void): Promise<Origin> {
  return listening(createTcpServer(behave), {}, []);
}

/** A port of loopback that answers no SYN any more, as behind a firewall that drops them. */
export async function silentPort(): Promise<{ readonly address: string } & AsyncDisposable> {
  // A server whose thread stands still accepts nothing; once its backlog is full, Linux drops what comes.
  const worker = new Worker(STANDSTILL, { eval: true });
  const [port]: unknown[] = await once(worker, 'message');
  if (typeof port !== 'number') throw new Error('the server that stands still has no port');
  const filling = Array.from({ length: 8 }, () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined); // Some of them are dropped too, which is what they are for.
    return socket;
  });
  await Promise.race(filling.map((socket) => once(socket, 'connect')));
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of filling) socket.destroy();
      await worker.terminate();
    },
  };
}

const STANDSTILL = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

async function listening(
  server: Server,
  { host = '127.0.0.1', port = 0 }: Pick<TlsOriginOptions, 'host' | 'port'>,
  asked: readonly string[],
): Promise<Origin> {
  const open = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => undefined); // As above.
    socket.on('close', () => void open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: listeningAt } = server.address() as AddressInfo;
  return {
    address: host === '::1' ? `[::1]:${listeningAt}` : `${host}:${listeningAt}`,
    port: listeningAt,
    asked,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
