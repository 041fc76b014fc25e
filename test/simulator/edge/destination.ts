import type { OriginSeed } from '../protocol.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';

/** Where a visitor's request goes, or why it goes nowhere. */
export type Destination =
  | {
      readonly kind: 'edge' | 'direct';
      readonly zone: Zone;
      readonly origin: OriginSeed;
      readonly why: string;
    }
  | { readonly kind: 'nowhere'; readonly status: 0 | 523 | 530; readonly why: string };

const MOST_ALIASES = 10;

/**
 * Follows zone and DNS record: through the edge when the record is proxied and the zone is active and not
 * paused, else straight to the origin.
 */
export function destinationOf(hostname: string, world: World): Destination {
  const zone = world.zones.active(hostname);
  if (zone === undefined)
    return nowhere(0, `no active zone holds ${hostname}: its name does not resolve here`);
  const [record] = world.zones.recordsFor(zone, hostname);
  if (record === undefined)
    return nowhere(0, `zone ${zone.name} has no A, AAAA or CNAME record for ${hostname}`);
  const content = addressOf(record.content, world);
  if (content === undefined) return nowhere(530, `CNAME ${record.content} leads in a circle`);
  const origin = world.origins.get(content);
  if (origin === undefined)
    return nowhere(523, `no route to ${content}: map-origin maps it to no address of this machine`);
  if (zone.paused) return { kind: 'direct', zone, origin, why: `zone ${zone.name} is paused` };
  if (!record.proxied)
    return { kind: 'direct', zone, origin, why: `the record of ${hostname} is not proxied` };
  return { kind: 'edge', zone, origin, why: `mode ${zone.settings.value('ssl')}` };
}

/** Follows CNAMEs through our zones to the content that is mapped or ends the chain; undefined for a circle. */
function addressOf(content: string, world: World): string | undefined {
  let current = content;
  for (let hops = 0; hops < MOST_ALIASES; hops += 1) {
    const zone = world.zones.active(current);
    const next =
      zone === undefined || world.origins.has(current) ? undefined : world.zones.recordsFor(zone, current)[0];
    if (next === undefined) return current;
    current = next.content;
  }
  return undefined;
}

function nowhere(status: 0 | 523 | 530, why: string): Destination {
  return { kind: 'nowhere', status, why };
}
