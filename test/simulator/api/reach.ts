import type { PagingRules } from '../rules/paging.ts';
import { reaches, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import type { Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';

/** The zone of a path, if the token reaches it: another account's zone and no zone at all look alike. */
export function reachableZone(world: World, token: Token, id: string | undefined): Zone {
  if (id === undefined || !/^[0-9a-f]{32}$/.test(id)) throw unroutable(`/zones/${id ?? ''}`);
  const zone = world.zones.get(id);
  if (zone === undefined || !reaches(token, zone)) throw apiError(10000);
  return zone;
}

/** The fields of a body that is a JSON object; 1004 for any other. */
export function bodyFields(body: string): { readonly [name: string]: unknown } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw apiError(1004);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw apiError(1004);
  return { ...parsed };
}

/** The refusal of a path that leads nowhere. */
export function unroutable(path: string): Error {
  return apiError(7003, `Could not route to ${path}, perhaps your object identifier is invalid?`, [
    { code: 7000, message: 'No route for that URI' },
  ]);
}

/** Zones and records are paged as documented, whatever the certificates' routes are set to. */
export function documentedPaging({ settings }: World): PagingRules {
  return { mode: 'honoured', maxPerPage: Math.max(50, settings.maxPerPage) };
}

/** RFC 3339 with microseconds, as zones and records carry it. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
