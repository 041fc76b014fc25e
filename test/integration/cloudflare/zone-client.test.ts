import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CloudflareApi } from '../../../src/cloudflare/api.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { SettingId, ZoneClient } from '../../../src/cloudflare/zone-client.ts';
import {
  createAuthority,
  issueClientCertificate,
  type PemPair,
  readAuthority,
} from '../../../src/pki/authority.ts';
import { privateKeyDigest } from '../../../src/pki/keys.ts';
import type { Simulator } from '../../simulator/client.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import { apiFor, failure, startTrusted } from './simulated.ts';

const options = { signal: new AbortController().signal };

let simulator: Simulator;
let api: CloudflareApi;
let zoneId = '';
let client: ZoneClient;

beforeAll(async () => {
  simulator = await startTrusted();
  await simulator.settings({ budget: { quota: 100_000 } });
  api = apiFor(simulator);
});
afterAll(async () => {
  await api.close();
  await simulator.stop();
});
beforeEach(async () => {
  await simulator.reset();
  await simulator.settings({ budget: { quota: 100_000 } });
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  client = await clientWith({});
});

async function clientWith(seed: Parameters<Simulator['seedToken']>[0]): Promise<ZoneClient> {
  const { value } = await simulator.seedToken(seed);
  return api.zoneClient(new ApiToken(value));
}

describe('the zone', () => {
  test('is found by its name, with its state and account', async () => {
    await simulator.seedZone({ name: 'paused.example', paused: true, account: 'Other Inc.' });
    await simulator.seedZone({ name: 'pending.example', status: 'pending' });
    const found = await Promise.all(
      ['example.com', 'paused.example', 'pending.example'].map((name) => client.findZones(name, options)),
    );
    expect(found).toMatchObject([
      [{ id: zoneId, name: 'example.com', status: 'active', paused: false }],
      [{ paused: true, account: { name: 'Other Inc.' } }],
      [{ status: 'pending' }],
    ]);
  });

  test('is not there where nobody has it, and where the token does not reach it', async () => {
    const stranger = await clientWith({ zones: [(await simulator.seedZone({ name: 'other.example' })).id] });
    expect(await client.findZones('unknown.example', options)).toEqual([]);
    expect(await stranger.findZones('example.com', options)).toEqual([]);
  });

  test('is there twice where two accounts have it', async () => {
    await simulator.seedZone({ name: 'example.com', account: 'Other Inc.' });
    expect(await client.findZones('example.com', options)).toHaveLength(2);
  });
});

describe('a setting', () => {
  test.each<[SettingId, unknown]>([
    ['ssl', 'strict'],
    ['min_tls_version', '1.2'],
    ['tls_1_3', 'zrt'],
    ['always_use_https', 'on'],
    ['tls_client_auth', 'on'],
    ['ssl_automatic_mode', 'auto'],
  ])('%s is what it was set to', async (id, value) => {
    const before = await client.getSetting(zoneId, id, options);
    expect(before).toMatchObject({ id, editable: true, modifiedOn: undefined });
    expect(before.value).not.toBe(value);
    await client.patchSetting(zoneId, id, value, options);
    const after = await client.getSetting(zoneId, id, options);
    expect(after).toMatchObject({ id, value });
    expect(after.modifiedOn).toBeGreaterThan(0);
  });

  test('security_header is one object', async () => {
    const header = { enabled: true, max_age: 300, include_subdomains: true, preload: false, nosniff: true };
    const value = { strict_transport_security: header };
    await client.patchSetting(zoneId, 'security_header', value, options);
    expect(await client.getSetting(zoneId, 'security_header', options)).toMatchObject({ value });
  });

  test('that the plan has not is refused as such, for sure', async () => {
    await simulator.setEditable(zoneId, 'tls_1_3', false);
    expect(await client.getSetting(zoneId, 'tls_1_3', options)).toMatchObject({ editable: false });
    expect(await failure(client.patchSetting(zoneId, 'tls_1_3', 'on', options))).toMatchObject({
      kind: 'SettingNotEditable',
      definite: true,
      operation: 'patch_setting',
    });
  });

  test('with a value that it cannot have is a rejected request', async () => {
    const error = await failure(client.patchSetting(zoneId, 'min_tls_version', '9', options));
    expect(error).toMatchObject({ kind: 'RequestRejected', definite: true });
  });
});

describe('client certificates', () => {
  let pair: PemPair;
  let ca: PemPair;
  beforeAll(async () => {
    ca = await createAuthority('example.com', Date.now());
    const authority = readAuthority(ca.certificate, ca.privateKey);
    if ('problem' in authority) throw new Error(authority.problem);
    pair = await issueClientCertificate(authority, 'example.com', Date.now());
  });

  test('are uploaded, come to the edge, are listed, and go', async () => {
    const uploaded = await client.uploadClientCertificate(zoneId, pair, options);
    const { fingerprint256, validToDate } = new X509Certificate(pair.certificate);
    expect(uploaded).toMatchObject({
      status: 'initializing',
      fingerprintSHA256: fingerprint256,
      publicKeyDigest: privateKeyDigest(pair.privateKey),
      notAfter: validToDate.getTime(),
    });
    expect(uploaded.uploadedOn).toBeGreaterThan(0);
    await simulator.advance(1000);
    const active = { ...uploaded, status: 'active' };
    expect(await client.getClientCertificate(zoneId, uploaded.id, options)).toEqual(active);
    expect(await client.listClientCertificates(zoneId, options)).toEqual([active]);
    expect(await client.deleteClientCertificate(zoneId, uploaded.id, options)).toBe('deleted');
    expect(await client.listClientCertificates(zoneId, options)).toMatchObject([
      { status: 'pending_deletion' },
    ]);
    await simulator.advance(1000);
    expect(await client.getClientCertificate(zoneId, uploaded.id, options)).toMatchObject({
      status: 'deleted',
    });
    await simulator.settings({ originPulls: { showDeleted: false } });
    expect(await client.getClientCertificate(zoneId, uploaded.id, options)).toBeUndefined();
    expect(await client.deleteClientCertificate(zoneId, uploaded.id, options)).toBe('not-found');
  });

  test('that time out on their way say so', async () => {
    await simulator.settings({ originPulls: { deployTimesOut: true, deleteTimesOut: true } });
    const { id } = await client.uploadClientCertificate(zoneId, pair, options);
    await simulator.advance(1000);
    expect(await client.getClientCertificate(zoneId, id, options)).toMatchObject({
      status: 'deployment_timed_out',
    });
    await client.deleteClientCertificate(zoneId, id, options);
    await simulator.advance(1000);
    expect(await client.getClientCertificate(zoneId, id, options)).toMatchObject({
      status: 'deletion_timed_out',
    });
  });

  test('a CA is no leaf: a rejected request', async () => {
    const error = await failure(client.uploadClientCertificate(zoneId, ca, options));
    expect(error).toMatchObject({ kind: 'RequestRejected', operation: 'upload_client_certificate' });
    expect(error.message).toContain('missing leaf certificate');
    expect(await client.listClientCertificates(zoneId, options)).toEqual([]);
  });

  test.each<[string, Partial<FaultSpec>]>([
    ['lost', { resetAfter: true }],
    ['a refusal although it was stored', { storedButFails: true }],
  ])('an answer to an upload that is %s leaves open what happened', async (_, fault) => {
    await simulator.inject({ operation: 'uploadClientCertificate', ...fault });
    const error = await failure(client.uploadClientCertificate(zoneId, pair, options));
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', definite: false });
    expect(await client.listClientCertificates(zoneId, options)).toHaveLength(1);
  });

  test('are shown to origins or not', async () => {
    expect(await client.getOriginPullSettings(zoneId, options)).toEqual({ enabled: false });
    await client.putOriginPullSettings(zoneId, true, options);
    expect(await client.getOriginPullSettings(zoneId, options)).toEqual({ enabled: true });
    await client.putOriginPullSettings(zoneId, false, options);
    expect(await client.getOriginPullSettings(zoneId, options)).toEqual({ enabled: false });
  });

  test.each<[string, string, (asked: ZoneClient) => Promise<unknown>]>([
    ['list', 'Read', (asked) => asked.listClientCertificates(zoneId, options)],
    ['read', 'Read', (asked) => asked.getClientCertificate(zoneId, 'a', options)],
    ['upload', 'Edit', (asked) => asked.uploadClientCertificate(zoneId, pair, options)],
    ['delete', 'Edit', (asked) => asked.deleteClientCertificate(zoneId, 'a', options)],
    ['read the switch', 'Read', (asked) => asked.getOriginPullSettings(zoneId, options)],
    ['throw the switch', 'Edit', (asked) => asked.putOriginPullSettings(zoneId, true, options)],
  ])('a token that may not %s them is told SSL and Certificates:%s', async (_, right, ask) => {
    const powerless = await clientWith({ permissions: ['Zone:Read', 'Zone Settings:Edit'] });
    const error = await failure(ask(powerless));
    expect(['PermissionMissing', 'CredentialsInvalid']).toContain(error.kind);
    expect(error.message).toContain(`SSL and Certificates:${right}`);
  });
});

describe('what the token may not', () => {
  test.each<[string, string, (asked: ZoneClient) => Promise<unknown>]>([
    ['find the zone', 'Zone:Read', (asked) => asked.findZones('example.com', options)],
    ['list records', 'DNS:Read', (asked) => asked.listRecords(zoneId, options)],
    ['read a setting', 'Zone Settings:Read', (asked) => asked.getSetting(zoneId, 'ssl', options)],
    ['change a setting', 'Zone Settings:Edit', (asked) => asked.patchSetting(zoneId, 'ssl', 'full', options)],
    ['list certificates', 'SSL and Certificates:Read', (asked) => asked.listCertificates(zoneId, options)],
  ])('%s: the error names %s', async (_, permission, ask) => {
    const powerless = await clientWith({ permissions: [] });
    const error = await failure(ask(powerless));
    expect(['PermissionMissing', 'CredentialsInvalid']).toContain(error.kind);
    expect(error.message).toContain(permission);
  });

  test('a zone that went is ZoneNotFound or refused, never an outage', async () => {
    const unknown = 'f'.repeat(32);
    const error = await failure(client.getSetting(unknown, 'ssl', options));
    expect(['ZoneNotFound', 'PermissionMissing', 'CredentialsInvalid']).toContain(error.kind);
    expect(await failure(client.getSetting('no id', 'ssl', options))).toMatchObject({ kind: 'ZoneNotFound' });
  });
});

describe('the records', () => {
  test('are those that can be proxied, a Unicode name in its xn-- form', async () => {
    await simulator.seedRecord(zoneId, {
      name: 'bücher.example.com',
      type: 'A',
      content: '192.0.2.1',
      proxied: true,
    });
    await simulator.seedRecord(zoneId, {
      name: '*.example.com',
      type: 'CNAME',
      content: 'x.example.net',
      proxied: false,
    });
    const { complete, records } = await client.listRecords(zoneId, options);
    expect(complete).toBe(true);
    const seen = records.map(({ name, type, proxied }) => `${name} ${type} ${String(proxied)}`);
    expect(new Set(seen)).toEqual(new Set(['*.example.com CNAME false', 'xn--bcher-kva.example.com A true']));
  });

  test('of a zone with 5,000 are read whole in at most 100 requests', async () => {
    await simulator.seedRecords(zoneId, { count: 5000, type: 'A', proxied: true });
    const { complete, records } = await client.listRecords(zoneId, options);
    expect(complete).toBe(true);
    expect(records).toHaveLength(5000);
    expect((await simulator.requests({ operation: 'listRecords' })).length).toBeLessThanOrEqual(100);
  });
});
