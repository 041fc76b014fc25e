import { domainToUnicode } from 'node:url';
import { recordName } from '../rules/hostname.ts';
import { pageOf } from '../rules/paging.ts';
import type { World } from '../world/world.ts';
import type { DnsRecord } from '../world/zones.ts';
import { matches, sorted } from './filter.ts';
import { documentedPaging, reachableZone, timestamp, unroutable } from './reach.ts';
import type { Answer, Call, Route } from './route.ts';

/** DNS records: `/zones/:zone/dns_records`. */
export const recordRoutes: readonly Route[] = [
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
];

function listRecords({ world, token, params, query }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const records = world.zones.records(zone.id).filter((record) =>
    matches(query['match'] === 'any', [
      [query['name'] && recordName(query['name']), record.name],
      [prefixed('equal', query['name.exact'] && recordName(query['name.exact'])), record.name],
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
    documentedPaging(world),
  );
  return { result: page.items.map((record) => recordObject(record, world)), resultInfo: page.resultInfo };
}

function getRecord({ world, token, params }: Call): Answer {
  const zone = reachableZone(world, token, params['zone']);
  const record = world.zones.record(zone.id, params['record'] ?? '');
  if (record === undefined) throw unroutable(`/zones/${zone.id}/dns_records/${params['record'] ?? ''}`);
  return { result: recordObject(record, world) };
}

/** A filter that bears its operator in its name, as one that bears it in its value. */
function prefixed(operator: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${operator}:${value}`;
}

function recordObject(record: DnsRecord, { settings }: World): object {
  return {
    id: record.id,
    name: settings.recordNames === 'unicode' ? domainToUnicode(record.name) : record.name,
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
