import { normalizeHostname } from '../api/hostname.ts';
import { asRecord } from './envelope.ts';
import { CloudflareError, unavailable } from './errors.ts';
import type { Operation } from './operation.ts';
import { readPages } from './paging.ts';
import type { CallOptions, CertificateListing, ListOptions, Requests } from './requests.ts';
import { type TokenState, type Zone, zoneOfResult } from './results.ts';
import {
  type ClientCertificate,
  clientCertificateOf,
  type DnsRecord,
  dnsRecordOf,
  type ZoneSetting,
  zoneSettingOf,
} from './zone-results.ts';

/** The settings of a zone that the operator reads, as the API's paths name them. */
export type SettingId =
  | 'ssl'
  | 'ssl_automatic_mode'
  | 'min_tls_version'
  | 'tls_1_3'
  | 'always_use_https'
  | 'security_header'
  | 'tls_client_auth';

export interface RecordListing {
  /** Whether this is certainly every record: only then does an absent one mean anything. */
  readonly complete: boolean;
  /** Of the types that can be proxied: A, AAAA and CNAME. */
  readonly records: readonly DnsRecord[];
}

/** What Cloudflare is to show to origins; both in PEM. */
export interface ClientKeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

const PROXIABLE = new Set(['A', 'AAAA', 'CNAME']);
/** No maximum is documented; a server that allows less says so by the page it sends. */
const RECORDS_PER_PAGE = 100;
/** 5,000 records are 50 to 100 pages; beyond this many a zone is not looked at whole. */
const MAX_RECORD_PAGES = 200;

/**
 * Cloudflare's API as an OriginZone uses it, with one token, paid from the zones' share of the budget. Every
 * method sends each request at most once and rejects with a CloudflareError; when to try again is decided
 * elsewhere. Made by `CloudflareApi.zoneClient`.
 */
export class ZoneClient {
  /** Names the token in maps; not for logs. */
  readonly tokenDigest: string;
  readonly #requests: Requests;

  constructor(requests: Requests, tokenDigest: string) {
    this.#requests = requests;
    this.tokenDigest = tokenDigest;
  }

  /**
   * This client with the next `count` requests paid at once. Throws a CloudflareError that says when to come back
   * where the budget does not have them; `operation` is what they begin with.
   */
  prepaid(operation: Operation, count: number): ZoneClient {
    return new ZoneClient(this.#requests.prepaid(operation, count), this.tokenDigest);
  }

  /** The token's own state. Refused for account-owned tokens, which work all the same. */
  verifyToken(options: CallOptions): Promise<TokenState> {
    return this.#requests.verifyToken(options);
  }

  /**
   * The zones of this name that the token sees; several where several accounts hold one. Empty also for a zone that
   * the token is not scoped to: Cloudflare does not tell the two apart.
   */
  async findZones(name: string, options: ListOptions): Promise<readonly Zone[]> {
    const wanted = normalizeHostname(name);
    const path = `/zones?name=${encodeURIComponent(wanted)}`;
    const { items, total } = await readPages(
      (query) => this.#requests.page('find_zones', `${path}&${query}`, options),
      zoneOfResult,
    );
    if (total !== undefined && items.length < total)
      throw unavailable('find_zones', `a list of ${items.length} zones that says it has ${total}`);
    return items.filter((zone) => normalizeHostname(zone.name) === wanted);
  }

  /** The zone's DNS records that can be proxied, page by page; each page is a request of its own for the budget. */
  async listRecords(zoneId: string, options: ListOptions): Promise<RecordListing> {
    const { items, complete } = await readPages(
      (query) => this.#requests.page('list_records', `${zonePath(zoneId)}/dns_records?${query}`, options),
      dnsRecordOf,
      { pageSize: RECORDS_PER_PAGE, maxPages: MAX_RECORD_PAGES },
    );
    return { complete, records: items.filter(({ type }) => PROXIABLE.has(type)) };
  }

  async getSetting(zoneId: string, id: SettingId, options: CallOptions): Promise<ZoneSetting> {
    const { result, rayId } = await this.#requests.call(
      'get_setting',
      'GET',
      settingPath(zoneId, id),
      options,
    );
    const setting = zoneSettingOf(id, result);
    if (setting === undefined) throw unavailable('get_setting', 'an answer without a value', { rayId });
    return setting;
  }

  /** Asks for a value. Whether it holds is told by the next `getSetting` alone. */
  async patchSetting(zoneId: string, id: SettingId, value: unknown, options: CallOptions): Promise<void> {
    const body = { value };
    await this.#requests.call('patch_setting', 'PATCH', settingPath(zoneId, id), options, { body });
  }

  /** Every client certificate of the zone. An entry without an id is an error: none may be overlooked. */
  async listClientCertificates(zoneId: string, options: CallOptions): Promise<readonly ClientCertificate[]> {
    const operation = 'list_client_certificates';
    const { result, rayId } = await this.#requests.call(operation, 'GET', pullsPath(zoneId), options);
    if (!Array.isArray(result)) throw unavailable(operation, 'an answer without a list', { rayId });
    return result.map((value: unknown) => {
      const certificate = clientCertificateOf(value);
      if (certificate === undefined)
        throw unavailable(operation, 'a list with an entry without an id', { rayId });
      return certificate;
    });
  }

  /** One client certificate; undefined where Cloudflare knows none of that id. */
  async getClientCertificate(
    zoneId: string,
    id: string,
    options: CallOptions,
  ): Promise<ClientCertificate | undefined> {
    const operation = 'get_client_certificate';
    const answer = await this.#unlessUnknown(() =>
      this.#requests.call(operation, 'GET', pullPath(zoneId, id), options),
    );
    if (answer === undefined) return undefined;
    const certificate = clientCertificateOf(answer.result);
    if (certificate !== undefined) return certificate;
    throw unavailable(operation, 'an answer without a client certificate', { rayId: answer.rayId });
  }

  /** Gives Cloudflare a pair to show. After an error that is not `definite`, it may have been stored all the same. */
  async uploadClientCertificate(
    zoneId: string,
    { certificate, privateKey }: ClientKeyPair,
    options: CallOptions,
  ): Promise<ClientCertificate> {
    const operation = 'upload_client_certificate';
    const { result, rayId } = await this.#requests.call(operation, 'POST', pullsPath(zoneId), options, {
      body: { certificate, private_key: privateKey },
    });
    const uploaded = clientCertificateOf(result);
    if (uploaded === undefined)
      throw unavailable(operation, 'an answer without a client certificate', { rayId });
    return uploaded;
  }

  /** Asks to delete; Cloudflare does so later, and the certificate may be read until then. */
  async deleteClientCertificate(
    zoneId: string,
    id: string,
    options: CallOptions,
  ): Promise<'deleted' | 'not-found'> {
    const answer = await this.#unlessUnknown(() =>
      this.#requests.call('delete_client_certificate', 'DELETE', pullPath(zoneId, id), options),
    );
    return answer === undefined ? 'not-found' : 'deleted';
  }

  /** Whether the zone shows its own client certificate. */
  async getOriginPullSettings(zoneId: string, options: CallOptions): Promise<{ readonly enabled: boolean }> {
    const operation = 'get_origin_pull_settings';
    const path = `${pullsPath(zoneId)}/settings`;
    const { result, rayId } = await this.#requests.call(operation, 'GET', path, options);
    const enabled = asRecord(result)?.['enabled'];
    if (typeof enabled !== 'boolean')
      throw unavailable(operation, 'an answer that does not say whether', { rayId });
    return { enabled };
  }

  /** Switches it. Whether it holds is told by the next `getOriginPullSettings` alone. */
  async putOriginPullSettings(zoneId: string, enabled: boolean, options: CallOptions): Promise<void> {
    const path = `${pullsPath(zoneId)}/settings`;
    await this.#requests.call('put_origin_pull_settings', 'PUT', path, options, { body: { enabled } });
  }

  /** All Origin CA certificates of the zone. */
  listCertificates(zoneId: string, options: ListOptions): Promise<CertificateListing> {
    return this.#requests.listCertificates(zoneId, options);
  }

  async #unlessUnknown<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof CloudflareError && error.kind === 'NotFound') return undefined;
      throw error;
    }
  }
}

function zonePath(zoneId: string): string {
  return `/zones/${encodeURIComponent(zoneId)}`;
}

function settingPath(zoneId: string, id: SettingId): string {
  return `${zonePath(zoneId)}/settings/${id}`;
}

function pullsPath(zoneId: string): string {
  return `${zonePath(zoneId)}/origin_tls_client_auth`;
}

function pullPath(zoneId: string, id: string): string {
  return `${pullsPath(zoneId)}/${encodeURIComponent(id)}`;
}
