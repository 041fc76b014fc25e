import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPair, type Pair } from '../../simulator/ca/pair.ts';
import { Simulator } from '../../simulator/client.ts';
import type { Permission } from '../../simulator/world/tokens.ts';
import { Api, codeOf, type ApiAnswer } from './api.ts';

const HALF_MS = 30_000;

let simulator: Simulator;
let api: Api;
let zoneId: string;
let pair: Pair;

beforeAll(async () => {
  [simulator, pair] = await Promise.all([Simulator.start(), newPair()]);
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  await simulator.settings({ originPulls: { deployMs: 2 * HALF_MS, deleteMs: HALF_MS } });
  api = new Api(simulator, await simulator.seedToken());
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
});

function newPair(): Promise<Pair> {
  return createPair({ caName: 'CN=Our CA', name: 'CN=us', usage: 'clients', lifetimeMs: 90 * 86_400_000 });
}

function pathOf(level: 'zone' | 'hostname'): string {
  const zone = `/zones/${zoneId}/origin_tls_client_auth`;
  return level === 'zone' ? zone : `${zone}/hostnames/certificates`;
}

function upload(level: 'zone' | 'hostname', fields: object = {}): Promise<ApiAnswer> {
  const body = { certificate: pair.certificate, private_key: pair.key, ...fields };
  return api.call('POST', pathOf(level), { body });
}

describe.each(['zone', 'hostname'] as const)('client certificates for a %s', (level) => {
  async function statusOf(id: string): Promise<string> {
    return (await api.get(`${pathOf(level)}/${id}`)).body.result.status;
  }

  test('are uploaded, reach the edge by and by, and are shown without their key', async () => {
    const leaf = new X509Certificate(pair.certificate);
    const uploaded = await upload(level);
    const { id } = uploaded.body.result;
    const serial_number = BigInt(`0x${leaf.serialNumber}`).toString(10);
    const shown = {
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
      certificate: pair.certificate.trimEnd(),
      issuer: 'Our CA',
      signature: 'ECDSAWithSHA256',
      status: 'initializing',
      expires_on: leaf.validToDate.toISOString(),
      uploaded_on: expect.any(String),
      ...(level === 'hostname' && { serial_number }),
    };
    expect(uploaded.body.result).toEqual(shown);
    await simulator.advance(HALF_MS);
    expect(await statusOf(id)).toBe('pending_deployment');
    await simulator.advance(HALF_MS);
    expect((await api.get(pathOf(level))).body.result).toEqual([{ ...shown, id, status: 'active' }]);
    expect(JSON.stringify(await simulator.clientCertificates())).not.toContain('PRIVATE KEY');
  });

  test('are deleted by and by, and can be read for ever, or no more', async () => {
    const { id } = (await upload(level)).body.result;
    const deletion = await api.call('DELETE', `${pathOf(level)}/${id}`);
    expect(deletion.body.result).toMatchObject({ id, status: 'pending_deletion' });
    expect((await api.call('DELETE', `${pathOf(level)}/${id}`)).status).toBe(200);
    await simulator.advance(HALF_MS);
    expect(await statusOf(id)).toBe('deleted');
    expect((await api.get(pathOf(level))).body.result).toHaveLength(1);
    expect((await api.call('DELETE', `${pathOf(level)}/${id}`)).status).toBe(404);
    await simulator.settings({ originPulls: { showDeleted: false } });
    expect((await api.get(`${pathOf(level)}/${id}`)).status).toBe(404);
    expect((await api.get(pathOf(level))).body.result).toEqual([]);
  });

  test('time out on the way where that is set, and can be deleted again', async () => {
    await simulator.settings({ originPulls: { deployTimesOut: true, deleteTimesOut: true } });
    const { id } = (await upload(level)).body.result;
    await simulator.settings({ originPulls: { deployTimesOut: false } });
    await simulator.advance(2 * HALF_MS);
    expect(await statusOf(id)).toBe('deployment_timed_out');
    await api.call('DELETE', `${pathOf(level)}/${id}`);
    await simulator.advance(HALF_MS);
    expect(await statusOf(id)).toBe('deletion_timed_out');
    await simulator.settings({ originPulls: { deleteTimesOut: false } });
    await api.call('DELETE', `${pathOf(level)}/${id}`);
    await simulator.advance(HALF_MS);
    expect(await statusOf(id)).toBe('deleted');
  });

  test('are refused where they are no pair', async () => {
    const other = await newPair();
    const bodies: readonly (readonly [object, string])[] = [
      [{ certificate: pair.ca }, 'missing leaf certificate'],
      [{ certificate: 'none' }, 'failed to parse certificate'],
      [{ certificate: undefined }, 'failed to parse certificate'],
      [{ private_key: 'none' }, 'failed to parse private key'],
      [{ private_key: other.key }, 'private key does not match the leaf certificate'],
    ];
    for (const [fields, message] of bodies) {
      const answer = await upload(level, fields);
      expect([answer.status, answer.body.errors?.[0]?.message]).toEqual([400, message]);
    }
    expect(await simulator.clientCertificates()).toEqual([]);
  });

  test('are none of another level', async () => {
    const { id } = (await upload(level)).body.result;
    const otherLevel = level === 'zone' ? 'hostname' : 'zone';
    expect((await api.get(`${pathOf(otherLevel)}/${id}`)).status).toBe(404);
    expect((await api.get(pathOf(otherLevel))).body.result).toEqual([]);
  });

  test('are stored though the answer is lost', async () => {
    const operation = level === 'zone' ? 'uploadClientCertificate' : 'uploadHostnameCertificate';
    await simulator.inject({ operation, resetAfter: true });
    await expect(upload(level)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
    });
    const [stored] = await simulator.clientCertificates({ zoneId, level });
    expect(stored?.fingerprint256).toBe(new X509Certificate(pair.certificate).fingerprint256);
  });

  test('are put there by others, at the edge at once, and removed without a trace', async () => {
    const { id, certificate } = await simulator.seedClientCertificate({ zoneId, level });
    expect((await api.get(pathOf(level))).body.result).toMatchObject([{ id, certificate, status: 'active' }]);
    await simulator.remove('clientCertificate', id);
    expect((await api.get(pathOf(level))).body.result).toEqual([]);
  });
});

describe('a zone’s switch', () => {
  const path = (): string => `${pathOf('zone')}/settings`;

  test('is off at first, and goes on and off', async () => {
    expect((await api.get(path())).body.result).toEqual({ enabled: false });
    for (const enabled of [true, false]) {
      expect((await api.call('PUT', path(), { body: { enabled } })).body.result).toEqual({ enabled });
      expect((await api.get(path())).body.result).toEqual({ enabled });
    }
    expect((await api.call('PUT', path(), { body: { enabled: 'on' } })).status).toBe(400);
    expect(await simulator.originPulls(zoneId, { enabled: true })).toEqual({ enabled: true });
    expect((await api.get(path())).body.result).toEqual({ enabled: true });
  });
});

describe('a token', () => {
  test.each<[Permission, number, number]>([
    ['SSL and Certificates:Read', 200, 403],
    ['SSL and Certificates:Edit', 200, 200],
    ['Zone Settings:Edit', 403, 403],
  ])('with %s alone gets %i for reading and %i for writing', async (permission, reading, writing) => {
    const limited = new Api(simulator, await simulator.seedToken({ permissions: [permission] }));
    const settings = `${pathOf('zone')}/settings`;
    const reads = [pathOf('zone'), pathOf('hostname'), settings].map((path) => limited.get(path));
    const body = { certificate: pair.certificate, private_key: pair.key };
    const writes = [
      ...[pathOf('zone'), pathOf('hostname')].map((path) => limited.call('POST', path, { body })),
      limited.call('PUT', settings, { body: { enabled: true } }),
    ];
    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([reading, reading, reading]);
    const written = await Promise.all(writes);
    expect(written.map(({ status }) => status)).toEqual([writing, writing, writing]);
    expect(codeOf(written[0]!)).toBe(writing === 403 ? 9109 : undefined);
  });
});
