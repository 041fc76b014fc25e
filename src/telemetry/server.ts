import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Turns } from '../turns.ts';
import type { ListenAddress } from './address.ts';

/** Returns a sentence while the thing it checks is not as it should be. */
export type Check = () => string | undefined;

export interface TelemetryServerOptions {
  readonly address: ListenAddress;
  readonly metrics: { scrape(): Promise<Iterable<string>>; readonly contentType: string };
  /** What has to be in order before the operator counts as ready, by name. */
  readonly ready: Readonly<Record<string, Check>>;
  /** Told that an answer could not be made, or not to its end. */
  readonly onError: (error: unknown) => void;
}

/** The address cannot be listened on; the message names the flag, the address and the remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

interface Answer {
  readonly status: number;
  /** In pieces where it is made as it is sent. */
  readonly body: string | Iterable<string>;
  readonly contentType?: string;
}

/**
 * Serves `/metrics`, `/healthz` (answers as long as the event loop turns) and `/readyz` (503 with the failing
 * checks by name). Reads only: it takes no input and needs no login.
 */
export class TelemetryServer {
  readonly #options: TelemetryServerOptions;
  readonly #server: Server;

  private constructor(options: TelemetryServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request)
        .catch((error: unknown): Answer => {
          options.onError(error);
          return { status: 500, body: 'internal error, see the log\n' };
        })
        .then((answer) => send(request, response, answer))
        .catch(options.onError);
    });
  }

  /** Listens; rejects with a ListenError. */
  static async start(options: TelemetryServerOptions): Promise<TelemetryServer> {
    const started = new TelemetryServer(options);
    const { host, port } = options.address;
    const server = started.#server.listen(port, host);
    try {
      await once(server, 'listening');
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed';
      throw new ListenError(
        `--metrics-address=${host ?? ''}:${port} cannot be listened on (${code}): end the process that holds it, or name another address.`,
        { cause },
      );
    }
    return started;
  }

  /** The port listened on, also where 0 asked for any. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return { status: 405, body: 'only GET is served\n' };
    switch (request.url?.split('?')[0]) {
      case '/metrics': {
        const { metrics } = this.#options;
        return { status: 200, body: await metrics.scrape(), contentType: metrics.contentType };
      }
      case '/healthz':
        return { status: 200, body: 'ok\n' };
      case '/readyz':
        return this.#readiness();
      default:
        return { status: 404, body: 'not found: there are /metrics, /healthz and /readyz\n' };
    }
  }

  #readiness(): Answer {
    const results = Object.entries(this.#options.ready).map(([name, check]) => ({ name, problem: check() }));
    const failing = results.filter(({ problem }) => problem !== undefined);
    if (failing.length === 0) return { status: 200, body: 'ok\n' };
    return { status: 503, body: failing.map(({ name, problem }) => `${name}: ${problem}\n`).join('') };
  }
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, body, contentType = 'text/plain; charset=utf-8' } = answer;
  const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {};
  response.writeHead(status, { 'content-type': contentType, ...length });
  if (request.method === 'HEAD') response.end();
  else if (typeof body === 'string') response.end(body);
  else await pipeline(Readable.from(unhurried(body)), response).catch(unlessGone);
}

/** Whoever asked went away, as a scraper does whose time is over: nobody is left to be answered. */
function unlessGone(error: unknown): void {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  if (!isGone) throw error;
}

/** The pieces, with a turn for everybody else whenever making them has taken a while. */
async function* unhurried(pieces: Iterable<string>): AsyncGenerator<string> {
  const turns = new Turns();
  for (const piece of pieces) {
    if (piece !== '') yield piece;
    await turns.over;
  }
}
