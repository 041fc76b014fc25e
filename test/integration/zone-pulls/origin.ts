import { once } from 'node:events';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientPair } from '../../../src/probe/types.ts';
import { originRoots, signedBy } from '../../support/signed.ts';

/** How an origin turns a client away that it demands a certificate of: with a 400 as nginx does, or in TLS. */
export type Refusal = 'status' | 'alert';

/** An HTTPS origin on loopback that can be told to demand a client certificate, and of which CAs. */
export class DemandingOrigin implements AsyncDisposable {
  readonly #refusal: Refusal;
  readonly #pair: { readonly cert: string; readonly key: string };
  #server: Server | undefined;
  #port = 0;

  private constructor(refusal: Refusal, pair: { readonly cert: string; readonly key: string }) {
    this.#refusal = refusal;
    this.#pair = pair;
  }

  static async start(refusal: Refusal): Promise<DemandingOrigin> {
    const { certificate, privateKey } = await signedBy((await originRoots()).ca);
    const origin = new DemandingOrigin(refusal, { cert: certificate, key: privateKey });
    await origin.demand(undefined);
    return origin;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** From now on clients need a certificate of one of these CAs (PEM), or none at all. Same port. */
  async demand(ca: string | undefined): Promise<void> {
    await this.#close();
    const tls =
      ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: this.#refusal === 'alert' };
    const server = createServer({ ...this.#pair, ...tls }, (incoming, response) => {
      const socket = incoming.socket as TLSSocket;
      response.writeHead(ca === undefined || socket.authorized ? 200 : 400, { connection: 'close' });
      response.end(
        ca === undefined || socket.authorized ? 'welcome' : 'No required SSL certificate was sent',
      );
    });
    server.on('tlsClientError', (_error, socket) => void socket.destroy());
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** What somebody gets who does not come through the edge: a status, or how the connection ends. */
  async direct(pair?: ClientPair): Promise<number | 'turned away'> {
    const asked = request({
      host: '127.0.0.1',
      port: this.#port,
      servername: 'www.example.com',
      rejectUnauthorized: false,
      agent: false,
      ...(pair && { cert: pair.certificate, key: pair.key }),
    });
    return new Promise((resolve) => {
      asked.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.on('error', () => resolve('turned away'));
      asked.end();
    });
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
