import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import type { Permission } from '../../simulator/world/tokens.ts';
import { Api, codeOf, type ApiAnswer } from './api.ts';

let simulator: Simulator;
let api: Api;
let zoneId: string;

beforeAll(async () => {
  simulator = await Simulator.start();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  api = new Api(simulator, await simulator.seedToken());
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com', ssl: 'flexible' }));
});

function get(setting: string): Promise<ApiAnswer> {
  return api.get(`/zones/${zoneId}/settings/${setting}`);
}

function patch(setting: string, value: unknown): Promise<ApiAnswer> {
  return api.call('PATCH', `/zones/${zoneId}/settings/${setting}`, { body: { value } });
}

async function valueOf(setting: string): Promise<unknown> {
  return (await get(setting)).body.result.value;
}

describe('a zone setting', () => {
  test.each<[string, unknown, unknown]>([
    ['ssl', 'flexible', 'strict'],
    ['min_tls_version', '1.0', '1.2'],
    ['tls_1_3', 'on', 'zrt'],
    ['always_use_https', 'off', 'on'],
    ['automatic_https_rewrites', 'on', 'off'],
    ['opportunistic_encryption', 'on', 'off'],
    ['tls_client_auth', 'off', 'on'],
    ['ciphers', [], ['AES128-SHA']],
  ])('%s is read, written, and dated from then on', async (id, before, after) => {
    expect((await get(id)).body.result).toEqual({ id, value: before, editable: true, modified_on: null });
    const modified_on = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{6}Z$/);
    const changed = { id, value: after, editable: true, modified_on };
    expect((await patch(id, after)).body).toMatchObject({ success: true, errors: [], result: changed });
    expect((await get(id)).body.result).toEqual(changed);
  });

  test('HSTS is merged with what a request leaves out', async () => {
    await patch('security_header', { strict_transport_security: { enabled: true, max_age: 300 } });
    await patch('security_header', { strict_transport_security: { nosniff: true } });
    expect(await valueOf('security_header')).toEqual({
      strict_transport_security: {
        enabled: true,
        max_age: 300,
        include_subdomains: false,
        preload: false,
        nosniff: true,
      },
    });
  });

  test('takes no value that it does not know', async () => {
    const refused = await patch('min_tls_version', '1.4');
    expect([refused.status, codeOf(refused)]).toEqual([400, 1007]);
    expect(codeOf(await api.call('PATCH', `/zones/${zoneId}/settings/ssl`, { body: '[]' }))).toBe(1004);
    expect(codeOf(await api.call('PATCH', `/zones/${zoneId}/settings/ssl`, { body: '{' }))).toBe(1004);
    expect(await valueOf('min_tls_version')).toBe('1.0');
  });

  test('of an unknown name is none', async () => {
    const answer = await get('ssl_tls_configuration_mode');
    expect([answer.status, codeOf(answer)]).toEqual([400, 1006]);
  });

  test('that the plan lacks is read, not written', async () => {
    await simulator.setEditable(zoneId, 'tls_client_auth', false);
    expect((await get('tls_client_auth')).body.result).toMatchObject({ value: 'off', editable: false });
    const refused = await patch('tls_client_auth', 'on');
    expect([refused.status, codeOf(refused)]).toEqual([403, 1015]);
    expect(refused.body.errors?.[0]?.message).toBe('Not allowed to edit setting for tls_client_auth');
    expect(await valueOf('tls_client_auth')).toBe('off');
    await simulator.setEditable(zoneId, 'tls_client_auth', true);
    expect((await patch('tls_client_auth', 'on')).status).toBe(200);
  });

  test('origin_pull is for Enterprise', async () => {
    expect(codeOf(await patch('ssl', 'origin_pull'))).toBe(1015);
    const { id } = await simulator.seedZone({ name: 'big.example', plan: 'enterprise' });
    const path = `/zones/${id}/settings/ssl`;
    expect((await api.call('PATCH', path, { body: { value: 'origin_pull' } })).status).toBe(200);
    expect((await api.get(`/zones/${id}`)).body.result).toMatchObject({ plan: { legacy_id: 'enterprise' } });
  });
});

describe('automatic mode', () => {
  beforeEach(() => simulator.setAutomaticMode(zoneId, 'auto'));

  test('is answered under another name, with its next scan', async () => {
    const shown = {
      id: 'ssl_tls_configuration_mode',
      editable: true,
      next_scheduled_scan: expect.any(String),
    };
    expect((await get('ssl_automatic_mode')).body.result).toMatchObject({ ...shown, value: 'auto' });
    expect((await patch('ssl_automatic_mode', 'custom')).body.result).toMatchObject({
      ...shown,
      value: 'custom',
    });
    expect(await valueOf('ssl_automatic_mode')).toBe('custom');
  });

  test('ignores another mode, and answers as though it did not', async () => {
    expect((await patch('ssl', 'full')).body.result.value).toBe('full');
    expect(await valueOf('ssl')).toBe('flexible');
    await patch('ssl_automatic_mode', 'custom');
    await patch('ssl', 'full');
    expect(await valueOf('ssl')).toBe('full');
  });

  test('refuses another mode, or gives way to it, where that is set', async () => {
    await simulator.settings({ sslUnderAutomaticMode: 'refused' });
    expect(codeOf(await patch('ssl', 'full'))).toBe(1015);
    expect(await valueOf('ssl')).toBe('flexible');
    await simulator.settings({ sslUnderAutomaticMode: 'turnsCustom' });
    expect((await patch('ssl', 'full')).status).toBe(200);
    expect([await valueOf('ssl'), await valueOf('ssl_automatic_mode')]).toEqual(['full', 'custom']);
  });

  test('climbs step by step or to a mode, never down, and only while it is on', async () => {
    expect(await simulator.automaticUpgrade(zoneId)).toEqual({ ssl: 'full' });
    expect(await simulator.automaticUpgrade(zoneId, 'flexible')).toEqual({ ssl: 'full' });
    expect(await simulator.automaticUpgrade(zoneId, 'strict')).toEqual({ ssl: 'strict' });
    expect(await simulator.automaticUpgrade(zoneId)).toEqual({ ssl: 'strict' });
    await simulator.setSetting(zoneId, 'ssl', 'flexible');
    await simulator.setAutomaticMode(zoneId, 'custom');
    expect(await simulator.automaticUpgrade(zoneId)).toEqual({ ssl: 'flexible' });
  });
});

describe('all settings at once', () => {
  test.each<[410 | 404, number]>([
    [410, 1000],
    [404, 7003],
  ])('are gone with %i', async (bulkSettings, code) => {
    await simulator.settings({ bulkSettings });
    const path = `/zones/${zoneId}/settings`;
    const answers = [await api.get(path), await api.call('PATCH', path, { body: { items: [] } })];
    expect(answers.map((answer) => [answer.status, codeOf(answer)])).toEqual([
      [bulkSettings, code],
      [bulkSettings, code],
    ]);
  });
});

describe('what somebody sets in the dashboard', () => {
  test('is set past every token, and read back whole', async () => {
    await simulator.setSetting(zoneId, 'always_use_https', 'on');
    await simulator.setEditable(zoneId, 'always_use_https', false);
    await simulator.setSetting(zoneId, 'always_use_https', 'off');
    expect(await simulator.zoneSettings(zoneId)).toContainEqual({
      id: 'always_use_https',
      value: 'off',
      editable: false,
      modifiedOn: expect.any(String),
    });
    expect(await simulator.requests()).toEqual([]);
  });

  test('is told from what no setting takes', async () => {
    await expect(simulator.setSetting(zoneId, 'ssl', 'on')).rejects.toThrow(/ssl takes no such value/);
  });
});

describe('a token', () => {
  test.each<[Permission, 'GET' | 'PATCH', number]>([
    ['Zone Settings:Read', 'GET', 200],
    ['Zone Settings:Read', 'PATCH', 403],
    ['Zone Settings:Edit', 'GET', 200],
    ['Zone Settings:Edit', 'PATCH', 200],
    ['SSL and Certificates:Edit', 'GET', 403],
  ])('with %s alone gets for %s of a setting %i', async (permission, method, status) => {
    const limited = new Api(simulator, await simulator.seedToken({ permissions: [permission] }));
    const body = method === 'PATCH' ? { value: 'full' } : undefined;
    const path = `/zones/${zoneId}/settings/ssl`;
    const answer = await limited.call(method, path, { body });
    expect([answer.status, codeOf(answer)]).toEqual([status, status === 403 ? 9109 : undefined]);
  });

  test('of another zone sees none of its settings', async () => {
    const { id } = await simulator.seedZone({ name: 'example.net' });
    const other = new Api(simulator, await simulator.seedToken({ zones: [id] }));
    expect(codeOf(await other.get(`/zones/${zoneId}/settings/ssl`))).toBe(10000);
  });
});
