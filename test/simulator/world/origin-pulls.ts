import type { Deployed, Transit } from '../rules/deployment.ts';

/** Whom a client certificate is shown to: all origins of its zone, or those of hostnames tied to it. */
export type PullLevel = 'zone' | 'hostname';

/** A client certificate that somebody uploaded. Times in simulated milliseconds since the Unix epoch. */
export interface ClientCertificate extends Deployed {
  /** A UUID. */
  readonly id: string;
  readonly zoneId: string;
  readonly level: PullLevel;
  /** PEM without a newline at its end. */
  readonly certificate: string;
  readonly privateKey: string;
  /** Upper-case hex with colons. */
  readonly fingerprint256: string;
  /** Decimal. */
  readonly serialNumber: string;
  readonly issuer: string;
  readonly signature: string;
  readonly notAfter: number;
  readonly uploadedOn: number;
  /** Id of the token that uploaded it; undefined when the control endpoint put it here. */
  readonly tokenId?: string | undefined;
  removal?: Transit;
}

/** A hostname's tie to a client certificate. */
export interface PullAssociation extends Deployed {
  readonly hostname: string;
  readonly certificateId: string;
  /** False: origins of this hostname are shown nothing, whatever the zone shows. */
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Authenticated Origin Pulls with certificates of the zones' own. */
export class OriginPullBook {
  readonly #certificates = new Map<string, ClientCertificate>();
  readonly #enabledZones = new Set<string>();
  readonly #associations = new Map<string, Map<string, PullAssociation>>();

  add(certificate: ClientCertificate): void {
    this.#certificates.set(certificate.id, certificate);
  }

  /** Makes it as though the certificate had never been there. */
  remove(id: string): boolean {
    return this.#certificates.delete(id);
  }

  get(id: string): ClientCertificate | undefined {
    return this.#certificates.get(id);
  }

  /** Oldest first. */
  all(): readonly ClientCertificate[] {
    return [...this.#certificates.values()];
  }

  /** Of one zone and level, oldest first. */
  of(zoneId: string, level: PullLevel): readonly ClientCertificate[] {
    return this.all().filter((certificate) => certificate.zoneId === zoneId && certificate.level === level);
  }

  /** Whether a zone shows its own certificate. */
  isEnabled(zoneId: string): boolean {
    return this.#enabledZones.has(zoneId);
  }

  setEnabled(zoneId: string, enabled: boolean): void {
    if (enabled) this.#enabledZones.add(zoneId);
    else this.#enabledZones.delete(zoneId);
  }

  association(zoneId: string, hostname: string): PullAssociation | undefined {
    return this.#associations.get(zoneId)?.get(hostname);
  }

  associations(zoneId: string): readonly PullAssociation[] {
    return [...(this.#associations.get(zoneId)?.values() ?? [])];
  }

  associate(zoneId: string, association: PullAssociation): void {
    const ofZone = this.#associations.get(zoneId) ?? new Map<string, PullAssociation>();
    this.#associations.set(zoneId, ofZone.set(association.hostname, association));
  }

  dissociate(zoneId: string, hostname: string): void {
    this.#associations.get(zoneId)?.delete(hostname);
  }
}
