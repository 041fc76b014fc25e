import { isSettingId, settingAfter, type SettingId } from '../rules/zone-setting.ts';
import type { World } from '../world/world.ts';
import type { ZoneSetting } from '../world/zone-settings.ts';
import type { Zone } from '../world/zones.ts';
import { ApiError, apiError, messageOf } from './errors.ts';
import { bodyFields, reachableZone, timestamp, unroutable } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';

const READ = 'Zone Settings:Read';
const EDIT = 'Zone Settings:Edit';
const BULK = '/zones/:zone/settings';
const ONE = '/zones/:zone/settings/:setting';

/** Zone settings one at a time, and what is left of the routes for all at once. */
export const settingRoutes: readonly Route[] = [
  {
    operation: 'getSetting',
    method: 'GET',
    path: ONE,
    permission: READ,
    family: 'others',
    handle: getSetting,
  },
  {
    operation: 'patchSetting',
    method: 'PATCH',
    path: ONE,
    permission: EDIT,
    family: 'others',
    handle: patchSetting,
  },
  { operation: 'bulkSettings', method: 'GET', path: BULK, family: 'others', handle: pastItsEnd },
  { operation: 'bulkSettings', method: 'PATCH', path: BULK, family: 'others', handle: pastItsEnd },
];

/** A month, in which the crawler comes by about once. */
const SCAN_INTERVAL_MS = 30 * 86_400_000;

function getSetting({ world, token, params }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  return { result: settingObject(zone, zone.settings.get(settingIn(params))) };
}

function patchSetting({ world, token, params, body }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const id = settingIn(params);
  const { editable } = zone.settings.get(id);
  if (!editable) throw notAllowed(id);
  const { value: requested } = bodyFields(body);
  const value = settingAfter(id, requested, zone.settings.value(id));
  if (value === undefined) throw apiError(1007, `Invalid value for zone setting ${id}`);
  if (value === 'origin_pull' && zone.plan !== 'enterprise') throw notAllowed(id);
  const heeded = id !== 'ssl' || takeFromCrawler(zone, world);
  if (heeded) zone.settings.set(id, value, world.clock.now());
  // A request that is ignored answers as one that is heeded: only the next GET tells them apart.
  return { result: settingObject(zone, { ...zone.settings.get(id), value }) };
}

/** Whether `ssl` may be set now. What becomes of it under automatic mode is documented nowhere. */
function takeFromCrawler(zone: Zone, { settings, clock }: World): boolean {
  if (zone.settings.value('ssl_automatic_mode') === 'custom') return true;
  switch (settings.sslUnderAutomaticMode) {
    case 'refused':
      throw notAllowed('ssl');
    case 'ignored':
      return false;
    case 'turnsCustom':
      return zone.settings.set('ssl_automatic_mode', 'custom', clock.now());
  }
}

function pastItsEnd({ world, params }: Call): never {
  if (world.settings.bulkSettings === 404) throw unroutable(`/zones/${params['zone'] ?? ''}/settings`);
  throw new ApiError([{ code: 1000, message: messageOf(1000) }], { status: 410 });
}

function settingIn(params: Call['params']): SettingId {
  const id = params['setting'] ?? '';
  if (!isSettingId(id)) throw apiError(1006, `Unrecognized zone setting name: ${id}`);
  return id;
}

function notAllowed(id: SettingId): ApiError {
  return apiError(1015, `Not allowed to edit setting for ${id}`);
}

function settingObject(zone: Zone, { id, value, editable, modifiedOn }: ZoneSetting): object {
  const object = { value, editable, modified_on: modifiedOn === undefined ? null : timestamp(modifiedOn) };
  // The one setting that is answered under another name than it is asked for.
  if (id === 'ssl_automatic_mode') {
    const next_scheduled_scan = timestamp((modifiedOn ?? zone.createdOn) + SCAN_INTERVAL_MS);
    return { id: 'ssl_tls_configuration_mode', ...object, next_scheduled_scan };
  }
  return { id, ...object };
}
