import Cloudflare from 'cloudflare';
import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import { newCsr } from './api.ts';

let simulator: Simulator;
let dispatcher: Agent;
let csr: string;
let zoneId: string;
let client: Cloudflare;

beforeAll(async () => {
  [simulator, { csr }] = await Promise.all([Simulator.start(), newCsr('rsa')]);
  dispatcher = new Agent({ connect: { ca: readFileSync(simulator.caFile) } });
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  client = clientWith((await simulator.seedToken()).value);
});

/** npm undici's fetch, because Node's takes no dispatcher of it; the two differ in the names of their types only. */
const throughOurAgent = ((url: string, init: object) =>
  undiciFetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch;

function clientWith(apiToken: string): Cloudflare {
  return new Cloudflare({
    apiToken,
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    baseURL: simulator.apiUrl,
    fetch: throughOurAgent,
    maxRetries: 2,
  });
}

describe('npm cloudflare', () => {
  test('issues, reads, lists and revokes a certificate', async () => {
    const created = await client.originCACertificates.create({
      csr,
      hostnames: ['example.com', '*.example.com'],
      request_type: 'origin-rsa',
      requested_validity: 365,
    });
    expect(created?.hostnames).toEqual(['*.example.com', 'example.com']);
    const id = created?.id ?? '';
    expect((await client.originCACertificates.get(id))?.certificate).toBe(created?.certificate);
    const listed: (string | undefined)[] = [];
    for await (const certificate of client.originCACertificates.list({ zone_id: zoneId }))
      listed.push(certificate.id);
    expect(listed).toEqual([id]);
    expect((await client.originCACertificates.delete(id))?.id).toBe(id);
  });

  test('pages to the end of a long list', async () => {
    const { ids } = await simulator.seedCertificates(zoneId, { count: 130 });
    const found = new Set<string | undefined>();
    for await (const { id } of client.originCACertificates.list({ zone_id: zoneId, per_page: 20 }))
      found.add(id);
    expect(found).toEqual(new Set(ids));
  });

  test('finds zones and records, reads and writes ssl, verifies its token, reads the ranges', async () => {
    await simulator.seedRecord(zoneId, { name: 'www.example.com', content: '192.0.2.1' });
    const zones = await client.zones.list({ name: 'example.com' });
    expect(zones.result.map(({ id }) => id)).toEqual([zoneId]);
    expect((await client.zones.get({ zone_id: zoneId })).name).toBe('example.com');
    const records = await client.dns.records.list({ zone_id: zoneId, name: { exact: 'www.example.com' } });
    expect(records.result.map(({ proxied }) => proxied)).toEqual([true]);
    await client.zones.settings.edit('ssl', { zone_id: zoneId, value: 'strict' });
    expect(await client.zones.settings.get('ssl', { zone_id: zoneId })).toMatchObject({ value: 'strict' });
    expect((await client.user.tokens.verify()).status).toBe('active');
    expect(await client.ips.list()).toMatchObject({ etag: expect.any(String) });
  });

  test('sees refusals as its own errors', async () => {
    await expect(client.originCACertificates.get('1')).rejects.toBeInstanceOf(Cloudflare.NotFoundError);
    await expect(clientWith('x'.repeat(40)).zones.list()).rejects.toBeInstanceOf(
      Cloudflare.AuthenticationError,
    );
    await expect(
      client.originCACertificates.create({ csr, hostnames: ['example.org'], request_type: 'origin-rsa' }),
    ).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 1010 }],
    });
  });

  test('repeats a create whose answer failed, and so makes a second certificate', async () => {
    await simulator.inject({ operation: 'createCertificate', storedButFails: true });
    await client.originCACertificates.create({ csr, hostnames: ['example.com'], request_type: 'origin-rsa' });
    expect(await simulator.certificates()).toHaveLength(2);
  });

  test('waits as long as a 429 says', async () => {
    await simulator.inject({ operation: 'listZones', status: 429, retryAfter: 1 });
    const start = performance.now();
    await client.zones.list();
    expect(performance.now() - start).toBeGreaterThan(900);
  });
});
