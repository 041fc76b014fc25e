import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { fakeCertificate } from './fake-certificate.ts';
import { ServedPairs, type ServedPairsOptions } from './served-pairs.ts';

/** An HTTPS server that chooses its certificate by SNI as ingress-nginx does: the Secret's, else its own fake one. */
export class Origin implements AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  static async start(options: ServedPairsOptions): Promise<Origin> {
    const pairs = new ServedPairs(options);
    const tls = {
      ...(await fakeCertificate()),
      // Without a context Node takes the default one: the fake certificate.
      SNICallback: (host: string, done: (error: null, context?: SecureContext) => void) =>
        done(null, pairs.contextFor(host)),
    };
    const server = createServer(tls, (_request, response) => {
      response.end('hello from the origin\n');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new Origin(server, pairs);
  }

  private constructor(server: Server, pairs: ServedPairs) {
    this.#server = server;
    // A listening TCP server has a port.
    ({ port: this.port } = server.address() as AddressInfo);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => void this.#sockets.delete(socket));
    });
    server.on('tlsClientError', (_error, socket) => void socket.destroy()); // The edge hangs up where it distrusts.
    this.#watching = pairs.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}
