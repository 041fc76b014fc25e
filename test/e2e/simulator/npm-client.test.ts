import Cloudflare from 'cloudflare';
import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPair, type Pair } from '../../simulator/ca/pair.ts';
import { Simulator } from '../../simulator/client.ts';
import { newCsr } from './api.ts';

let simulator: Simulator;
let dispatcher: Agent;
let csr: string;
let pair: Pair;
let zoneId: string;
let client: Cloudflare;

beforeAll(async () => {
  [simulator, { csr }, pair] = await Promise.all([
    Simulator.start(),
    newCsr('rsa'),
    createPair({ caName: 'CN=Our CA', name: 'CN=us', usage: 'clients', lifetimeMs: 86_400_000 }),
  ]);
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

  test('reads and writes settings, under the odd name of one of them too', async () => {
    const { settings } = client.zones;
    expect(await settings.get('min_tls_version', { zone_id: zoneId })).toMatchObject({
      value: '1.0',
      modified_on: null,
    });
    await settings.edit('min_tls_version', { zone_id: zoneId, value: '1.2' });
    expect(await settings.get('min_tls_version', { zone_id: zoneId })).toMatchObject({ value: '1.2' });
    expect(await settings.get('ssl_automatic_mode', { zone_id: zoneId })).toMatchObject({
      id: 'ssl_tls_configuration_mode',
      value: 'custom',
    });
    await simulator.setEditable(zoneId, 'tls_1_3', false);
    await expect(settings.edit('tls_1_3', { zone_id: zoneId, value: 'off' })).rejects.toMatchObject({
      status: 403,
      errors: [{ code: 1015 }],
    });
  });

  test('uploads, lists, reads and deletes client certificates, and switches them', async () => {
    const pulls = client.originTLSClientAuth;
    const body = { zone_id: zoneId, certificate: pair.certificate, private_key: pair.key };
    const id = (await pulls.create(body))?.id ?? '';
    const listed = await pulls.list({ zone_id: zoneId });
    expect(listed.result.map((certificate) => certificate.id)).toEqual([id]);
    expect(await pulls.get(id, { zone_id: zoneId })).toMatchObject({
      status: 'initializing',
      signature: 'ECDSAWithSHA256',
    });
    expect(await pulls.settings.update({ zone_id: zoneId, enabled: true })).toEqual({ enabled: true });
    expect(await pulls.settings.get({ zone_id: zoneId })).toEqual({ enabled: true });
    expect((await pulls.delete(id, { zone_id: zoneId }))?.status).toBe('pending_deletion');
    await expect(pulls.get('none', { zone_id: zoneId })).rejects.toBeInstanceOf(Cloudflare.NotFoundError);
  });

  test('ties hostnames to client certificates of their own', async () => {
    const { hostnameCertificates, hostnames } = client.originTLSClientAuth;
    const body = { zone_id: zoneId, certificate: pair.certificate, private_key: pair.key };
    const id = (await hostnameCertificates.create(body)).id ?? '';
    const tie = { hostname: 'www.example.com', cert_id: id };
    const made = await hostnames.update({ zone_id: zoneId, config: [{ ...tie, enabled: true }] });
    expect(made.result).toMatchObject([{ ...tie, enabled: true }]);
    expect(await hostnames.get('www.example.com', { zone_id: zoneId })).toMatchObject({
      ...tie,
      enabled: true,
    });
    await expect(hostnameCertificates.delete(id, { zone_id: zoneId })).rejects.toMatchObject({ status: 400 });
    await hostnames.update({ zone_id: zoneId, config: [{ ...tie, enabled: null }] });
    expect((await hostnameCertificates.delete(id, { zone_id: zoneId })).status).toBe('pending_deletion');
    expect((await hostnameCertificates.list({ zone_id: zoneId })).result).toHaveLength(1);
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
