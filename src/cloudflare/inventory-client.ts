import { unavailable } from './errors.ts';
import type { CallOptions, CertificateListing, Requests } from './requests.ts';
import { certificateOf, type ListedCertificate } from './results.ts';

/**
 * What can wait for its turn: a look at what the Origin CA holds, with an issuer's token and paid from the zones'
 * share, so that no issuance waits for it. Not for a worker: it may take minutes. Made by `CloudflareApi.client`.
 */
export class InventoryClient {
  readonly #requests: Requests;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  /** All Origin CA certificates of the zone, page by page. */
  listCertificates(zoneId: string, { signal }: CallOptions): Promise<CertificateListing> {
    return this.#requests.listCertificates(zoneId, { signal, waitForBudget: true });
  }

  /** One certificate by its decimal id; an unknown one is a CloudflareError of kind NotFound. */
  async getCertificate(id: string, { signal }: CallOptions): Promise<ListedCertificate> {
    const path = `/certificates/${encodeURIComponent(id)}`;
    const options = { signal, waitForBudget: true };
    const { result, rayId } = await this.#requests.read('get_certificate', path, options);
    const certificate = certificateOf(result);
    if (certificate === undefined)
      throw unavailable('get_certificate', 'an answer without a certificate', { rayId });
    return certificate;
  }
}
