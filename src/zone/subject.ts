import { normalizeHostname } from '../api/hostname.ts';
import type { OriginZone } from '../api/v1alpha1.ts';

/** The zone that the object speaks of, as Cloudflare spells it. */
export function zoneNameOf({ metadata, spec }: Pick<OriginZone, 'metadata' | 'spec'>): string {
  return normalizeHostname(spec.zoneName ?? metadata.name);
}

/** What a process that has just begun may take from the status: nothing, where it speaks of another zone. */
export function statusOfZone(zone: Readonly<OriginZone>): OriginZone['status'] {
  return zone.status?.zone?.name === zoneNameOf(zone) ? zone.status : undefined;
}
