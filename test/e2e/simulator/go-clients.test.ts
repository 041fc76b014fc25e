import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPair } from '../../simulator/ca/pair.ts';
import { Simulator } from '../../simulator/client.ts';
import { newCsr } from './api.ts';
import { run } from './run.ts';

const SOURCE = fileURLToPath(new URL('../../simulator/compat', import.meta.url));
/** Without Go's build cache the standard library's TLS alone takes a minute. */
const BUILD_TIMEOUT_MS = 300_000;
const DAY_MS = 86_400_000;
const hasGo = (await run('go', ['version'])).code === 0;

describe.skipIf(!hasGo)('clients written in Go', () => {
  let dir: string;
  let simulator: Simulator;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'compat-'));
    simulator = await Simulator.start({ settings: { serviceKeys: 'accepted' } });
    const built = await run('go', ['build', '-buildvcs=false', '-o', join(dir, 'compat'), '.'], SOURCE);
    if (built.code !== 0) throw new Error(`go build: ${built.stderr}`);
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await simulator.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test('cloudflare-go and origin-ca-issuer work against it as against Cloudflare', async () => {
    const { id: zoneId } = await simulator.seedZone({ name: 'example.com' });
    await simulator.seedRecord(zoneId, { name: 'www.example.com', content: '192.0.2.1' });
    await simulator.seedRecord(zoneId, { name: 'example.com', content: '192.0.2.1' });
    const token = await simulator.seedToken();
    const { csr } = await newCsr('rsa');
    await writeFile(join(dir, 'request.csr'), csr);
    const pair = await createPair({
      caName: 'CN=Our CA',
      name: 'CN=us',
      usage: 'clients',
      lifetimeMs: DAY_MS,
    });
    await writeFile(join(dir, 'client.pem'), pair.certificate);
    await writeFile(join(dir, 'client.key'), pair.key);
    const files = ['request.csr', 'client.pem', 'client.key'].map((name) => join(dir, name));
    const args = [simulator.apiUrl, simulator.caFile, token.value, zoneId, ...files];
    const { stdout, stderr } = await run(join(dir, 'compat'), args);
    expect(stderr).toBe('');

    const leaf = new X509Certificate(pair.certificate);
    const [made, byIssuer] = await simulator.certificates();
    const expiry = (date?: string): string | undefined => date?.replace('.000Z', 'Z');
    expect(JSON.parse(stdout)).toEqual({
      createdId: made?.id,
      hostnames: ['*.example.com', 'example.com'],
      expiresOn: expiry(made?.notAfter),
      readId: made?.id,
      listed: [made?.id],
      revokedId: made?.id,
      revokedAt: made?.revokedAt?.slice(0, 4),
      unknownStatus: 'not found',
      zoneId,
      zones: ['example.com'],
      records: ['www.example.com'],
      tokenStatus: 'active',
      issuerId: byIssuer?.id,
      issuerExpires: expiry(byIssuer?.notAfter),
      issuerRefusal: '1010',
      ssl: 'strict',
      hstsMaxAge: 300,
      automaticId: 'ssl_tls_configuration_mode',
      automaticScan: true,
      bulkSettings: 'gone',
      sharedPulls: 'on',
      zonePulls: true,
      uploadedStatus: 'initializing',
      uploadedUntil: leaf.validToDate.getUTCFullYear(),
      listedPulls: [(await simulator.clientCertificates({ level: 'zone' }))[0]?.id],
      deletedStatus: 'pending_deletion',
      unknownPull: 'not found',
      hostnameSerial: BigInt(`0x${leaf.serialNumber}`).toString(10),
      hostnameTies: ['www.example.com'],
      hostnameEnabled: true,
      hostnameDeletion: 'pending_deletion',
    });
    expect((await simulator.requests({ tokenId: token.id }))[0]?.userAgent).toBe('cloudflare-go/v4');
  });
});
