import { createHash, randomBytes } from 'node:crypto';
import { zoneOf } from '../rules/hostname.ts';
import type { ZoneSettings } from './zone-settings.ts';

export type ZoneStatus = 'initializing' | 'pending' | 'active' | 'moved';
export const PLANS = ['free', 'pro', 'business', 'enterprise'] as const;
export type Plan = (typeof PLANS)[number];

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly type: 'full' | 'partial' | 'secondary' | 'internal';
  readonly account: Account;
  readonly createdOn: number;
  status: ZoneStatus;
  paused: boolean;
  readonly plan: Plan;
  readonly settings: ZoneSettings;
}

export interface Account {
  readonly id: string;
  readonly name: string;
}

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'TXT' | 'MX';

export interface DnsRecord {
  readonly id: string;
  readonly zoneId: string;
  readonly name: string;
  readonly type: RecordType;
  readonly content: string;
  readonly proxied: boolean;
  readonly createdOn: number;
}

/** What Cloudflare gives ids to: 32 hex digits. */
export function newId(): string {
  return randomBytes(16).toString('hex');
}

/** The account of a name; the same name gives the same id. */
export function accountNamed(name: string): Account {
  return { id: createHash('sha256').update(name).digest('hex').slice(0, 32), name };
}

/** The zones and their DNS records. */
export class ZoneBook {
  readonly #zones = new Map<string, Zone>();
  /** By zone, then by id: a look at one zone must not cost what all zones hold. */
  readonly #records = new Map<string, Map<string, DnsRecord>>();

  add(zone: Zone): void {
    this.#zones.set(zone.id, zone);
  }

  get(id: string): Zone | undefined {
    return this.#zones.get(id);
  }

  /** Removes a zone with its records; false when there is none of this id. */
  remove(id: string): boolean {
    this.#records.delete(id);
    return this.#zones.delete(id);
  }

  all(): readonly Zone[] {
    return [...this.#zones.values()];
  }

  /** The zone that a visitor's request for this hostname reaches. */
  active(hostname: string): Zone | undefined {
    return zoneOf(
      hostname,
      this.all().filter((zone) => zone.status === 'active'),
    );
  }

  addRecord(record: DnsRecord): void {
    const ofZone = this.#records.get(record.zoneId);
    if (ofZone === undefined) this.#records.set(record.zoneId, new Map([[record.id, record]]));
    else ofZone.set(record.id, record);
  }

  removeRecord(id: string): boolean {
    return [...this.#records.values()].some((ofZone) => ofZone.delete(id));
  }

  record(zoneId: string, id: string): DnsRecord | undefined {
    return this.#records.get(zoneId)?.get(id);
  }

  records(zoneId: string): readonly DnsRecord[] {
    return [...(this.#records.get(zoneId)?.values() ?? [])];
  }

  /** The address records for a hostname: by exact name, else those of the nearest wildcard. */
  recordsFor(zone: Zone, hostname: string): readonly DnsRecord[] {
    const addresses = this.records(zone.id).filter(
      ({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME',
    );
    const exact = addresses.filter(({ name }) => name === hostname);
    if (exact.length > 0) return exact;
    for (let rest = hostname; rest !== zone.name && rest.includes('.');) {
      rest = rest.slice(rest.indexOf('.') + 1);
      const covering = addresses.filter(({ name }) => name === `*.${rest}`);
      if (covering.length > 0) return covering;
    }
    return [];
  }
}
