import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPair } from '../../simulator/ca/pair.ts';
import { Simulator } from '../../simulator/client.ts';
import { Api, type ApiAnswer } from './api.ts';

let simulator: Simulator;
let api: Api;
let zoneId: string;
let certificateId: string;

beforeAll(async () => {
  simulator = await Simulator.start();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  await simulator.settings({ originPulls: { deployMs: 1000, deleteMs: 0 } });
  api = new Api(simulator, await simulator.seedToken());
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  ({ id: certificateId } = await simulator.seedClientCertificate({ zoneId, level: 'hostname' }));
});

function hostnames(): string {
  return `/zones/${zoneId}/origin_tls_client_auth/hostnames`;
}

function put(...config: readonly object[]): Promise<ApiAnswer> {
  return api.call('PUT', hostnames(), { body: { config } });
}

function entry(hostname: string, enabled: boolean | null = true, cert_id = certificateId): object {
  return { hostname, cert_id, enabled };
}

describe('a hostname’s tie to a client certificate', () => {
  test('is made in a list, answered in a list, and reaches the edge by and by', async () => {
    const answer = await put(entry('a.example.com'), entry('B.example.com', false));
    expect(answer.body.result).toMatchObject([
      { hostname: 'a.example.com', cert_id: certificateId, enabled: true, status: 'initializing' },
      { hostname: 'b.example.com', enabled: false },
    ]);
    await simulator.advance(1000);
    expect((await api.get(`${hostnames()}/a.example.com`)).body.result).toMatchObject({
      hostname: 'a.example.com',
      cert_id: certificateId,
      enabled: true,
      status: 'active',
      cert_status: 'active',
      certificate: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/),
      issuer: 'Somebody else',
      serial_number: expect.stringMatching(/^\d+$/),
      created_at: expect.any(String),
    });
  });

  test('is voided by null, which is no entry without its certificate', async () => {
    await put(entry('a.example.com'));
    expect((await put({ hostname: 'a.example.com', enabled: null })).status).toBe(404);
    expect((await put(entry('a.example.com', null))).body.result).toMatchObject([{ enabled: null }]);
    expect((await api.get(`${hostnames()}/a.example.com`)).status).toBe(404);
  });

  test('holds the certificate until it is voided', async () => {
    await put(entry('a.example.com', false));
    const path = `${hostnames()}/certificates/${certificateId}`;
    expect((await api.call('DELETE', path)).status).toBe(400);
    await put(entry('a.example.com', null));
    expect((await api.call('DELETE', path)).status).toBe(200);
    expect((await put(entry('a.example.com'))).status).toBe(404);
  });

  test.each<[string, unknown]>([
    ['of another zone', [{ hostname: 'a.example.net', enabled: true }]],
    ['that is none', [{ hostname: '', enabled: true }]],
    ['without a word on whether', [{ hostname: 'a.example.com' }]],
    ['in no list', { hostname: 'a.example.com', enabled: true }],
    ['in an empty list', []],
  ])('is refused for a hostname %s', async (_what, config) => {
    const entries = Array.isArray(config)
      ? config.map((value: object) => ({ cert_id: certificateId, ...value }))
      : config;
    expect((await api.call('PUT', hostnames(), { body: { config: entries } })).status).toBe(400);
  });

  test('is refused whole where one entry is wrong', async () => {
    await put(entry('a.example.com'), entry('b.example.com', true, 'no-such-id'));
    expect((await api.get(`${hostnames()}/a.example.com`)).status).toBe(404);
  });

  test('is shared by a hundred hostnames and no more', async () => {
    const many = Array.from({ length: 100 }, (_, number) => entry(`h${number}.example.com`));
    expect((await put(...many)).status).toBe(200);
    expect((await put(entry('h100.example.com'))).status).toBe(400);
    expect((await put(entry('h0.example.com', null), entry('h100.example.com'))).status).toBe(200);
    expect((await put(entry('h100.example.com', false))).status).toBe(200);
  });
});

test('a zone has ten certificates for hostnames and no more', async () => {
  const others = Array.from({ length: 9 }, () =>
    simulator.seedClientCertificate({ zoneId, level: 'hostname' }),
  );
  await Promise.all(others);
  const pair = await createPair({ caName: 'CN=a', name: 'CN=b', usage: 'clients', lifetimeMs: 86_400_000 });
  const upload = (): Promise<ApiAnswer> =>
    api.call('POST', `${hostnames()}/certificates`, {
      body: { certificate: pair.certificate, private_key: pair.key },
    });
  expect((await upload()).status).toBe(400);
  await api.call('DELETE', `${hostnames()}/certificates/${certificateId}`);
  expect((await upload()).status).toBe(200);
});
