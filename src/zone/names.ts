import { atHttps } from './routes.ts';
import type { DnsRecord } from '../cloudflare/zone-results.ts';
import { isNoOriginContent } from '../probe/cloudflare-ranges.ts';

/** Where Cloudflare goes for a name, by the DNS records alone. */
export type Destination =
  | { readonly state: 'addresses'; readonly addresses: readonly string[]; readonly source: string }
  /** Nothing that could be knocked at: `why` is the end of a sentence. */
  | { readonly state: 'none'; readonly why: string; readonly source: string };

const WILDCARD = '*.';

/** The DNS records of one zone as a resolver sees them. */
export class ZoneNames {
  readonly #zoneName: string;
  readonly #records = new Map<string, DnsRecord[]>();
  /** Every name that has records or stands above one that has: a wildcard reaches none of them. */
  readonly #existing = new Set<string>();
  /** Names with a record behind Cloudflare; wildcards among them. */
  readonly proxied: readonly string[];
  readonly #proxiedParents: ReadonlySet<string>;

  constructor(zoneName: string, records: readonly DnsRecord[]) {
    this.#zoneName = zoneName;
    for (const record of records) {
      const same = this.#records.get(record.name);
      if (same === undefined) this.#records.set(record.name, [record]);
      else same.push(record);
      for (let name: string | undefined = record.name; name !== undefined; name = this.#parent(name))
        this.#existing.add(name);
    }
    const behind = [...this.#records].filter(([, sameName]) => sameName.some(({ proxied }) => proxied));
    this.proxied = behind.map(([name]) => name);
    this.#proxiedParents = new Set(this.proxied.map((name) => name.slice(name.indexOf('.') + 1)));
  }

  /** Whether a name one label below `parent`, the wildcard included, has a record behind Cloudflare. */
  hasProxiedBelow(parent: string): boolean {
    return this.#proxiedParents.has(parent);
  }

  /** The name whose records answer for `name`: itself, or the wildcard that reaches it. */
  answering(name: string): string | undefined {
    if (this.#records.has(name)) return name;
    if (this.#existing.has(name)) return undefined;
    for (let above = this.#parent(name); above !== undefined; above = this.#parent(above)) {
      if (this.#records.has(WILDCARD + above)) return WILDCARD + above;
      if (this.#existing.has(above)) return undefined;
    }
    return undefined;
  }

  isProxied(name: string): boolean {
    const answering = this.answering(name);
    return answering !== undefined && this.#of(answering).some(({ proxied }) => proxied);
  }

  destination(name: string): Destination {
    const answering = this.answering(name) ?? name;
    const records = this.#of(answering);
    const source = `DNS record ${records[0]?.type ?? ''} ${answering}`;
    const reached = new Set<string>();
    const reasons: string[] = [];
    this.#follow(answering, new Set(), reached, reasons);
    return reached.size > 0
      ? { state: 'addresses', addresses: [...reached], source }
      : { state: 'none', why: reasons[0] ?? 'there is no record to follow', source };
  }

  #follow(name: string, seen: Set<string>, reached: Set<string>, reasons: string[]): void {
    if (seen.has(name)) {
      reasons.push('its CNAME records lead in a circle');
      return;
    }
    seen.add(name);
    for (const { type, content } of this.#of(name)) {
      if (isNoOriginContent(type, content)) {
        reasons.push(`${type} ${content} is served by Cloudflare itself, or is an address that nobody has`);
        continue;
      }
      const target = type === 'CNAME' ? hostOf(content) : undefined;
      const within = target !== undefined && this.#isInZone(target) ? this.answering(target) : undefined;
      if (within === undefined) reached.add(atHttps(target ?? content));
      else this.#follow(within, seen, reached, reasons);
    }
  }

  #of(name: string): readonly DnsRecord[] {
    return this.#records.get(name) ?? [];
  }

  #isInZone(name: string): boolean {
    return name === this.#zoneName || name.endsWith(`.${this.#zoneName}`);
  }

  /** The name one label up, as long as it is in the zone. */
  #parent(name: string): string | undefined {
    const above = name.slice(name.indexOf('.') + 1);
    return name !== this.#zoneName && this.#isInZone(above) ? above : undefined;
  }
}

function hostOf(content: string): string {
  return content.toLowerCase().replace(/\.$/, '');
}
