import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { SceneZones } from '../../support/scene-zone.ts';
import { waitFor } from '../../support/wait.ts';
import { SlowRounds } from './slow-rounds.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let scene: Scene;
let zones: SceneZones;
/** One for all: Cloudflare's time does not go back. */
const clock = new JumpClock();
let operator: RunningOperator;
let rounds: SlowRounds;

beforeAll(async () => {
  scene = await Scene.start('revoked');
  zones = new SceneZones(scene);
  rounds = new SlowRounds(scene, clock, () => operator);
  await scene.createIssuer();
});
beforeEach(async () => {
  operator = await zones.startOperator({ clock });
});
afterEach(async () => {
  await operator.stop();
  await zones.deleteAll();
  await scene.simulator.clearFaults();
  await scene.simulator.settings({ lateListingMs: 0 });
  for (const name of names) await scene.deleteCertificate(name);
  for (const name of names) await scene.deleteSecret(`${name}-tls`);
  names.clear();
});
afterAll(() => scene[Symbol.asyncDispose]());

const names = new Set<string>();

/** A certificate in use, old enough to be expected in a listing. Resolves to its id. */
async function inUse(name: string): Promise<string> {
  names.add(name);
  await scene.applyCertificate(name, { hostnames: [`${name}.example.com`] });
  const { status } = await scene.settled(name);
  return status?.certificate?.id ?? '';
}

const idOf = async (name: string): Promise<string | undefined> =>
  (await scene.certificate(name))?.status?.certificate?.id;

/** Lists of the zone's certificates, and questions for single ones, that reached Cloudflare with the issuer's token. */
async function asked(operation: 'listCertificates' | 'getCertificate'): Promise<number> {
  return (await scene.simulator.requests({ operation, tokenId: scene.token.id })).length;
}

describe('a certificate that somebody else revoked', () => {
  test('is noticed and replaced, and no other is touched', async () => {
    const [web, shop] = [await inUse('web'), await inUse('shop')];
    const posts = await scene.posts();
    await scene.simulator.revoke(web);
    await rounds.round();
    await waitFor('another certificate', async () => (await idOf('web')) !== web, { timeoutMs: 15_000 });
    await scene.settled('web');
    expect(await idOf('shop')).toBe(shop);
    expect(await scene.posts()).toBe(posts + 1);
    expect(operator.logs.filter((line) => line.includes('RevokedElsewhere'))).toHaveLength(1);
    await rounds.round();
    expect(await scene.posts()).toBe(posts + 1);
  });

  test('makes Ready False with reason Revoked for as long as none may be issued', async () => {
    const id = await inUse('held');
    await scene.applyCertificate('held', { hostnames: ['held.example.com'], suspend: true });
    await scene.condition('held', 'Issuing', 'Suspended', 'False');
    await scene.simulator.revoke(id);
    await rounds.round();
    await scene.condition('held', 'Ready', 'Revoked', 'False');
    await scene.applyCertificate('held', { hostnames: ['held.example.com'] });
    await scene.settled('held');
    expect(await idOf('held')).not.toBe(id);
  });

  test('is believed to be gone only when Cloudflare does not know it in two rounds', async () => {
    const id = await inUse('gone');
    await scene.simulator.remove('certificate', id);
    await rounds.round();
    await waitFor('the question', async () => (await asked('getCertificate')) > 0, { timeoutMs: 10_000 });
    expect(await idOf('gone')).toBe(id);
    await rounds.round();
    await waitFor('another certificate', async () => (await idOf('gone')) !== id, { timeoutMs: 15_000 });
  });
});

describe('a listing that lacks what is in force', () => {
  test('has one asked for, and nothing is re-issued', async () => {
    const id = await inUse('late');
    const posts = await scene.posts();
    const gets = await asked('getCertificate');
    await scene.simulator.settings({ lateListingMs: 1000 * HOUR });
    await rounds.round();
    await waitFor('the question', async () => (await asked('getCertificate')) > gets, { timeoutMs: 10_000 });
    await rounds.round();
    expect(await idOf('late')).toBe(id);
    expect(await scene.posts()).toBe(posts);
  });

  test('in great part is distrusted: nobody asks, nothing is re-issued, and it heals', async () => {
    for (const name of ['a', 'b', 'c']) await inUse(name);
    const [posts, gets] = [await scene.posts(), await asked('getCertificate')];
    await scene.simulator.settings({ lateListingMs: 1000 * HOUR });
    await rounds.round();
    expect(await rounds.distrusts()).toBe(true);
    expect(operator.logs.join('')).toContain('lacks 3 of the 3 that are in use here');
    await scene.simulator.settings({ lateListingMs: 0 });
    await waitFor(
      'a listing that is believed',
      async () => {
        await rounds.ahead(10 * MINUTE);
        return !(await rounds.distrusts());
      },
      { timeoutMs: 20_000 },
    );
    expect(await asked('getCertificate')).toBe(gets);
    expect(await scene.posts()).toBe(posts);
  });
});

test('nothing is written or asked of Cloudflare for it at a start', async () => {
  await inUse('restart');
  await rounds.ahead(7 * HOUR);
  const before = await asked('getCertificate');
  await operator.stop();
  operator = await zones.startOperator({ clock });
  const { metadata } = await scene.settled('restart');
  await waitFor(
    'the first look',
    async () => {
      await rounds.ahead(2000);
      return (await rounds.metric('distrusted')) === 0;
    },
    { timeoutMs: 30_000 },
  );
  await rounds.ahead(4 * MINUTE);
  await scene.settled('restart');
  expect(await rounds.succeeded()).toBe(0);
  expect(await asked('getCertificate')).toBe(before);
  expect((await scene.certificate('restart'))?.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

describe('with an OriginZone', () => {
  test('its listings serve: revoked certificates are noticed in its interval, with no listing beside', async () => {
    const id = await inUse('zone');
    const token = await scene.simulator.seedToken();
    await scene.putToken(token.value, 'inventory');
    await scene.simulator.revoke(id);
    await rounds.ahead(2 * HOUR);
    await zones.apply({
      apiTokenSecretRef: { name: 'inventory', key: 'api-token' },
      inventory: { interval: '1h' },
    });
    await waitFor('another certificate', async () => (await idOf('zone')) !== id, { timeoutMs: 20_000 });
    const lists = await scene.simulator.requests({ operation: 'listCertificates', tokenId: token.id });
    expect(lists).toHaveLength(1);
    expect(await rounds.succeeded()).toBeGreaterThan(0);
  });

  test('its status says when a listing is not believed', async () => {
    for (const name of ['d', 'e', 'f']) await inUse(name);
    await scene.simulator.settings({ lateListingMs: 1000 * HOUR });
    await rounds.ahead(2 * HOUR);
    await zones.apply();
    const zone = await zones.until(
      'a message of the inventory',
      ({ status }) => status?.inventory?.message !== undefined,
    );
    expect(zone.status?.inventory?.message).toContain('lacks 3 of the 3 that are in use here');
  });
});
