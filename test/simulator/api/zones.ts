import { pageOf } from '../rules/paging.ts';
import { reaches, type Token } from '../world/tokens.ts';
import type { World } from '../world/world.ts';
import type { DnsRecord, SslMode, Zone } from '../world/zones.ts';
import { apiError } from './errors.ts';
import { matches, sorted } from './filter.ts';
import type { Answer, Call, Route } from './route.ts';

export const zoneRoutes: readonly Route[] = [
  {
    operation: 'listZones',
    method: 'GET',
    path: '/zones',
    permission: 'Zone:Read',
    family: 'zones',
    handle: listZones,
  },
  {
    operation: 'getZone',
    method: 'GET',
    path: '/zones/:zone',
    permission: 'Zone:Read',
    family: 'zones',
    handle: getZone,
  },
  {
    operation: 'listRecords',
    method: 'GET',
    path: '/zones/:zone/dns_records',
    permission: 'DNS:Read',
    family: 'others',
    handle: listRecords,
  },
  {
    operation: 'getRecord',
    method: 'GET',
    path: '/zones/:zone/dns_records/:record',
    permission: 'DNS:Read',
    family: 'others',
    handle: getRecord,
  },
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

const SSL_MODES: readonly SslMode[] = ['off', 'flexible', 'full', 'strict', 'origin_pull'];

function listZones({ world, token, query }: Call): Answer {
  const types = query['type']?.split(',');
  const zones = world.zones.all().filter(
    (zone) =>
      reaches(token, zone) &&
      // Internal zones are listed only to those who ask for them.
      (types === undefined ? zone.type !== 'internal' : types.includes(zone.type)) &&
      matches(query['match'] === 'any', [
        [query['name'], zone.name],
        [query['account.id'], zone.account.id],
        [query['account.name'], zone.account.name],
        [query['status'], zone.status],
      ]),
  );
  const order: Readonly<Record<string, (zone: Zone) => string>> = {
    name: ({ name }) => name,
    status: ({ status }) => status,
    'account.id': ({ account }) => account.id,
    'account.name': ({ account }) => account.name,
  };
  const page = pageOf(sorted(zones, order[query['order'] ?? ''], query['direction']), query, pagingOf(world));
  return { result: page.items.map(zoneObject), resultInfo: page.resultInfo };
}

function getZone({ world, token, params }: Call): Answer {
  return { result: zoneObject(reachableZone(world, token, params['zone'])) };
}

function listRecords({ world, token, params, query }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const records = world.zones.records(zone.id).filter((record) =>
    matches(query['match'] === 'any', [
      [query['name'], record.name],
      [prefixed('equal', query['name.exact']), record.name],
      [prefixed('contains', query['name.contains']), record.name],
      [prefixed('starts_with', query['name.startswith']), record.name],
      [prefixed('ends_with', query['name.endswith']), record.name],
      [query['content'], record.content],
      [prefixed('equal', query['content.exact']), record.content],
      [prefixed('contains', query['content.contains']), record.content],
      [prefixed('starts_with', query['content.startswith']), record.content],
      [prefixed('ends_with', query['content.endswith']), record.content],
      [query['type'], record.type],
      [query['proxied'], String(record.proxied)],
    ]),
  );
  const order: Readonly<Record<string, (record: DnsRecord) => string>> = {
    name: ({ name }) => name,
    type: ({ type }) => type,
    content: ({ content }) => content,
    proxied: ({ proxied }) => String(proxied),
  };
  const page = pageOf(
    sorted(records, order[query['order'] ?? ''], query['direction']),
    query,
    pagingOf(world),
  );
  return { result: page.items.map(recordObject), resultInfo: page.resultInfo };
}

function getRecord({ world, token, params }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const record = world.zones.records(zone.id).find(({ id }) => id === params['record']);
  if (record === undefined) throw unroutable(`/zones/${zone.id}/dns_records/${params['record'] ?? ''}`);
  return { result: recordObject(record) };
}

function getSsl({ world, token, params }: Call): Answer {
  return { result: sslObject(reachableZone(world, token, params['zone'])) };
}

function patchSsl({ world, token, params, body }: Call): Answer {
  const { ssl } = reachableZoneEntry(world, token, params['zone']);
  if (!ssl.editable) throw apiError(1015);
  const value = SSL_MODES.find((mode) => body.replaceAll(/\s/g, '') === `{"value":"${mode}"}`);
  if (value === undefined) throw apiError(1004);
  ssl.value = value;
  ssl.modifiedOn = world.clock.now();
  return { result: sslObject(reachableZone(world, token, params['zone'])) };
}

function reachableZone(world: World, token: Token, id: string | undefined): Readonly<Zone> {
  return reachableZoneEntry(world, token, id);
}

function reachableZoneEntry(world: World, token: Token, id: string | undefined): Zone {
  if (id === undefined || !/^[0-9a-f]{32}$/.test(id)) throw unroutable(`/zones/${id ?? ''}`);
  const zone = world.zones.get(id);
  if (zone === undefined || !reaches(token, zone)) throw apiError(10000);
  return zone;
}

/** The refusal of a path that leads nowhere. */
export function unroutable(path: string): Error {
  return apiError(7003, `Could not route to ${path}, perhaps your object identifier is invalid?`, [
    { code: 7000, message: 'No route for that URI' },
  ]);
}

function pagingOf(world: World): { mode: 'honoured'; maxPerPage: number } {
  return { mode: 'honoured', maxPerPage: Math.max(50, world.settings.maxPerPage) };
}

/** A filter that bears its operator in its name, as one that bears it in its value. */
function prefixed(operator: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${operator}:${value}`;
}

/** RFC 3339 with microseconds, as zones and records carry it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function zoneObject(zone: Readonly<Zone>): object {
  return {
    id: zone.id,
    name: zone.name,
    status: zone.status,
    paused: zone.paused,
    type: zone.type,
    development_mode: 0,
    name_servers: ['ada.ns.cloudflare.com', 'bob.ns.cloudflare.com'],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    created_on: timestamp(zone.createdOn),
    modified_on: timestamp(zone.createdOn),
    activated_on: zone.status === 'active' ? timestamp(zone.createdOn) : null,
    meta: {
      step: 2,
      custom_certificate_quota: 0,
      page_rule_quota: 3,
      phishing_detected: false,
      cdn_only: false,
      dns_only: false,
      foundation_dns: false,
    },
    owner: { id: null, type: 'user', email: null },
    account: zone.account,
    permissions: ['#zone:read'],
    plan: { id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: 'Free Website', legacy_id: 'free' },
  };
}

function recordObject(record: DnsRecord): object {
  return {
    id: record.id,
    name: record.name,
    type: record.type,
    content: record.content,
    proxiable: record.type === 'A' || record.type === 'AAAA' || record.type === 'CNAME',
    proxied: record.proxied,
    ttl: 1,
    settings: {},
    meta: {},
    comment: null,
    tags: [],
    created_on: timestamp(record.createdOn),
    modified_on: timestamp(record.createdOn),
  };
}

function sslObject({ ssl }: Readonly<Zone>): object {
  return {
    id: 'ssl',
    value: ssl.value,
    editable: ssl.editable,
    modified_on: ssl.modifiedOn === undefined ? null : timestamp(ssl.modifiedOn),
  };
}
