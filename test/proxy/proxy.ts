import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopbackCertificate } from './certificate.ts';
import type { Gate, Passage } from './gate.ts';
import { answer, readAll } from './messages.ts';
import { type Fault, isWatch, type Rule, Rules } from './faults.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

/** One request that reached the proxy. */
export interface SeenRequest {
  /** performance.now() at its arrival. */
  readonly atMs: number;
  /** Its number: as many came before it. */
  readonly number: number;
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly watch: boolean;
  readonly fault?: Fault['type'];
  /** Of the answer, the proxy's own or the server's; absent while there is none. */
  status?: number;
  /** performance.now() when the caller went away before it had its whole answer. */
  abandonedMs?: number;
}

/**
 * An HTTPS proxy in front of one server, in the test's own process: counts every request, and does to them
 * what networks and servers do. Its certificate is its own CA, see `ca`.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #upstream: Upstream;
  readonly #rules = new Rules();
  readonly #sockets = new Set<Socket>();
  /** Answers of running watches. */
  readonly #watches = new Set<ServerResponse>();
  /** Watches whose next piece is to be cut in the middle. */
  readonly #toCut = new WeakSet<ServerResponse>();
  #resumed: PromiseWithResolvers<void> | undefined;
  #url = '';
  #arrived = 0;
  /** PEM certificate to trust the proxy by. */
  readonly ca: string;
  /** Every request since the start or the last `forget`, in order of arrival. */
  requests: SeenRequest[] = [];
  /** What went wrong between the proxy and the server behind it, or while a caller went away. */
  errors: unknown[] = [];
  /** TCP connections accepted so far. */
  connections = 0;
  /** Asked for every message in both directions. While there is one, an answer is passed on when it is complete. */
  gate: Gate | undefined;

  /** `port`: for a proxy that takes the place of a closed one; otherwise a free one is taken. */
  static async start({
    port = 0,
    ...upstream
  }: UpstreamOptions & { readonly port?: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream, await loopbackCertificate());
    await proxy.#listen(port);
    return proxy;
  }

  private constructor(options: UpstreamOptions, tls: { cert: string; key: string }) {
    this.#upstream = new Upstream(options);
    this.ca = tls.cert;
    this.#server = createServer({ ...tls, ALPNProtocols: ['http/1.1'] }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        // To the caller a server that cannot be reached is a connection that breaks.
        this.errors.push(error);
        this.#reset(request);
      });
    });
    this.#server.on('connection', (socket) => {
      if (!(socket instanceof Socket)) return;
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => void this.#sockets.delete(socket));
    });
  }

  /** https://127.0.0.1:PORT and the path of `upstream`. */
  get url(): string {
    return this.#url;
  }

  /** Puts a fault into force; returns what takes it out again. */
  inject(rule: Rule): () => void {
    return this.#rules.inject(rule);
  }

  /** Takes out every rule and resumes. What hangs goes on hanging. */
  clear(): void {
    this.#rules.clear();
    this.resume();
  }

  /** Forgets the requests and errors seen so far. */
  forget(): void {
    this.requests = [];
    this.errors = [];
  }

  /** Holds back everything, in both directions, until `resume`; connections stay open. */
  pause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  /** Resets every connection of every client. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Watches that are being answered now. */
  get openWatches(): number {
    return this.#watches.size;
  }

  /** Cuts the running watches: each in the middle of its next line, by a reset. */
  cutWatches(): void {
    for (const watch of this.#watches) this.#toCut.add(watch);
  }

  async close(): Promise<void> {
    this.resume();
    this.#upstream.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    this.#url = `https://127.0.0.1:${address.port}${this.#upstream.url.pathname.replace(/\/$/, '')}`;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const fault = this.#rules.take(method, path);
    const seen: SeenRequest = {
      atMs: performance.now(),
      number: this.#arrived++,
      method,
      path,
      watch: isWatch(path),
      ...(fault === undefined ? {} : { fault: fault.type }),
    };
    this.requests.push(seen);
    response.once('close', () => {
      if (!response.writableFinished) seen.abandonedMs = performance.now();
    });
    const body = await readAll(request);
    await this.#resumed?.promise;
    const passage = { request: seen.number, method, path };
    // Whoever was gone before has a request on its way that nothing calls back: it arrives, however late.
    const isWaited = seen.abandonedMs === undefined;
    if ((await this.gate?.({ ...passage, when: 'before', body })) === 'drop') return void request.destroy();
    // Whoever gave up while a gate held the request has long concluded that it never arrived.
    if (isWaited && this.gate !== undefined && seen.abandonedMs !== undefined) return;
    switch (fault?.type) {
      case 'status':
        seen.status = fault.status;
        return answer(response, fault);
      case 'reset':
      case 'hang':
        if (fault.when === 'after') await readAll(await this.#forward(request, body, response, seen));
        if (fault.type === 'reset') this.#reset(request);
        return;
      case 'slow':
        await sleep(fault.delayMs);
        break;
      case 'end':
      case 'cut':
      case undefined:
    }
    await this.#relay(await this.#forward(request, body, response, seen), response, passage, fault);
  }

  async #forward(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    seen: SeenRequest,
  ): Promise<IncomingMessage> {
    const incoming = await this.#upstream.send(request, body, response);
    if (incoming.statusCode !== undefined) seen.status = incoming.statusCode;
    return incoming;
  }

  /** A true RST: the TLS socket of a request can only close in good order, the TCP socket below it can reset. */
  #reset({ socket }: IncomingMessage): void {
    for (const tcp of this.#sockets) if (tcp.remotePort === socket.remotePort) tcp.resetAndDestroy();
  }

  async #relay(
    incoming: IncomingMessage,
    response: ServerResponse,
    passage: Pick<Passage, 'request' | 'method' | 'path'>,
    fault: Fault | undefined,
  ): Promise<void> {
    if (fault?.type === 'end') {
      incoming.destroy();
      response.writeHead(incoming.statusCode ?? 502, { 'content-type': 'application/json' });
      response.end();
      return;
    }
    const watch = isWatch(passage.path);
    if (this.gate !== undefined && !watch && fault === undefined) {
      const body = await readAll(incoming);
      if ((await this.gate({ ...passage, when: 'after', body })) === 'drop') return void response.destroy();
      response.writeHead(incoming.statusCode ?? 502, incoming.headers).end(body);
      return;
    }
    response.writeHead(incoming.statusCode ?? 502, incoming.headers);
    response.flushHeaders();
    if (fault?.type === 'cut') this.#toCut.add(response);
    if (watch) this.#watches.add(response);
    response.once('close', () => {
      this.#watches.delete(response);
      incoming.destroy();
    });
    for await (const piece of incoming as AsyncIterable<Buffer>) {
      await this.#resumed?.promise;
      if (watch && (await this.gate?.({ ...passage, when: 'event', body: piece })) === 'drop')
        return void response.destroy();
      if (fault?.type === 'slow' && fault.dripMs !== undefined) await sleep(fault.dripMs);
      if (this.#toCut.has(response)) return this.#cutShort(response, piece);
      if (response.destroyed) return;
      response.write(piece);
    }
    response.end();
  }

  /** Sends half of a piece, then resets the connection. */
  #cutShort(response: ServerResponse, piece: Buffer): void {
    response.write(
      piece.subarray(0, Math.floor(piece.length / 2)),
      () => void setImmediate(() => this.#reset(response.req)),
    );
  }
}
