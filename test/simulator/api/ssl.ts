import type { SslMode, Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';
import { reachableZone, timestamp } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';

const SSL_MODES: readonly SslMode[] = ['off', 'flexible', 'full', 'strict', 'origin_pull'];

/** The one zone setting that the edge obeys: `/zones/:zone/settings/ssl`. */
export const sslRoutes: readonly Route[] = [
  {
    operation: 'getSetting',
    method: 'GET',
    path: '/zones/:zone/settings/ssl',
    permission: 'Zone Settings:Read',
    family: 'others',
    handle: getSsl,
  },
  {
    operation: 'patchSetting',
    method: 'PATCH',
    path: '/zones/:zone/settings/ssl',
    permission: 'Zone Settings:Edit',
    family: 'others',
    handle: patchSsl,
  },
];

function getSsl({ world, token, params }: Call): Answer {
  return { result: sslObject(reachableZone(world, token, params['zone'])) };
}

function patchSsl({ world, token, params, body }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  if (!zone.ssl.editable) throw apiError(1015);
  const value = SSL_MODES.find((mode) => mode === valueIn(body));
  if (value === undefined) throw apiError(1004);
  zone.ssl.value = value;
  zone.ssl.modifiedOn = world.clock.now();
  return { result: sslObject(zone) };
}

function valueIn(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'value' in parsed ? parsed.value : undefined;
  } catch {
    return undefined; // As any other value that is no mode: 1004.
  }
}

function sslObject({ ssl }: Zone): object {
  return {
    id: 'ssl',
    value: ssl.value,
    editable: ssl.editable,
    modified_on: ssl.modifiedOn === undefined ? null : timestamp(ssl.modifiedOn),
  };
}
