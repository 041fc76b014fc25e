import { asRecord, asText } from './envelope.ts';
import { CloudflareError, unavailable } from './errors.ts';
import { InventoryClient } from './inventory-client.ts';
import { readPages } from './paging.ts';
import type { CallOptions, CertificateListing, ListOptions, Requests } from './requests.ts';
import {
  certificateOf,
  type ListedCertificate,
  type TokenState,
  type Zone,
  zoneOfResult,
} from './results.ts';

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

export interface ClientOptions {
  readonly requests: Requests;
  /** With the same token, paid from the zones' share. */
  readonly inventoryRequests: Requests;
  /** Time limit of a POST for the request itself, milliseconds. */
  readonly postTimeoutMs: number;
}

const PER_HOSTNAME_MS = 1000;

/** How long a POST for so many hostnames may take: Cloudflare signs the longer the more there are. */
export function postTimeoutMs(baseMs: number, hostnames: number): number {
  return baseMs + hostnames * PER_HOSTNAME_MS;
}

/**
 * Cloudflare's API as this operator uses it, with one token. Every method sends each request at most once and
 * rejects with a CloudflareError; when to try again is decided elsewhere. Made by `CloudflareApi.client`.
 */
export class CloudflareClient {
  /** For what can wait. */
  readonly inventory: InventoryClient;
  readonly #requests: Requests;
  readonly #postTimeoutMs: number;

  constructor({ requests, inventoryRequests, postTimeoutMs: baseMs }: ClientOptions) {
    this.inventory = new InventoryClient(inventoryRequests);
    this.#requests = requests;
    this.#postTimeoutMs = baseMs;
  }

  /** Asks for a certificate. After an error that is not `definite`, one may have been stored all the same. */
  async createCertificate(wanted: CertificateRequest, options: CallOptions): Promise<CreatedCertificate> {
    const { csr, hostnames, requestType, requestedValidity } = wanted;
    const { result, rayId } = await this.#requests.call(
      'create_certificate',
      'POST',
      '/certificates',
      options,
      {
        timeoutMs: postTimeoutMs(this.#postTimeoutMs, hostnames.length),
        body: { csr, hostnames, request_type: requestType, requested_validity: requestedValidity },
      },
    );
    const record = asRecord(result);
    return { id: asText(record?.['id']), certificate: asText(record?.['certificate']) ?? '', rayId };
  }

  /** All certificates of a zone, page by page; each page is a request of its own for the budget. */
  listCertificates(zoneId: string, options: ListOptions): Promise<CertificateListing> {
    return this.#requests.listCertificates(zoneId, options);
  }

  /** Whether the token may read a zone's certificates: one request, whatever there is. Rejects when it may not. */
  async probeCertificates(zoneId: string, options: CallOptions): Promise<void> {
    const query = `zone_id=${encodeURIComponent(zoneId)}&page=1&per_page=5`;
    await this.#requests.page('list_certificates', `/certificates?${query}`, options);
  }

  /** One certificate by its decimal id; an unknown one is a CloudflareError of kind NotFound. */
  async getCertificate(id: string, options: CallOptions): Promise<ListedCertificate> {
    const { result, rayId } = await this.#requests.call(
      'get_certificate',
      'GET',
      certificatePath(id),
      options,
    );
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
      await this.#requests.call('revoke_certificate', 'DELETE', certificatePath(id), options);
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
      (query) => this.#requests.page('list_zones', `/zones?${query}`, options),
      zoneOfResult,
    );
    if (total !== undefined && items.length < total) {
      throw unavailable('list_zones', `a list of ${items.length} zones that says it has ${total}`);
    }
    return items;
  }

  /** The token's own state. Refused for account-owned tokens, whose `listZones` answers all the same. */
  verifyToken(options: CallOptions): Promise<TokenState> {
    return this.#requests.verifyToken(options);
  }
}

function certificatePath(id: string): string {
  return `/certificates/${encodeURIComponent(id)}`;
}
