import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { fakeCertificate } from './fake-certificate.ts';
import { ServedPairs, type ServedPairsOptions } from './served-pairs.ts';

/** How it behaves at this moment. */
interface State {
  broken: boolean;
  /** Of which a client certificate must be; undefined: none is needed. */
  demanded: readonly X509Certificate[] | undefined;
}

/**
 * An HTTPS server that chooses its certificate by SNI as ingress-nginx does: the Secret's, else its own fake one. And
 * an HTTP server beside it, as Ingress controllers have.
 */
export class Origin implements AsyncDisposable {
  /** Of HTTPS, on 127.0.0.1. */
  readonly port: number;
  /** Of HTTP, on 127.0.0.1. */
  readonly httpPort: number;
  readonly #state: State;
  readonly #server: Server;
  readonly #plain: HttpServer;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;

  static async start(options: ServedPairsOptions): Promise<Origin> {
    const pairs = new ServedPairs(options);
    const state: State = { broken: false, demanded: undefined };
    const contextFor = (host: string): SecureContext | undefined =>
      state.broken ? undefined : pairs.contextFor(host);
    const tls = {
      ...(await fakeCertificate()),
      // Whether one is needed, and of whom, is decided request by request, as nginx does.
      requestCert: true,
      rejectUnauthorized: false,
      // Without a context Node takes the default one: the fake certificate.
      SNICallback: (host: string, done: (error: null, context?: SecureContext) => void) =>
        done(null, contextFor(host)),
    };
    const hello = (_request: unknown, response: ServerResponse): void => {
      response.end('hello from the origin\n');
    };
    const guarded = ({ socket }: IncomingMessage, response: ServerResponse): void => {
      const { demanded } = state;
      const client = (socket as TLSSocket).getPeerX509Certificate();
      if (demanded === undefined || (client && isOf(client, demanded))) return hello(undefined, response);
      response
        .writeHead(400)
        .end(client ? 'The SSL certificate error' : 'No required SSL certificate was sent');
    };
    const [server, plain] = [createServer(tls, guarded), createHttpServer(hello)];
    await Promise.all([listen(server), listen(plain)]);
    return new Origin(server, plain, pairs, state);
  }

  private constructor(server: Server, plain: HttpServer, pairs: ServedPairs, state: State) {
    this.#state = state;
    this.#server = server;
    this.#plain = plain;
    this.port = portOf(server);
    this.httpPort = portOf(plain);
    for (const listening of [server, plain]) {
      listening.on('connection', (socket: Socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => void this.#sockets.delete(socket));
      });
    }
    server.on('tlsClientError', (_error, socket) => void socket.destroy()); // The edge hangs up where it distrusts.
    this.#watching = pairs.run(this.#stop.signal);
  }

  /** From now on everybody is shown the fake certificate, as when the Ingress lost its Secret; or no longer. */
  setBroken(broken: boolean): void {
    this.#state.broken = broken;
  }

  /** From now on whoever comes by HTTPS needs a certificate of one of these CAs; or of nobody. */
  demand(cas: readonly X509Certificate[] | undefined): void {
    this.#state.demanded = cas;
  }

  get demands(): boolean {
    return this.#state.demanded !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
    const closed = [this.#server, this.#plain].map(
      (server) => new Promise<void>((resolve) => void server.close(() => resolve())),
    );
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

function isOf(client: X509Certificate, cas: readonly X509Certificate[]): boolean {
  const now = Date.now();
  return (
    client.validFromDate.getTime() <= now &&
    now <= client.validToDate.getTime() &&
    cas.some((ca) => client.checkIssued(ca) && client.verify(ca.publicKey))
  );
}

function listen(server: Server | HttpServer): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

function portOf(server: Server | HttpServer): number {
  return (server.address() as AddressInfo).port; // A listening TCP server has a port.
}
