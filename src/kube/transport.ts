import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { fencedDispatcher } from '../fence.ts';
import { readJson, readRefusal } from './answers.ts';
import { Connections } from './connections.ts';
import { CredentialSource } from './credentials.ts';
import { errorFromFailure, type KubeError, type KubeErrorKind, type Operation } from './errors.ts';
import { dateOf, warningsOf } from './headers.ts';

/** One finished request, for metrics. */
export interface RequestReport {
  readonly verb: string;
  readonly resource: string;
  /** HTTP status; absent where no response came. */
  readonly statusCode?: number;
  /** Set when the request failed. */
  readonly kind?: KubeErrorKind;
  /** Until the response's head for a watch, else until its end. */
  readonly durationMs: number;
}

export interface TransportOptions {
  /** Called once per request, when it is over. */
  readonly onRequest?: (report: RequestReport) => void;
  /** Told each Warning header's text, and that credentials could not be read anew. */
  readonly onWarning?: (text: string) => void;
  /** Told the wall-clock time of every response's Date header, milliseconds since the epoch. */
  readonly onDate?: (dateMs: number) => void;
  /** How long to wait for a response's head, and between two pieces of its body. Default 30 s. */
  readonly timeoutMs?: number;
  /** Who asks, for the API server's audit log. Default `origin-ca-operator`. */
  readonly userAgent?: string;
  /** How often token, certificates and CA are read anew. Default 60 s, as client-go does. */
  readonly credentialsMs?: number;
}

/** One request as the client words it. */
export interface Request {
  readonly operation: Operation;
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** Called synchronously at dispatch and as the request is written; what it throws keeps it from being sent. */
  readonly fence?: (() => void) | undefined;
  /** Nobody is told of the server's warnings: a dry run is made to be refused or forgotten. */
  readonly quiet?: boolean;
  /** A longer answer is not read to its end: it fails as `TooLarge`. Default: none is. */
  readonly maxBytes?: number;
  /** Longest silence inside the response's body. Default: the transport's `timeoutMs`. */
  readonly idleMs?: number;
}

/** Sends requests to one API server, and reads their answers. */
export class Transport {
  readonly #server: URL;
  readonly #options: TransportOptions;
  readonly #connections: Connections;
  #lastReadMs = Number.NEGATIVE_INFINITY;

  static async connect(kubeConfig: KubeConfig, options: TransportOptions): Promise<Transport> {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig has no current cluster');
    const onProblem = (text: string): void => options.onWarning?.(text);
    const source = await CredentialSource.open(kubeConfig, options.credentialsMs ?? 60_000, onProblem);
    const server = new URL(cluster.server);
    return new Transport(server, await Connections.open(server.origin, source), options);
  }

  private constructor(server: URL, connections: Connections, options: TransportOptions) {
    this.#server = server;
    this.#connections = connections;
    this.#options = options;
  }

  /**
   * Monotonic time at which the newest of the reads that were answered began: what it said was true at that time or
   * later. Watches do not count: what they say may have waited in a buffer for as long as this process stood still.
   */
  get lastReadMs(): number {
    return this.#lastReadMs;
  }

  /** Sends a request and reads its whole JSON answer. */
  async json(request: Request): Promise<unknown> {
    const startMs = performance.now();
    const answer = await this.#timed(request, (response) => readJson(response, request));
    if (request.method === 'GET') this.#lastReadMs = Math.max(this.#lastReadMs, startMs);
    return answer;
  }

  /** Sends a request and hands out its body as it comes, once the head says that it succeeded. */
  async stream(request: Request): Promise<Dispatcher.ResponseData['body']> {
    return await this.#timed(request, async (response) => {
      if (response.statusCode !== 200) throw await readRefusal(response, request.operation);
      return response.body;
    });
  }

  /** Ends every connection, and whatever is out on them, and begins with new ones. */
  async reconnect(): Promise<void> {
    await this.#connections.reconnect();
  }

  /** Ends every connection, also those of running watches. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #timed<R>(request: Request, read: (response: Dispatcher.ResponseData) => Promise<R>): Promise<R> {
    const startMs = performance.now();
    let statusCode: number | undefined;
    try {
      const response = await this.#dispatch(request);
      statusCode = response.statusCode;
      const result = await read(response);
      this.#report(request, startMs, statusCode);
      return result;
    } catch (failure) {
      const error = errorFromFailure(request.operation, failure, request.signal);
      this.#report(request, startMs, statusCode, error);
      throw error;
    }
  }

  async #dispatch(request: Request): Promise<Dispatcher.ResponseData> {
    await this.#connections.refresh();
    const timeoutMs = this.#options.timeoutMs ?? 30_000;
    const options: Dispatcher.RequestOptions = {
      path: this.#path(request),
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'origin-ca-operator',
        ...this.#connections.headers,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      // undici closes the connection after a DELETE with a body, lest the server take that for the next request.
      // The API server reads it: it holds the preconditions.
      reset: false,
      signal: request.signal,
      headersTimeout: timeoutMs,
      bodyTimeout: request.idleMs ?? timeoutMs,
    };
    request.signal.throwIfAborted();
    request.fence?.();
    const { dispatcher } = this.#connections;
    const fenced = request.fence === undefined ? dispatcher : fencedDispatcher(dispatcher, request.fence);
    const response = await fenced.request(options);
    this.#hear(request, response);
    return response;
  }

  #path(request: Request): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(name, value);
    const base = this.#server.pathname.replace(/\/$/, '');
    return `${base}${request.path}${query.size === 0 ? '' : `?${query.toString()}`}`;
  }

  #hear(request: Request, response: Dispatcher.ResponseData): void {
    const dateMs = dateOf(response.headers['date']);
    if (dateMs !== undefined) this.#options.onDate?.(dateMs);
    const warnings = request.quiet ? [] : warningsOf(response.headers['warning']);
    for (const text of warnings) this.#options.onWarning?.(text);
    if (response.statusCode === 401) this.#connections.refused();
  }

  #report(request: Request, startMs: number, statusCode: number | undefined, error?: KubeError): void {
    const { verb, resource } = request.operation;
    this.#options.onRequest?.({
      verb,
      resource,
      durationMs: performance.now() - startMs,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(error === undefined ? {} : { kind: error.kind }),
    });
  }
}
