import { type Dispatcher, request } from 'undici';
import { textWithin } from '../body.ts';
import { type Fence, fencedDispatcher } from '../fence.ts';
import type { Budget, Share } from './budget.ts';
import { refusedError } from './classify.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import { aborted, CloudflareError, type FailureKind, fenced, unavailable } from './errors.ts';
import { type AnswerHeaders, readHeaders } from './headers.ts';
import type { Operation } from './operation.ts';
import type { Semaphore } from './semaphore.ts';
import { TimeLimit } from './time-limit.ts';
import type { ApiToken } from './token.ts';

/** One finished request, for metrics. `status` is absent where no answer came. */
export interface RequestReport {
  readonly operation: Operation;
  readonly outcome: 'success' | FailureKind;
  readonly seconds: number;
  readonly status: number | undefined;
}

export interface TransportOptions {
  /** Without a trailing slash: `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl: string;
  readonly dispatcher: Dispatcher;
  readonly slots: Semaphore;
  readonly budget: Budget;
  /** Throws when this process may not act. Then nothing is sent. */
  readonly fence?: Fence | undefined;
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
  /** The server's clock, milliseconds since the Unix epoch, from every answer. */
  readonly onDate?: ((serverMs: number) => void) | undefined;
}

export interface ApiRequest {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the base URL, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly token: ApiToken;
  /** What the token is for: decides which permissions an error names. */
  readonly share: Share;
  /** From dispatch to the last byte; real time, whatever a test's clock says. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface ApiAnswer extends Pick<Envelope, 'result' | 'totalCount'> {
  readonly rayId: string | undefined;
}

/** Sends one request to Cloudflare, never twice, and turns whatever comes back into a result or a CloudflareError. */
export class Transport {
  readonly #options: TransportOptions;
  #inFlight = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send(call: ApiRequest): Promise<ApiAnswer> {
    const { operation, signal } = call;
    const release = await this.#options.slots.acquire(signal).catch((cause: unknown) => {
      throw aborted(operation, false, cause);
    });
    this.#inFlight += 1;
    try {
      return await this.#timed(call);
    } finally {
      this.#inFlight -= 1;
      release();
    }
  }

  /** Bounds the exchange in time and reports how it went. */
  async #timed(call: ApiRequest): Promise<ApiAnswer> {
    const { operation, signal, timeoutMs } = call;
    if (signal.aborted) throw aborted(operation, false, signal.reason);
    this.#pass(call);
    // From here to the dispatch inside #exchange nothing may be awaited: the fence has just been passed.
    const startedMs = performance.now();
    const report = (outcome: RequestReport['outcome'], status: number | undefined): void =>
      this.#options.onRequest?.({
        operation,
        outcome,
        seconds: (performance.now() - startedMs) / 1000,
        status,
      });
    const limit = new TimeLimit(timeoutMs, signal);
    try {
      const answer = await this.#exchange(call, limit.signal);
      report('success', answer.status);
      return answer;
    } catch (cause) {
      const error = cause instanceof CloudflareError ? cause : brokenExchange(call, limit.expired, cause);
      report(error.kind, error.status);
      throw error;
    } finally {
      limit.clear();
    }
  }

  async #exchange(call: ApiRequest, signal: AbortSignal): Promise<ApiAnswer & { readonly status: number }> {
    const response = await request(`${this.#options.baseUrl}${call.path}`, {
      dispatcher: fencedDispatcher(this.#options.dispatcher, () => this.#pass(call)),
      method: call.method,
      headers: headersOf(call),
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const status = response.statusCode;
    const headers = readHeaders(response.headers);
    this.#learn(call, headers);
    const text = await textWithin(response.body, call.maxBytes);
    if (text === undefined) {
      throw unavailable(call.operation, `an answer of more than ${call.maxBytes / 2 ** 20} MiB`, {
        status,
        ...headers,
      });
    }
    const envelope = parseEnvelope(text);
    const ok = status >= 200 && status < 300 && envelope !== undefined && envelope.success !== false;
    if (ok) return { status, result: envelope.result, totalCount: envelope.totalCount, rayId: headers.rayId };
    throw this.#refusal(call, status, headers, text);
  }

  #pass({ method, operation }: ApiRequest): void {
    try {
      this.#options.fence?.(method === 'GET' ? 'read' : 'write');
    } catch (cause) {
      throw fenced(operation, cause);
    }
  }

  /** What the headers say holds even where the body is cut off. */
  #learn(call: ApiRequest, headers: AnswerHeaders): void {
    const { budget, onDate } = this.#options;
    if (headers.dateMs !== undefined) onDate?.(headers.dateMs);
    // Cloudflare has not counted what is still on its way.
    const { rateLimit } = headers;
    if (rateLimit !== undefined)
      budget.answered(rateLimit.rest - (this.#inFlight - 1), rateLimit.resetMs, call.token.digest());
  }

  #refusal(call: ApiRequest, status: number, headers: AnswerHeaders, text: string): CloudflareError {
    // Cloudflare does not quote tokens; a proxy on the way might.
    const envelope = parseEnvelope(text.replaceAll(call.token.reveal(), '[redacted]'));
    const readable = envelope !== undefined && (envelope.success === false || envelope.errors.length > 0);
    const { rayId, retryAfterMs } = headers;
    const errors = readable ? envelope.errors : undefined;
    const { operation, share } = call;
    const error = refusedError({ operation, share, status, errors, rayId, retryAfterMs });
    if (error.kind === 'RateLimited')
      this.#options.budget.limited(error.retryAfterMs ?? 0, call.token.digest());
    return error;
  }
}

function headersOf(call: ApiRequest): Record<string, string> {
  return {
    authorization: `Bearer ${call.token.reveal()}`,
    accept: 'application/json',
    // Nothing compressed is asked for and nothing is unpacked: a small answer cannot become a large one.
    'accept-encoding': 'identity',
    'user-agent': 'origin-ca-operator',
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

/** An exchange that ended without an answer. It was on its way, so whether it did anything is unknown. */
function brokenExchange(call: ApiRequest, timedOut: boolean, cause: unknown): CloudflareError {
  if (timedOut)
    return unavailable(call.operation, `no answer within ${Math.round(call.timeoutMs / 1000)} seconds`);
  if (call.signal.aborted) return aborted(call.operation, true, call.signal.reason);
  return unavailable(call.operation, networkProblem(cause), { cause });
}

/** Node's and undici's error code and words: host names and addresses, never what was sent. */
function networkProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the connection broke';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  if (cause.message === '') return code;
  return cause.message.includes(code) ? cause.message : `${cause.message} (${code})`;
}
