import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CloudflareApi } from '../../../src/cloudflare/api.ts';
import type { CloudflareClient } from '../../../src/cloudflare/client.ts';
import type { FailureKind } from '../../../src/cloudflare/errors.ts';
import { loadRoots } from '../../../src/cloudflare/roots.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { KeySpec } from '../../../src/pki/keys.ts';
import { inspectCertificate } from '../../../src/pki/inspect.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import type { Simulator } from '../../simulator/client.ts';
import { apiFor, clientFor, failure, startTrusted, wanted } from './simulated.ts';

const signal = new AbortController().signal;
const ID_OF_NOBODY = '123456789012345678901234567890';

let simulator: Simulator;
let api: CloudflareApi;
let client: CloudflareClient;
let zoneId: string;
beforeAll(async () => {
  simulator = await startTrusted();
  api = apiFor(simulator);
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  client = await clientFor(simulator, api);
});
afterEach(() => simulator.clearFaults());
afterAll(async () => {
  await api.close();
  await simulator.stop();
});

describe('a certificate', () => {
  test.each<KeySpec>([
    { algorithm: 'ECDSA', size: 256 },
    { algorithm: 'RSA', size: 2048 },
  ])('for a key of $algorithm $size is issued, found in the listing, read and revoked', async (spec) => {
    const { algorithm, size } = spec;
    const request = await wanted([`${algorithm.toLowerCase()}.example.com`, '*.example.com'], spec);
    const created = await client.createCertificate(request, { signal });
    const facts = inspectCertificate(created.certificate, await loadRoots(simulator.originCaRootsFile));
    expect(facts).toMatchObject({
      id: created.id,
      publicKeyDigest: request.keyDigest,
      trusted: true,
      algorithm,
      size,
    });
    expect(created.rayId).toMatch(/^[0-9a-f]+/);

    const { complete, certificates } = await client.listCertificates(zoneId, { signal });
    expect(complete).toBe(true);
    const found = certificates.filter(({ publicKeyDigest }) => publicKeyDigest === request.keyDigest);
    expect(found).toMatchObject([{ id: created.id, revokedAt: undefined, expiresOn: facts?.notAfter }]);

    expect(await client.revokeCertificate(created.id ?? '', { signal })).toBe('revoked');
    expect(await client.revokeCertificate(created.id ?? '', { signal })).toBe('already-revoked');
    expect((await client.getCertificate(created.id ?? '', { signal })).revokedAt).toMatch(/^\d{4}-/);
  });

  test('that nobody knows is not found', async () => {
    expect(await failure(client.getCertificate(ID_OF_NOBODY, { signal }))).toMatchObject({
      kind: 'NotFound',
      code: 1101,
    });
    expect(await client.revokeCertificate(ID_OF_NOBODY, { signal })).toBe('not-found');
  });

  test('shows the same end in both forms of expires_on', async () => {
    const { id } = await client.createCertificate(await wanted(['form.example.com']), { signal });
    await simulator.settings({ expiresOnForm: 'go' });
    const go = await client.getCertificate(id ?? '', { signal });
    await simulator.settings({ expiresOnForm: 'rfc3339' });
    const rfc = await client.getCertificate(id ?? '', { signal });
    expect(go.expiresOn).toBe(rfc.expiresOn);
    expect(go.expiresOn).toBeGreaterThan(Date.now());
  });
});

describe('a refusal', () => {
  test.each<[string, Partial<Awaited<ReturnType<typeof wanted>>>, FailureKind, number]>([
    ['a hostname in no zone of the account', { hostnames: ['www.elsewhere.org'] }, 'HostnameRejected', 1010],
    ['a validity that Cloudflare does not know', { requestedValidity: 60 }, 'RequestRejected', 1009],
    [
      'too many hostnames',
      { hostnames: Array.from({ length: 101 }, (_, i) => `h${i}.example.com`) },
      'RequestRejected',
      1005,
    ],
    ['no request at all', { csr: '' }, 'RequestRejected', 1007],
    ['a request that cannot be read', { csr: 'nonsense' }, 'RequestRejected', 1011],
  ])('of %s is definite', async (_, change, kind, code) => {
    const request = { ...(await wanted(['www.example.com'])), ...change };
    const error = await failure(client.createCertificate(request, { signal }));
    expect(error).toMatchObject({ kind, code, definite: true });
    expect(error.message).toContain(`(code ${code}, Ray ID ${error.rayId})`);
  });

  test.each<[string, Parameters<Simulator['seedToken']>[0], FailureKind]>([
    ['has expired', { status: 'expired' }, 'CredentialsInvalid'],
    ['is disabled', { status: 'disabled' }, 'CredentialsInvalid'],
    ['may not edit certificates', { permissions: ['Zone:Read'] }, 'PermissionMissing'],
    ['is used from elsewhere', { allowedIps: ['192.0.2.7'] }, 'PermissionMissing'],
  ])('of a token that %s says so', async (_, seed, kind) => {
    const other = await clientFor(simulator, api, seed);
    expect(await failure(other.createCertificate(await wanted(['a.example.com']), { signal }))).toMatchObject(
      { kind, definite: true },
    );
  });

  test('of a token that Cloudflare does not know is one of credentials', async () => {
    const unknown = api.client(new ApiToken('a-token-that-nobody-ever-made-0123456789'));
    expect(await failure(unknown.verifyToken({ signal }))).toMatchObject({ kind: 'CredentialsInvalid' });
    expect(await failure(unknown.listZones({ signal }))).toMatchObject({ kind: 'CredentialsInvalid' });
  });
});

describe('zones and tokens', () => {
  test('all zones are listed, page by page', async () => {
    const names = Array.from({ length: 120 }, (_, i) => `zone-${i}.test`);
    const zones = await Promise.all(names.map((name) => simulator.seedZone({ name, account: 'Many Inc.' })));
    const many = await clientFor(simulator, api, { zones: zones.map(({ id }) => id) });
    const listed = await many.listZones({ signal });
    expect(new Set(listed.map(({ name }) => name))).toEqual(new Set(names));
    expect(listed[0]).toMatchObject({ status: 'active', paused: false, account: { name: 'Many Inc.' } });
  });

  test('a token tells its state and its end', async () => {
    const expiresOn = '2030-01-01T00:00:00Z';
    const limited = await clientFor(simulator, api, { expiresOn });
    expect(await limited.verifyToken({ signal })).toMatchObject({
      status: 'active',
      expiresOn: Date.parse(expiresOn),
    });
    expect((await client.verifyToken({ signal })).expiresOn).toBeUndefined();
  });

  test('an account-owned token is refused by verify, and lists zones all the same', async () => {
    const owned = await clientFor(simulator, api, { accountOwned: true });
    expect((await failure(owned.verifyToken({ signal }))).kind).toBe('CredentialsInvalid');
    expect((await owned.listZones({ signal })).map(({ name }) => name)).toContain('example.com');
  });
});

describe('a fault', () => {
  test.each<[string, Omit<FaultSpec, 'operation'>, { kind: FailureKind; definite: boolean }, number]>([
    [
      'an HTML page with 502',
      { status: 502, html: true },
      { kind: 'CloudflareUnavailable', definite: false },
      0,
    ],
    [
      'a reset before the effect',
      { resetBefore: true },
      { kind: 'CloudflareUnavailable', definite: false },
      0,
    ],
    ['a reset after the effect', { resetAfter: true }, { kind: 'CloudflareUnavailable', definite: false }, 1],
    ['a body cut by the network', { cutBody: true }, { kind: 'CloudflareUnavailable', definite: false }, 1],
    ['a body cut in its JSON', { truncateJson: true }, { kind: 'CloudflareUnavailable', definite: false }, 1],
    ['a body of 8 MiB', { hugeBytes: 8 * 2 ** 20 }, { kind: 'CloudflareUnavailable', definite: false }, 1],
    ['stored but failed', { storedButFails: true }, { kind: 'CloudflareUnavailable', definite: false }, 1],
    [
      'success:false with 200',
      { successFalse200: true, code: 1200 },
      { kind: 'CloudflareUnavailable', definite: false },
      0,
    ],
    [
      'a definite refusal in strings',
      { status: 400, code: 1011, messagesAs: 'objects' },
      { kind: 'RequestRejected', definite: true },
      0,
    ],
  ])('%s', async (_, fault, expected, stored) => {
    const request = await wanted(['fault.example.com']);
    await simulator.inject({ operation: 'createCertificate', ...fault });
    expect(await failure(client.createCertificate(request, { signal }))).toMatchObject(expected);
    expect(await simulator.certificates({ publicKeySha256: request.keyDigest })).toHaveLength(stored);
  });

  test('of unknown fields and messages as strings is none', async () => {
    await simulator.inject({ operation: 'createCertificate', extraFields: true, messagesAs: 'strings' });
    expect((await client.createCertificate(await wanted(['odd.example.com']), { signal })).id).toMatch(
      /^[0-9]+$/,
    );
  });

  test('of silence ends with the time limit: that of the POST and a second per hostname', async () => {
    const hasty = apiFor(simulator, { postTimeoutMs: 100 });
    const one = await clientFor(simulator, hasty);
    await simulator.inject({ operation: 'createCertificate', hang: true });
    const startedMs = performance.now();
    const error = await failure(one.createCertificate(await wanted(['slow.example.com']), { signal }));
    await hasty.close();
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', definite: false });
    expect(performance.now() - startedMs).toBeGreaterThan(1100);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  test('of too many requests holds the token until Retry-After, without asking again', async () => {
    const { id, value } = await simulator.seedToken();
    const limited = api.client(new ApiToken(value));
    await simulator.inject({ operation: '*', tokenId: id, status: 429, code: 971, retryAfter: 120 });
    expect(await failure(limited.listZones({ signal }))).toMatchObject({
      kind: 'RateLimited',
      definite: true,
      retryAfterMs: 120_000,
    });
    expect((await failure(limited.listZones({ signal }))).kind).toBe('RateLimited');
    expect(await simulator.requests({ tokenId: id })).toHaveLength(1);
  });
});
