import type { Clock } from '../clock.ts';
import type { Budget } from './budget.ts';
import { asRecord, asText } from './envelope.ts';
import {
  aborted,
  budgetExhausted,
  CloudflareError,
  stillRateLimited,
  unavailable,
  unusableToken,
} from './errors.ts';
import type { Operation } from './operation.ts';
import { readPages } from './paging.ts';
import {
  certificateOf,
  type ListedCertificate,
  type TokenState,
  tokenStateOf,
  type Zone,
  zoneOfResult,
} from './results.ts';
import type { ApiToken } from './token.ts';
import type { ApiAnswer, ApiRequest, Transport } from './transport.ts';

export interface CertificateRequest {
  /** PEM. */
  readonly csr: string;
  readonly hostnames: readonly string[];
  readonly requestType: 'origin-rsa' | 'origin-ecc';
  /** Days; one of Cloudflare's seven values. */
  readonly requestedValidity: number;
}

/** What a POST answered. Nothing in it is verified; `certificate` is '' where the answer had none. */
export interface CreatedCertificate {
  readonly id: string | undefined;
  readonly certificate: string;
  readonly rayId: string | undefined;
}

export interface CertificateListing {
  /** Whether this is certainly everything: only then does an absent certificate mean anything. */
  readonly complete: boolean;
  readonly certificates: readonly ListedCertificate[];
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** Wait between pages where the budget is used up, instead of failing. Not in a worker: it may take minutes. */
  readonly waitForBudget?: boolean;
}

export interface ClientOptions {
  readonly transport: Transport;
  readonly token: ApiToken;
  readonly budget: Budget;
  readonly clock: Clock;
  /** Time limit of a POST for the request itself, milliseconds. */
  readonly postTimeoutMs: number;
}

const TIMEOUT_MS = 30_000;
const PER_HOSTNAME_MS = 1000;
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** A server that ignores `per_page` sends a zone's certificates in one piece: 8,000 are about 20 MiB. */
const MAX_LIST_BYTES = 32 * 2 ** 20;

/** How long a POST for so many hostnames may take: Cloudflare signs the longer the more there are. */
export function postTimeoutMs(baseMs: number, hostnames: number): number {
  return baseMs + hostnames * PER_HOSTNAME_MS;
}

/**
 * Cloudflare's API as this operator uses it, with one token. Every method sends each request at most once and
 * rejects with a CloudflareError; when to try again is decided elsewhere. Made by `CloudflareApi.client`.
 */
export class CloudflareClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Asks for a certificate. After an error that is not `definite`, one may have been stored all the same. */
  async createCertificate(wanted: CertificateRequest, options: CallOptions): Promise<CreatedCertificate> {
    const { csr, hostnames, requestType, requestedValidity } = wanted;
    const { result, rayId } = await this.#call('create_certificate', 'POST', '/certificates', options, {
      timeoutMs: postTimeoutMs(this.#options.postTimeoutMs, hostnames.length),
      body: { csr, hostnames, request_type: requestType, requested_validity: requestedValidity },
    });
    const record = asRecord(result);
    return { id: asText(record?.['id']), certificate: asText(record?.['certificate']) ?? '', rayId };
  }

  /** All certificates of a zone, page by page; each page is a request of its own for the budget. */
  async listCertificates(zoneId: string, options: ListOptions): Promise<CertificateListing> {
    const { items, complete } = await readPages(
      (query) =>
        this.#page(
          'list_certificates',
          `/certificates?zone_id=${encodeURIComponent(zoneId)}&${query}`,
          options,
        ),
      certificateOf,
    );
    return { complete, certificates: items };
  }

  /** Whether the token may read a zone's certificates: one request, whatever there is. Rejects when it may not. */
  async probeCertificates(zoneId: string, options: CallOptions): Promise<void> {
    const query = `zone_id=${encodeURIComponent(zoneId)}&page=1&per_page=5`;
    await this.#page('list_certificates', `/certificates?${query}`, options);
  }

  /** One certificate by its decimal id; an unknown one is a CloudflareError of kind NotFound. */
  async getCertificate(id: string, options: CallOptions): Promise<ListedCertificate> {
    const { result, rayId } = await this.#call('get_certificate', 'GET', certificatePath(id), options);
    const certificate = certificateOf(result);
    if (certificate === undefined)
      throw unavailable('get_certificate', 'an answer without a certificate', { rayId });
    return certificate;
  }

  /** Revokes for good. The two answers that mean "nothing left to revoke" are results, not errors. */
  async revokeCertificate(
    id: string,
    options: CallOptions,
  ): Promise<'revoked' | 'already-revoked' | 'not-found'> {
    try {
      await this.#call('revoke_certificate', 'DELETE', certificatePath(id), options);
      return 'revoked';
    } catch (error) {
      if (error instanceof CloudflareError && error.kind === 'AlreadyRevoked') return 'already-revoked';
      if (error instanceof CloudflareError && error.kind === 'NotFound') return 'not-found';
      throw error;
    }
  }

  /** Every zone that the token sees; one it is not scoped to looks like one that does not exist. */
  async listZones(options: ListOptions): Promise<readonly Zone[]> {
    const { items, total } = await readPages(
      (query) => this.#page('list_zones', `/zones?${query}`, options),
      zoneOfResult,
    );
    if (total !== undefined && items.length < total) {
      throw unavailable('list_zones', `a list of ${items.length} zones that says it has ${total}`);
    }
    return items;
  }

  /** The token's own state. Refused for account-owned tokens, whose `listZones` answers all the same. */
  async verifyToken(options: CallOptions): Promise<TokenState> {
    const { result } = await this.#call('verify_token', 'GET', '/user/tokens/verify', options);
    return tokenStateOf(result);
  }

  async #page(operation: Operation, path: string, options: ListOptions): Promise<ApiAnswer> {
    const { budget, clock, token } = this.#options;
    for (;;) {
      const grant = options.waitForBudget === true ? budget.take(1, token.digest()) : undefined;
      if (grant?.granted !== false) {
        const limits = { maxBytes: MAX_LIST_BYTES, paid: grant !== undefined };
        return this.#call(operation, 'GET', path, options, limits);
      }
      await clock.after(grant.retryAfterMs, options.signal).catch((cause: unknown) => {
        throw aborted(operation, false, cause);
      });
    }
  }

  async #call(
    operation: Operation,
    method: ApiRequest['method'],
    path: string,
    { signal }: CallOptions,
    limits: { timeoutMs?: number; maxBytes?: number; body?: unknown; paid?: boolean } = {},
  ): Promise<ApiAnswer> {
    const { token, transport } = this.#options;
    const problem = token.problem();
    if (problem !== undefined) throw unusableToken(operation, problem);
    if (limits.paid !== true) this.#pay(operation);
    const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_ANSWER_BYTES, body } = limits;
    return transport.send({ operation, method, path, token, signal, timeoutMs, maxBytes, body });
  }

  /** One request of the budget, or an error that says when to come back. */
  #pay(operation: Operation): void {
    const grant = this.#options.budget.take(1, this.#options.token.digest());
    if (grant.granted) return;
    throw grant.because === 'budget'
      ? budgetExhausted(operation, grant.retryAfterMs)
      : stillRateLimited(operation, grant.retryAfterMs);
  }
}

function certificatePath(id: string): string {
  return `/certificates/${encodeURIComponent(id)}`;
}
