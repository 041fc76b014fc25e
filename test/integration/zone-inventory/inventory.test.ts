import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY } from '../../../src/pki/keys.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { conditionOf, SceneZones, type ZoneChange } from '../../support/scene-zone.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const DAY = 86_400_000;
const INTERVAL_MS = 6 * 3_600_000;

let scene: Scene;
let zones: SceneZones;
let zoneId: string;
let token: { readonly id: string; readonly value: string };
let clock: JumpClock;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('zone-inventory', { zones: [] });
  zones = new SceneZones(scene);
  token = await scene.simulator.seedToken();
});
beforeEach(async () => {
  ({ id: zoneId } = await scene.simulator.seedZone({ name: 'example.com' }));
  clock = new JumpClock();
  operator = await zones.startOperator({ clock });
});
afterEach(async () => {
  await operator.stop();
  await zones.deleteAll();
  await scene.simulator.clearFaults();
  await scene.simulator.remove('zone', zoneId);
});
afterAll(() => scene[Symbol.asyncDispose]());

type Inventory = NonNullable<NonNullable<OriginZone['status']>['inventory']>;

async function inventory(
  what: string,
  holds: (inventory: Inventory) => boolean,
  nudge?: () => Promise<void>,
): Promise<Inventory> {
  const isThere = ({ status }: OriginZone): boolean =>
    status?.inventory !== undefined && holds(status.inventory);
  const zone = await zones.until(what, isThere, { ...(nudge && { nudge }) });
  return zone.status?.inventory ?? {};
}

/** Requests for pages of the list, by the zones' own token: issuers list certificates too. */
const pages = async (): Promise<number> =>
  (await scene.simulator.requests({ operation: 'listCertificates', tokenId: token.id })).length;

/** An OriginZone with a token of its own. */
async function applyZone(spec: ZoneChange = {}): Promise<void> {
  await scene.putToken(token.value, 'inventory');
  await zones.apply({ apiTokenSecretRef: { name: 'inventory', key: 'api-token' }, ...spec });
}

/** A certificate that Cloudflare signs for a key of somebody's choice. */
async function sign(hostname: string, days: number, privateKeyPem?: string): Promise<string> {
  const keys = privateKeyPem === undefined ? await anyKeys() : await keysOf(privateKeyPem);
  const csr = await createCsr(keys, DEFAULT_KEY, [hostname]);
  const notAfter = new Date(Date.now() + days * DAY).toISOString();
  return (await scene.simulator.sign({ csr, hostnames: [hostname], notAfter })).id;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

function anyKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
}

async function keysOf(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const { subtle } = webcrypto;
  const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, P256, true, ['sign']),
    publicKey: await subtle.importKey('spki', spki, P256, true, ['verify']),
  };
}

describe('the inventory of a zone', () => {
  test('counts what is managed, issued twice, unknown and about to end, and revokes nothing', async () => {
    await scene.createIssuer();
    await scene.applyCertificate('web');
    const { status } = await scene.settled('web');
    const key = (await scene.secret('web-tls'))?.data?.['tls.key'] ?? '';
    const twin = await sign('example.com', 90, Buffer.from(key, 'base64').toString());
    const unknown = await sign('old.example.com', 300);
    const expiring = await sign('older.example.com', 20);
    const revoked = await sign('gone.example.com', 90);
    await scene.simulator.revoke(revoked);
    await applyZone();
    const found = await inventory('an inventory', ({ total }) => total !== undefined);
    expect(found).toMatchObject({ total: 4, managed: 1, twins: 1, unknown: 1, expiring: 1 });
    expect(found.worst).toMatchObject([
      { id: twin, state: 'Twin', hostnames: ['example.com'] },
      { id: unknown, state: 'Unknown', hostnames: ['old.example.com'] },
      { id: expiring, state: 'Expiring', hostnames: ['older.example.com'] },
    ]);
    const inForce = (await scene.issued()).map(({ id }) => id);
    expect(inForce).toEqual(expect.arrayContaining([status?.certificate?.id, twin, unknown, expiring]));
    expect(await metric('twin')).toBe(1);
    await scene.deleteCertificate('web');
  });

  test('is taken once per interval, again after it, and not at a restart', async () => {
    await applyZone();
    await inventory('an inventory', ({ total }) => total === 0);
    await sign('a.example.com', 90);
    const before = await pages();
    await operator.stop();
    operator = await zones.startOperator({ clock });
    await settingRead();
    expect(await pages()).toBe(before);
    clock.jump(INTERVAL_MS * 1.2);
    await inventory('the next one', ({ total }) => total === 1);
    expect(await pages()).toBe(before + 1);
  });

  test('that fails leaves the last numbers, says why, and heals', async () => {
    await sign('a.example.com', 90);
    await applyZone();
    const { checkedAt } = await inventory('an inventory', ({ total }) => total === 1);
    await scene.simulator.inject({ operation: 'listCertificates', count: 0, status: 503 });
    clock.jump(INTERVAL_MS * 1.2);
    const failed = await inventory('a message', ({ message }) => message !== undefined);
    expect(failed).toMatchObject({ total: 1, checkedAt });
    expect(failed.message).toMatch(
      /^Since .*: Cloudflare failed while listing.*The numbers are those of .*\.$/,
    );
    expect(conditionOf(await zones.get(), 'Ready')).toMatchObject({ status: 'True' });
    await scene.simulator.clearFaults();
    clock.jump(10 * 60_000);
    await inventory('none any more', ({ message }) => message === undefined);
  });

  test('that the token may not take costs the rest nothing, and is said in its own place', async () => {
    const permissions = ['Zone:Read', 'Zone Settings:Read', 'DNS:Read'] as const;
    const { value } = await scene.simulator.seedToken({ permissions });
    await scene.putToken(value, 'reader');
    await zones.apply({ apiTokenSecretRef: { name: 'reader', key: 'api-token' } });
    const { message, total } = await inventory('a message', (each) => each.message !== undefined);
    expect(total).toBeUndefined();
    expect(message).toContain('SSL and Certificates');
    expect(message).not.toContain(value);
    expect(await zones.condition('Ready', 'Observed')).toBeDefined();
  });

  test('of thousands takes one request a page, and no worker waits for it', async () => {
    await operator.stop();
    operator = await zones.startOperator({ clock, flags: ['--cloudflare-rate=3', '--cloudflare-burst=100'] });
    await scene.simulator.seedCertificates(zoneId, { count: 2000, validityDays: 90 });
    const before = await pages();
    await applyZone();
    await waitFor('the first pages', async () => (await pages()) > before || new NotYet(before), {
      timeoutMs: 20_000,
    });
    await applyZone({ settings: { ssl: 'full' } });
    await zones.condition('Ready', 'Observed', { status: 'True' });
    // Zones have a quarter of a burst of 100, and then less than one a second.
    expect((await pages()) - before).toBeLessThan(40);
    const aMinute = (): Promise<void> => Promise.resolve(clock.jump(60_000));
    const { worst = [] } = await inventory('an inventory', ({ total }) => total === 2000, aMinute);
    expect(worst).toHaveLength(20);
    expect((await pages()) - before).toBe(40);
  });
});

const settingsRead = async (): Promise<number> =>
  (await scene.simulator.requests({ operation: 'getSetting', tokenId: token.id })).length;

/** Resolves when a setting of the zone was read once more. */
async function settingRead(): Promise<void> {
  const before = await settingsRead();
  clock.jump(20 * 60_000);
  await waitFor('a setting to be read', async () => (await settingsRead()) > before || new NotYet(before), {
    timeoutMs: 20_000,
  });
}

async function metric(state: string): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  const found = (await body.text()).match(
    new RegExp(`^originca_zone_certificates\\{.*state="${state}"\\} (\\d+)$`, 'm'),
  );
  return Number(found?.[1]);
}
