import { parseDuration } from '../api/duration.ts';
import { normalizeHostname } from '../api/hostname.ts';
import type { OriginZone } from '../api/v1alpha1.ts';

/** The zone that the object speaks of, as Cloudflare spells it. */
export function zoneNameOf({ metadata, spec }: Pick<OriginZone, 'metadata' | 'spec'>): string {
  return normalizeHostname(spec.zoneName ?? metadata.name);
}

const INVENTORY_DEFAULT_MS = 6 * 3_600_000;

/** How often the zone's certificates are to be listed, ms. */
export function inventoryIntervalOf({ spec }: Pick<OriginZone, 'spec'>): number {
  return parseDuration(spec.inventory.interval) || INVENTORY_DEFAULT_MS;
}

/**
 * The zone that a certificate's hostname belongs to, of those named: the longest. By labels, since ten thousand
 * certificates are held against a hundred zones at every pass.
 */
export function zoneNameFor(hostname: string, zoneNames: ReadonlySet<string>): string | undefined {
  let name = hostname.startsWith('*.') ? hostname.slice(2) : hostname;
  while (!zoneNames.has(name)) {
    const dot = name.indexOf('.');
    if (dot < 0) return undefined;
    name = name.slice(dot + 1);
  }
  return name;
}

/** What a process that has just begun may take from the status: nothing, where it speaks of another zone. */
export function statusOfZone(zone: Readonly<OriginZone>): OriginZone['status'] {
  return zone.status?.zone?.name === zoneNameOf(zone) ? zone.status : undefined;
}
