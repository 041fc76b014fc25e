import { pageOf } from '../rules/paging.ts';
import { reaches } from '../world/tokens.ts';
import type { Plan, Zone } from '../world/zones.ts';
import { matches, sorted } from './filter.ts';
import { documentedPaging, reachableZone, timestamp } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';

/** Zones: `/zones`. */
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
];

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
  const page = pageOf(
    sorted(zones, order[query['order'] ?? ''], query['direction']),
    query,
    documentedPaging(world),
  );
  return { result: page.items.map(zoneObject), resultInfo: page.resultInfo };
}

function getZone({ world, token, params }: Call): Answer {
  return { result: zoneObject(reachableZone(world, token, params['zone'])) };
}

const PLAN_NAMES: Readonly<Record<Plan, string>> = {
  free: 'Free Website',
  pro: 'Pro Website',
  business: 'Business Website',
  enterprise: 'Enterprise Website',
};

function zoneObject(zone: Zone): object {
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
    plan: { id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: PLAN_NAMES[zone.plan], legacy_id: zone.plan },
  };
}
