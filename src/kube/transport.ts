import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';
import { type Credentials, readCredentials, sameTls } from './credentials.ts';
import {
  errorFromFailure,
  errorFromStatus,
  type KubeErrorKind,
  KubeError,
  type Operation,
} from './errors.ts';

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
  /** Called synchronously just before the request goes out; what it throws keeps it from being sent. */
  readonly fence?: (() => void) | undefined;
  /** Longest silence inside the response's body. Default: the transport's `timeoutMs`. */
  readonly idleMs?: number;
}

/** How often token, certificates and CA are read anew. client-go re-reads the token as often. */
const CREDENTIALS_MS = 60_000;
/** After a 401 they are read at once, but not more often than this. */
const CREDENTIALS_RETRY_MS = 1_000;

/**
 * Sends requests to one API server over one pool of connections. The pool is not limited: a request is on its
 * way when it is sent, so that no write waits in a queue behind a fence it has already passed.
 */
export class Transport {
  readonly #kubeConfig: KubeConfig;
  readonly #server: URL;
  readonly #options: TransportOptions;
  #credentials: Credentials;
  #credentialsReadMs = performance.now();
  #refreshing: Promise<void> | undefined;
  #agent: Agent;
  /** Replaced agents whose last responses (watches) still run. */
  readonly #retired = new Set<Agent>();
  #closed = false;
  /** Monotonic time of the last successful read. */
  lastReadMs = Number.NEGATIVE_INFINITY;

  static async connect(kubeConfig: KubeConfig, options: TransportOptions): Promise<Transport> {
    return new Transport(kubeConfig, await readCredentials(kubeConfig), options);
  }

  private constructor(kubeConfig: KubeConfig, credentials: Credentials, options: TransportOptions) {
    const cluster = kubeConfig.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig has no current cluster');
    this.#kubeConfig = kubeConfig;
    this.#server = new URL(cluster.server);
    this.#options = options;
    this.#credentials = credentials;
    this.#agent = newAgent(credentials);
  }

  /** Sends a request and reads its whole JSON answer. */
  async json(request: Request): Promise<unknown> {
    const startMs = performance.now();
    let statusCode: number | undefined;
    try {
      const response = await this.#dispatch(request);
      statusCode = response.statusCode;
      const text = await response.body.text();
      const value = parse(text);
      if (statusCode >= 300) throw this.#refusal(request, response, value);
      if (value === undefined)
        throw new KubeError('Server', `${request.operation.verb} ${request.path}: the answer is no JSON`);
      if (request.method === 'GET') this.lastReadMs = performance.now();
      this.#report(request, startMs, statusCode);
      return value;
    } catch (failure) {
      const error = errorFromFailure(request.operation, failure, request.signal);
      this.#report(request, startMs, statusCode, error);
      throw error;
    }
  }

  /** Sends a request and hands out its body as it comes, once the head says that it succeeded. */
  async stream(request: Request): Promise<Dispatcher.ResponseData['body']> {
    const startMs = performance.now();
    let statusCode: number | undefined;
    try {
      const response = await this.#dispatch(request);
      statusCode = response.statusCode;
      if (statusCode !== 200) throw this.#refusal(request, response, parse(await response.body.text()));
      this.lastReadMs = performance.now();
      this.#report(request, startMs, statusCode);
      return response.body;
    } catch (failure) {
      const error = errorFromFailure(request.operation, failure, request.signal);
      this.#report(request, startMs, statusCode, error);
      throw error;
    }
  }

  /** Ends every connection, also those of running watches. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#agent, ...this.#retired].map((agent) => agent.destroy()));
  }

  async #dispatch(request: Request): Promise<Dispatcher.ResponseData> {
    await this.#refresh();
    const timeoutMs = this.#options.timeoutMs ?? 30_000;
    const options: Dispatcher.RequestOptions = {
      origin: this.#server.origin,
      path: this.#path(request),
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'origin-ca-operator',
        ...this.#credentials.headers,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: request.signal,
      headersTimeout: timeoutMs,
      bodyTimeout: request.idleMs ?? timeoutMs,
    };
    request.signal.throwIfAborted();
    request.fence?.();
    const response = await this.#agent.request(options);
    this.#hear(response);
    return response;
  }

  #path(request: Request): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) query.set(name, value);
    const base = this.#server.pathname.replace(/\/$/, '');
    return `${base}${request.path}${query.size === 0 ? '' : `?${query.toString()}`}`;
  }

  #hear(response: Dispatcher.ResponseData): void {
    const dateMs = Date.parse(single(response.headers['date']) ?? '');
    if (Number.isFinite(dateMs)) this.#options.onDate?.(dateMs);
    for (const warning of list(response.headers['warning'])) this.#options.onWarning?.(warningText(warning));
    // The token may have been rotated since we read it: the next request reads it first.
    if (response.statusCode === 401) {
      this.#credentialsReadMs = Math.min(this.#credentialsReadMs, performance.now() - CREDENTIALS_MS);
    }
  }

  #refusal(request: Request, response: Dispatcher.ResponseData, status: unknown): KubeError {
    const { statusCode } = response;
    const retryAfterMs = retryAfter(single(response.headers['retry-after']));
    return errorFromStatus(request.operation, { statusCode, status, retryAfterMs });
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

  async #refresh(): Promise<void> {
    if (performance.now() - this.#credentialsReadMs < CREDENTIALS_MS) return;
    this.#refreshing ??= this.#readCredentials().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #readCredentials(): Promise<void> {
    try {
      const credentials = await readCredentials(this.#kubeConfig);
      this.#credentialsReadMs = performance.now();
      if (!sameTls(credentials, this.#credentials) && !this.#closed) this.#replaceAgent(credentials);
      this.#credentials = credentials;
    } catch (error) {
      // What was read before may still be good, and the server says so if it is not.
      this.#credentialsReadMs = performance.now() - CREDENTIALS_MS + CREDENTIALS_RETRY_MS;
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      this.#options.onWarning?.(
        `the credentials for the API server could not be read anew (${why}); the last ones stay in use`,
      );
    }
  }

  #replaceAgent(credentials: Credentials): void {
    const old = this.#agent;
    this.#agent = newAgent(credentials);
    this.#retired.add(old);
    void old.close().finally(() => void this.#retired.delete(old));
  }
}

function newAgent(credentials: Credentials): Agent {
  const { ca, ...tls } = credentials.tls;
  return new Agent({
    // Server-sent GOAWAYs and undici's young HTTP/2 lose requests in flight.
    allowH2: false,
    keepAliveTimeout: 60_000,
    connect: {
      ...tls,
      ...(ca === undefined ? {} : { ca: Array.isArray(ca) ? [...ca] : ca }),
      minVersion: 'TLSv1.2',
      timeout: 5_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
  });
}

/** The JSON value of a text, or undefined: the parser's own error would quote the body. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return ms > 0 ? ms : undefined;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function list(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : [header];
}

/** `299 - "text"` as RFC 7234 has it, or the whole header where it is worded otherwise. */
function warningText(header: string): string {
  return /^\d{3} \S+ "((?:[^"\\]|\\.)*)"/.exec(header)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? header;
}
