import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudflareApi, type CloudflareApiOptions } from '../../../src/cloudflare/api.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import type { CloudflareClient } from '../../../src/cloudflare/client.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import { TestClock } from '../../support/test-clock.ts';

export const TOKEN = 'q8Zt0Planted_Token-abcdefghijklmnopqrstu';

export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** A server that answers as a test says, a real socket away, and a client that talks to it. */
export class Wire {
  readonly seen: SeenRequest[] = [];
  readonly clock = new TestClock();
  readonly budget: Budget;
  readonly api: CloudflareApi;
  readonly client: CloudflareClient;
  readonly #server: Server;

  private constructor(server: Server, options: Partial<CloudflareApiOptions>) {
    this.#server = server;
    this.budget = options.budget ?? new Budget({ ratePerSecond: 0, burst: 1, clock: this.clock });
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}/client/v4/`;
    const shared = { baseUrl, budget: this.budget, clock: this.clock, postTimeoutMs: 30_000, env: {} };
    this.api = new CloudflareApi({ ...shared, ...options });
    this.client = this.api.client(new ApiToken(TOKEN));
  }

  static async start(handler: Handler, options: Partial<CloudflareApiOptions> = {}): Promise<Wire> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://x');
        const body = Buffer.concat(chunks).toString();
        const seen = { method: request.method ?? '', url, headers: request.headers, body };
        wire.seen.push(seen);
        handler(seen, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire(server, options);
    return wire;
  }

  async stop(): Promise<void> {
    await this.api.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Answers with an envelope as Cloudflare does. */
export function answer(response: ServerResponse, result: unknown, more: Record<string, unknown> = {}): void {
  response.setHeader('cf-ray', '8f0c1d2e-FRA').setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ success: true, errors: [], messages: [], result, ...more }));
}

/** Answers with an error as Cloudflare does. */
export function refuse(response: ServerResponse, status: number, code: number, message = 'Words'): void {
  response.statusCode = status;
  answer(response, null, { success: false, errors: [{ code, message }] });
}

/** The CloudflareError that the promise rejects with; fails the test on anything else. */
export async function failure(promise: Promise<unknown>): Promise<CloudflareError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CloudflareError) return error;
  throw new Error('no CloudflareError', { cause: error });
}
