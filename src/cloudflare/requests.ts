import type { Clock } from '../clock.ts';
import type { Ask, Breaker } from './breaker.ts';
import type { Budget, Share } from './budget.ts';
import {
  aborted,
  budgetExhausted,
  CloudflareError,
  fromSource,
  heldBack,
  stillRateLimited,
  unusableToken,
} from './errors.ts';
import { allPermissions, type Operation } from './operation.ts';
import { readPages } from './paging.ts';
import { certificateOf, type ListedCertificate, type TokenState, tokenStateOf } from './results.ts';
import type { ApiToken } from './token.ts';
import type { ApiAnswer, ApiRequest, Transport } from './transport.ts';

export interface CallOptions extends Pick<Ask, 'asker' | 'place'> {
  readonly signal: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** Wait between pages where the budget is used up, instead of failing. Not in a worker: it may take minutes. */
  readonly waitForBudget?: boolean;
}

export interface CertificateListing {
  /** Whether this is certainly everything: only then does an absent certificate mean anything. */
  readonly complete: boolean;
  readonly certificates: readonly ListedCertificate[];
}

export interface RequestsOptions {
  readonly transport: Transport;
  readonly token: ApiToken;
  readonly budget: Budget;
  readonly breaker: Breaker;
  readonly clock: Clock;
  /** Which part of the budget pays, and whose permissions an error names. */
  readonly share: Share;
  /** Where the token comes from now, for those who are told that it is refused; undefined where they may not know. */
  readonly source?: (() => string | undefined) | undefined;
}

interface Limits {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly body?: unknown;
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** A server that ignores `per_page` sends a zone's certificates in one piece: 8,000 are about 20 MiB. */
const MAX_LIST_BYTES = 32 * 2 ** 20;

/**
 * What the clients have in common: one token, its part of the budget, and the requests that both make. Every
 * request is sent at most once; whatever goes wrong is a CloudflareError.
 */
export class Requests {
  readonly #options: RequestsOptions;
  /** Requests that are paid already. */
  #prepaid: number;

  constructor(options: RequestsOptions, prepaid = 0) {
    this.#options = options;
    this.#prepaid = prepaid;
  }

  /**
   * These requests with `count` of them paid at once, or the error that says when to come back. Whoever needs several
   * in a row would else share them out with others in the same need, and none would ever have enough.
   */
  prepaid(operation: Operation, count: number): Requests {
    const ask = this.#ask(operation, {});
    const refusal = this.#heldBack(ask) ?? this.#take(ask, count);
    if (refusal !== undefined) throw refusal;
    return new Requests(this.#options, count);
  }

  /** Pays and sends one request. */
  async call(
    operation: Operation,
    method: ApiRequest['method'],
    path: string,
    options: CallOptions,
    limits: Limits = {},
  ): Promise<ApiAnswer> {
    this.#refuseUnusable(operation);
    const ask = this.#ask(operation, options, path);
    const refusal = this.#heldBack(ask) ?? this.#pay(ask);
    if (refusal !== undefined) throw refusal;
    return this.#send(ask, method, path, options, limits);
  }

  /** One page of a listing. */
  page(operation: Operation, path: string, options: ListOptions): Promise<ApiAnswer> {
    return this.read(operation, path, options, { maxBytes: MAX_LIST_BYTES });
  }

  /** Reads; it waits for its turn where the caller may. */
  async read(
    operation: Operation,
    path: string,
    options: ListOptions,
    limits: Limits = {},
  ): Promise<ApiAnswer> {
    if (options.waitForBudget !== true) return this.call(operation, 'GET', path, options, limits);
    this.#refuseUnusable(operation);
    const ask = this.#ask(operation, options, path);
    await this.#turn(ask, options.signal);
    return this.#send(ask, 'GET', path, options, limits);
  }

  /** All Origin CA certificates of a zone, page by page; each page is a request of its own for the budget. */
  async listCertificates(zoneId: string, options: ListOptions): Promise<CertificateListing> {
    const zone = encodeURIComponent(zoneId);
    const { items, complete } = await readPages(
      (query) => this.page('list_certificates', `/certificates?zone_id=${zone}&${query}`, options),
      certificateOf,
    );
    return { complete, certificates: items };
  }

  /** The token's own state. Refused for account-owned tokens, which work all the same. */
  async verifyToken(options: CallOptions): Promise<TokenState> {
    const { result } = await this.call('verify_token', 'GET', '/user/tokens/verify', options);
    return tokenStateOf(result);
  }

  async #send(
    ask: Ask,
    method: ApiRequest['method'],
    path: string,
    { signal }: CallOptions,
    { timeoutMs = TIMEOUT_MS, maxBytes = MAX_ANSWER_BYTES, body }: Limits,
  ): Promise<ApiAnswer> {
    const { breaker, share, source, token, transport } = this.#options;
    const { operation } = ask;
    const ended = breaker.begin(ask);
    try {
      const call = { operation, method, path, token, share, signal, timeoutMs, maxBytes, body };
      const answer = await transport.send(call);
      ended(undefined);
      return answer;
    } catch (error) {
      const isKnown = error instanceof CloudflareError;
      ended(isKnown ? error : aborted(operation, true, error));
      throw isKnown ? fromSource(error, source?.()) : error;
    }
  }

  /** For a zone each path is asked on behalf of another part of it: two of them do not fail by chance together. */
  #ask(operation: Operation, { asker, place }: Partial<CallOptions>, path?: string): Ask {
    const { share, token } = this.#options;
    const part = share === 'zones' ? path?.split('?')[0] : undefined;
    return { account: token.digest(), operation, asker: asker ?? part, place };
  }

  /** The error that says when to come back, where requests of this token fail for everybody. */
  #heldBack(ask: Ask): CloudflareError | undefined {
    const { breaker, source } = this.#options;
    const waitMs = breaker.waitMs(ask);
    const reason = breaker.reason(ask);
    if (waitMs === 0 || reason === undefined) return undefined;
    return fromSource(heldBack(ask.operation, reason, waitMs), source?.());
  }

  /** What is no token costs no request. */
  #refuseUnusable(operation: Operation): void {
    const { share, token } = this.#options;
    const problem = token.problem(allPermissions(share));
    if (problem !== undefined) throw unusableToken(operation, problem);
  }

  /** Takes one request of the budget, or says as an error when to come back. */
  #pay(ask: Ask): CloudflareError | undefined {
    return this.#isPrepaid() ? undefined : this.#take(ask, 1);
  }

  #isPrepaid(): boolean {
    if (this.#prepaid === 0) return false;
    this.#prepaid -= 1;
    return true;
  }

  #take({ operation, account, asker }: Ask, count: number): CloudflareError | undefined {
    const { budget, share } = this.#options;
    const grant = budget.take(count, account, share, asker);
    if (grant.granted) return undefined;
    return grant.because === 'budget'
      ? budgetExhausted(operation, grant.retryAfterMs)
      : stillRateLimited(operation, grant.retryAfterMs);
  }

  /** Waits until one request of the budget is paid. An incident may last for hours: that is not waited for. */
  async #turn(ask: Ask, signal: AbortSignal): Promise<void> {
    const { budget, share } = this.#options;
    for (;;) {
      const held = this.#heldBack(ask);
      if (held !== undefined) throw held;
      if (this.#isPrepaid()) return;
      const isPaid = await budget.turn(ask, share, signal).catch((cause: unknown) => {
        throw aborted(ask.operation, false, cause);
      });
      if (isPaid) return;
    }
  }
}
