import type { RequestType } from '../protocol.ts';

/** A certificate as Cloudflare stores it. Times in simulated milliseconds since the Unix epoch. */
export interface StoredCertificate {
  /** The serial number in decimal. */
  readonly id: string;
  /** What the API answers as `certificate`: PEM, unless a fault asked for something else. */
  readonly certificate: string;
  readonly csr: string;
  readonly hostnames: readonly string[];
  readonly requestType: RequestType;
  readonly validityDays: number;
  readonly zoneIds: readonly string[];
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly publicKeySha256: string;
  /** Id of the token that asked for it; undefined when the control endpoint put it here. */
  readonly tokenId?: string;
  revokedAt?: number;
}

/** All certificates, by id and by zone in the order of their issuance. */
export class CertificateBook {
  readonly #byId = new Map<string, StoredCertificate>();
  readonly #byZone = new Map<string, StoredCertificate[]>();

  add(certificate: StoredCertificate): void {
    this.#byId.set(certificate.id, certificate);
    for (const zoneId of certificate.zoneIds) {
      const ofZone = this.#byZone.get(zoneId);
      if (ofZone === undefined) this.#byZone.set(zoneId, [certificate]);
      else ofZone.push(certificate);
    }
  }

  get(id: string): StoredCertificate | undefined {
    return this.#byId.get(id);
  }

  /** Makes it as though the certificate had never been stored. */
  remove(id: string): boolean {
    for (const zoneId of this.#byId.get(id)?.zoneIds ?? []) {
      const ofZone = this.#byZone.get(zoneId) ?? [];
      this.#byZone.set(
        zoneId,
        ofZone.filter((certificate) => certificate.id !== id),
      );
    }
    return this.#byId.delete(id);
  }

  all(): readonly StoredCertificate[] {
    return [...this.#byId.values()];
  }

  /** Of one zone, oldest first. */
  ofZone(zoneId: string): readonly StoredCertificate[] {
    return this.#byZone.get(zoneId) ?? [];
  }
}
