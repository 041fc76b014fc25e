import { lastDeployed, statusAt } from '../rules/deployment.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';

/** The client certificate that the edge shows an origin. */
export interface Presented {
  /** Id of the client certificate, or `shared` for the one that all of Cloudflare's customers share. */
  readonly id: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * What the origins of a hostname are shown: what the hostname is tied to, else the zone's own, else the shared one;
 * undefined for nothing. What has not arrived at the edge counts for nothing.
 */
export function presentedTo(hostname: string, zone: Zone, world: World): Presented | undefined {
  const { originPulls } = world;
  const now = world.clock.now();
  const association = originPulls.association(zone.id, hostname);
  if (association !== undefined && statusAt(association, now) === 'active') {
    if (!association.enabled) return undefined;
    const certificate = originPulls.get(association.certificateId);
    if (certificate !== undefined && statusAt(certificate, now) === 'active') return certificate;
  }
  const own = originPulls.isEnabled(zone.id) ? lastDeployed(originPulls.of(zone.id, 'zone'), now) : undefined;
  if (own !== undefined) return own;
  return zone.settings.value('tls_client_auth') === 'on' ? world.sharedPull : undefined;
}
