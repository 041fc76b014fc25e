import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A server on loopback for the edge to visit. */
export interface Origin {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  close(): Promise<void>;
}

/** An origin over HTTPS that presents the pair, or one over HTTP without a pair. */
export function startOrigin(answer: RequestListener, pair?: TlsOptions): Promise<Origin> {
  const server: HttpServer = pair === undefined ? createHttpServer(answer) : createHttpsServer(pair, answer);
  return listening(server);
}

/** A TCP server that does with its connections what the test wants. */
export function startTcp(onConnection: (socket: Socket) => void): Promise<Origin> {
  return listening(createTcpServer(onConnection));
}

async function listening(server: Server): Promise<Origin> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => void sockets.delete(socket));
    socket.on('error', () => void socket.destroy()); // The edge hangs up where it distrusts.
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // A listening TCP server has a port.
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A loopback address where nobody listens. */
export async function closedPort(): Promise<string> {
  const origin = await startTcp(() => undefined);
  await origin.close();
  return origin.address;
}
