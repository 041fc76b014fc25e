import { domainToASCII } from 'node:url';
import type { OriginSeed, RecordSeed, RecordsSeed, ZoneChange, ZoneSeed } from '../protocol.ts';
import { recordName } from '../rules/hostname.ts';
import { AUTOMATIC_MODES, SSL_MODES } from '../rules/zone-setting.ts';
import type { World } from '../world/world.ts';
import { ZoneSettings } from '../world/zone-settings.ts';
import { PLANS, accountNamed, newId, type RecordType, type Zone, type ZoneStatus } from '../world/zones.ts';
import { ControlError, checked, type Shape } from './shape.ts';

export const DEFAULT_ACCOUNT = 'Example Inc.';

const STATUSES: readonly ZoneStatus[] = ['initializing', 'pending', 'active', 'moved'];
const RECORD_TYPES: readonly RecordType[] = ['A', 'AAAA', 'CNAME', 'TXT', 'MX'];
const ADDRESS = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d{1,5}$/;

const ZONE: Shape<ZoneSeed> = {
  name: 'string',
  account: 'string?',
  status: { oneOf: STATUSES, optional: true },
  paused: 'boolean?',
  type: { oneOf: ['full', 'partial', 'secondary', 'internal'], optional: true },
  ssl: { oneOf: SSL_MODES, optional: true },
  automaticMode: { oneOf: AUTOMATIC_MODES, optional: true },
  plan: { oneOf: PLANS, optional: true },
};
const ZONE_CHANGE: Shape<ZoneChange> = {
  id: 'string',
  status: { oneOf: STATUSES, optional: true },
  paused: 'boolean?',
  ssl: { oneOf: SSL_MODES, optional: true },
  sslEditable: 'boolean?',
};
const RECORD: Shape<RecordSeed> = {
  zoneId: 'string',
  name: 'string',
  type: { oneOf: RECORD_TYPES, optional: true },
  content: 'string',
  proxied: 'boolean?',
};
const { name: _name, ...RECORD_BUT_NAME } = RECORD;
const RECORDS: Shape<RecordsSeed> = {
  ...RECORD_BUT_NAME,
  content: 'string?',
  count: 'number',
  prefix: 'string?',
};
const ORIGIN: Shape<OriginSeed> = { content: 'string', https: 'string?', http: 'string?', drop: 'boolean?' };

export function seedZone(world: World, body: unknown): { id: string; accountId: string } {
  const seed = checked<ZoneSeed>(body, ZONE);
  const zone: Zone = {
    id: newId(),
    name: domainToASCII(seed.name.toLowerCase()),
    type: seed.type ?? 'full',
    account: accountNamed(seed.account ?? DEFAULT_ACCOUNT),
    createdOn: world.clock.now(),
    status: seed.status ?? 'active',
    paused: seed.paused ?? false,
    plan: seed.plan ?? 'free',
    settings: new ZoneSettings({
      ...(seed.ssl && { ssl: seed.ssl }),
      ...(seed.automaticMode && { ssl_automatic_mode: seed.automaticMode }),
    }),
  };
  if (!zone.name.includes('.'))
    throw new ControlError(`name is ${JSON.stringify(seed.name)}; a zone has at least two labels`);
  world.zones.add(zone);
  return { id: zone.id, accountId: zone.account.id };
}

export function updateZone(world: World, body: unknown): void {
  const change = checked<ZoneChange>(body, ZONE_CHANGE);
  const zone = zoneById(world, change.id);
  zone.status = change.status ?? zone.status;
  zone.paused = change.paused ?? zone.paused;
  if (change.ssl !== undefined) zone.settings.set('ssl', change.ssl, world.clock.now());
  if (change.sslEditable !== undefined) zone.settings.setEditable('ssl', change.sslEditable);
}

export function seedRecord(world: World, body: unknown): { id: string } {
  const seed = checked<RecordSeed>(body, RECORD);
  zoneById(world, seed.zoneId);
  return { id: addRecord(world, seed) };
}

/** Fills a zone with records. */
export function seedRecords(world: World, body: unknown): { ids: readonly string[] } {
  const { count, prefix = 'host-', content = '192.0.2.1', ...seed } = checked<RecordsSeed>(body, RECORDS);
  const zone = zoneById(world, seed.zoneId);
  const numbers = Array.from({ length: count }, (_, number) => number);
  return {
    ids: numbers.map((number) =>
      addRecord(world, { ...seed, content, name: `${prefix}${number}.${zone.name}` }),
    ),
  };
}

function addRecord(world: World, seed: RecordSeed): string {
  const id = newId();
  world.zones.addRecord({
    id,
    zoneId: seed.zoneId,
    name: recordName(seed.name),
    type: seed.type ?? 'A',
    content: seed.content,
    proxied: seed.proxied ?? true,
    createdOn: world.clock.now(),
  });
  return id;
}

export function mapOrigin(world: World, body: unknown): void {
  const seed = checked<OriginSeed>(body, ORIGIN);
  for (const address of [seed.https, seed.http]) {
    if (address !== undefined && !ADDRESS.test(address)) {
      throw new ControlError(`address is ${JSON.stringify(address)}; it must be host:port on loopback`);
    }
  }
  world.origins.set(seed.content, seed);
}

/** The zone of an id; the message of the error says that there is none. */
export function zoneById(world: World, id: string): Zone {
  const zone = world.zones.get(id);
  if (zone === undefined) throw new ControlError(`there is no zone ${id}`);
  return zone;
}
