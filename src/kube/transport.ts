import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { textWithin } from '../body.ts';
import { fencedDispatcher } from '../fence.ts';
import { type Credentials, CredentialSource, sameTls } from './credentials.ts';
import {
  describe,
  errorFromFailure,
  errorFromStatus,
  type KubeErrorKind,
  KubeError,
  type Operation,
} from './errors.ts';
import { dateOf, retryAfterOf, warningsOf } from './headers.ts';

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

/**
 * Sends requests to one API server over one pool of connections. The pool is not limited: a request is on its
 * way when it is sent, so that no write waits in a queue behind a fence it has already passed.
 */
export class Transport {
  readonly #server: URL;
  readonly #options: TransportOptions;
  readonly #source: CredentialSource;
  /** Whose TLS material the agent was made with. */
  #credentials: Credentials;
  #agent: Agent;
  /** Replaced agents whose last responses (watches) still run. */
  readonly #retired = new Set<Agent>();
  #closed = false;
  #lastReadMs = Number.NEGATIVE_INFINITY;

  static async connect(kubeConfig: KubeConfig, options: TransportOptions): Promise<Transport> {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig has no current cluster');
    const onProblem = (text: string): void => options.onWarning?.(text);
    const source = await CredentialSource.open(kubeConfig, options.credentialsMs ?? 60_000, onProblem);
    return new Transport(new URL(cluster.server), source, await source.current(), options);
  }

  private constructor(
    server: URL,
    source: CredentialSource,
    credentials: Credentials,
    options: TransportOptions,
  ) {
    this.#server = server;
    this.#source = source;
    this.#credentials = credentials;
    this.#options = options;
    this.#agent = newAgent(credentials);
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
    const answer = await this.#timed(request, async (response) => {
      const { body } = response;
      const text = await (request.maxBytes === undefined ? body.text() : textWithin(body, request.maxBytes));
      if (text === undefined)
        throw new KubeError('TooLarge', `${describe(request.operation)}: the answer is too large`);
      const value = parse(text);
      if (response.statusCode >= 300) throw refusal(request, response, value);
      if (typeof value !== 'object' || value === null)
        throw new KubeError('Server', `${describe(request.operation)}: the answer is no JSON`);
      return value;
    });
    if (request.method === 'GET') this.#lastReadMs = Math.max(this.#lastReadMs, startMs);
    return answer;
  }

  /** Sends a request and hands out its body as it comes, once the head says that it succeeded. */
  async stream(request: Request): Promise<Dispatcher.ResponseData['body']> {
    return await this.#timed(request, async (response) => {
      if (response.statusCode !== 200) throw refusal(request, response, parse(await response.body.text()));
      return response.body;
    });
  }

  /**
   * Ends every connection and begins with new ones: where a network dropped them without a word, whatever is out on
   * them (watches above all) would wait for minutes.
   */
  async reconnect(): Promise<void> {
    const old = [this.#agent, ...this.#retired];
    this.#agent = newAgent(this.#credentials);
    await Promise.all(old.map((agent) => agent.destroy()));
  }

  /** Ends every connection, also those of running watches. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#agent, ...this.#retired].map((agent) => agent.destroy()));
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
    await this.#useCurrentCredentials();
    const timeoutMs = this.#options.timeoutMs ?? 30_000;
    const options: Dispatcher.RequestOptions = {
      origin: this.#server.origin,
      path: this.#path(request),
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'origin-ca-operator',
        ...this.#credentials.headers,
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
    const agent = request.fence === undefined ? this.#agent : fencedDispatcher(this.#agent, request.fence);
    const response = await agent.request(options);
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
    if (response.statusCode === 401) this.#source.distrust();
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

  async #useCurrentCredentials(): Promise<void> {
    const credentials = await this.#source.current();
    if (credentials === this.#credentials) return;
    const keep = sameTls(credentials, this.#credentials) || this.#closed;
    this.#credentials = credentials;
    if (keep) return;
    const old = this.#agent;
    this.#agent = newAgent(credentials);
    this.#retired.add(old);
    const forget = (): void => void this.#retired.delete(old);
    void old.close().then(forget, forget); // Rejects when `close` has destroyed it meanwhile.
  }
}

const MIN_VERSION = { minVersion: 'TLSv1.2' } as const;

/** One context for all connections: made anew for each, it costs more than the handshake. */
function sharedContext(options: SecureContextOptions): { secureContext?: SecureContext } {
  try {
    return { secureContext: createSecureContext(options) };
  } catch {
    return {}; // What is wrong with the material is said where it belongs: by each request that cannot connect.
  }
}

function newAgent(credentials: Credentials): Agent {
  const { tls } = credentials;
  return new Agent({
    // Server-sent GOAWAYs and undici's young HTTP/2 lose requests in flight.
    allowH2: false,
    keepAliveTimeout: 60_000,
    connect: {
      ...tls,
      ...sharedContext({ ...tls, ...MIN_VERSION }),
      ...MIN_VERSION,
      timeout: 5_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
  });
}

function refusal(request: Request, response: Dispatcher.ResponseData, status: unknown): KubeError {
  const retryAfterMs = retryAfterOf(response.headers['retry-after']);
  return errorFromStatus(request.operation, { statusCode: response.statusCode, status, retryAfterMs });
}

/** The JSON value of a text, or undefined: the parser's own error would quote the body. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
