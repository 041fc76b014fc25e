import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secrets } from '../../../src/kube/resource.ts';
import { originIssuers } from '../../../src/resources.ts';
import type { TokenSeed } from '../../simulator/protocol.ts';
import { Scene } from '../../support/scene.ts';
import { conditionOf, type Expected, issuer, readyOf, untilReady } from './issuers.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start('check', { zones: ['example.com', 'example.net'] });
  await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

let names = 0;

/** Creates an issuer whose Secret holds the data, and waits for what Ready says of it. */
async function judged(data: Readonly<Record<string, string>> | undefined, expected: Expected, key?: string) {
  names += 1;
  const name = `issuer-${names}`;
  const options = { signal: AbortSignal.timeout(10_000), fieldManager: 'test', force: true };
  if (data !== undefined) {
    const encoded = Object.entries(data).map(([k, value]) => [k, Buffer.from(value).toString('base64')]);
    const metadata = { name, namespace: scene.namespace };
    await scene.kube.apply(secrets, { metadata, data: Object.fromEntries(encoded) }, options);
  }
  await scene.apply(originIssuers, {
    metadata: { name, namespace: scene.namespace },
    spec: { apiTokenSecretRef: { name, ...(key !== undefined && { key }) } },
  });
  return untilReady(() => issuer(scene, name), expected);
}

async function seeded(seed: TokenSeed): Promise<string> {
  return (await scene.simulator.seedToken(seed)).value;
}

describe('an issuer without a usable token says what to put where, and asks Cloudflare nothing', () => {
  const SERVICE_KEY = `v1.0-${'a1b2'.repeat(40)}`;
  const GLOBAL_KEY = 'c0ffee'.repeat(6) + 'c';
  test.each<[string, Record<string, string> | undefined, string, string]>([
    [
      'there is no Secret',
      undefined,
      'CredentialsMissing',
      'Create it with the API token under key api-token.',
    ],
    [
      'the Secret has other keys',
      { token: 'x', 'ca.crt': 'y' },
      'CredentialsMissing',
      '(its keys: ca.crt, token)',
    ],
    ['the Secret is empty', {}, 'CredentialsMissing', '(its keys: none)'],
    ['the value is empty', { 'api-token': '' }, 'CredentialsMissing', 'is empty under key api-token'],
    ['the value is whitespace', { 'api-token': ' \n' }, 'CredentialsMissing', 'Put the API token there.'],
    [
      'it is a service key',
      { 'api-token': SERVICE_KEY },
      'CredentialsInvalid',
      'no longer accepts: create an API token',
    ],
    [
      'it is a global key',
      { 'api-token': GLOBAL_KEY },
      'CredentialsInvalid',
      'This is a Global API Key, not an API token',
    ],
    [
      'it is two words',
      { 'api-token': 'not one' },
      'CredentialsInvalid',
      'store the token alone in the Secret',
    ],
  ])('%s', async (_, data, reason, message) => {
    const before = (await scene.simulator.requests()).length;
    const found = await judged(data, { status: 'False', reason, message });
    expect(conditionOf(found, 'Stalled')?.reason).toBe(
      reason === 'CredentialsMissing' ? undefined : reason, // one that is missing may be on its way
    );
    expect(found.status).not.toHaveProperty('zones');
    for (const value of Object.values(data ?? {}).filter((text) => text.trim().length > 1))
      expect(JSON.stringify(found)).not.toContain(value);
    expect((await scene.simulator.requests()).length).toBe(before);
  });
});

describe('a token that Cloudflare refuses makes the issuer Stalled, with the remedy and the Ray ID', () => {
  test.each<[string, TokenSeed, string, readonly string[]]>([
    [
      'it is disabled',
      { status: 'disabled' },
      'CredentialsInvalid',
      ['the API token is disabled. Create another'],
    ],
    [
      'it has expired',
      { expiresOn: '2020-01-01' },
      'CredentialsInvalid',
      ['the API token is expired. Create another'],
    ],
    [
      'it may not be used from here',
      { allowedIps: ['192.0.2.1'] },
      'PermissionMissing',
      ['Cannot use the access token from location', 'IP filter', 'code 9109, Ray ID'],
    ],
    [
      'it may not read zones',
      { permissions: ['SSL and Certificates:Edit'] },
      'PermissionMissing',
      ['needs Zone:Read'],
    ],
    [
      'it may not read certificates',
      { permissions: ['Zone:Read'] },
      'PermissionMissing',
      ["listing a zone's certificates", 'The token needs SSL and Certificates:Edit', 'Ray ID'],
    ],
    [
      'it is for no zone',
      { zones: [] },
      'PermissionMissing',
      ['The API token sees no zone. Give it Zone:Read'],
    ],
  ])('%s', async (_, seed, reason, fragments) => {
    const token = await seeded(seed);
    const found = await judged({ 'api-token': token }, { status: 'False', reason });
    const place = `Secret ${found.metadata.name} in namespace ${scene.namespace}, key api-token: `;
    for (const fragment of [place, ...fragments]) expect(readyOf(found)?.message).toContain(fragment);
    expect(conditionOf(found, 'Stalled')).toMatchObject({ status: 'True', reason });
    expect(JSON.stringify(found)).not.toContain(token);
  });

  test('nobody knows it', async () => {
    const token = 'Never_Issued-abcdefghijklmnopqrstuvwxyz0';
    const found = await judged({ 'api-token': token }, { status: 'False', reason: 'CredentialsInvalid' });
    expect(readyOf(found)?.message).toMatch(/did not accept the API token.*code 10000, Ray ID [0-9a-f]+/);
    expect(JSON.stringify(found)).not.toContain(token);
  });
});

const CHECKED = { status: 'True', reason: 'Checked' } as const;

describe('a good token makes the issuer Ready', () => {
  test('with its id, its end, its zones, and the word that issuing is not proven yet', async () => {
    const { id, value } = await scene.simulator.seedToken({ expiresOn: '2030-01-02T03:04:05Z' });
    const { status } = await judged({ 'api-token': value }, CHECKED);
    expect(status).toMatchObject({ token: { id, expiresOn: '2030-01-02T03:04:05Z' }, zoneCount: 2 });
    expect(status?.zones).toEqual(
      ['example.com', 'example.net'].map((name) => ({
        name,
        id: scene.zones.get(name),
        status: 'active',
        paused: false,
      })),
    );
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
    expect(status?.conditions?.[0]?.message).toBe(
      'The token sees 2 zones. That it may issue certificates is proven by the first issuance only.',
    );
  });

  test('whatever whitespace surrounds it, and under the key that the issuer names', async () => {
    const padded = await judged({ 'api-token': `\t${await seeded({})} \r\n` }, CHECKED);
    const named = await judged({ cloudflare: await seeded({}) }, CHECKED, 'cloudflare');
    expect([padded.status?.zoneCount, named.status?.zoneCount]).toEqual([2, 2]);
  });

  test('also when an account owns it, which Cloudflare does not let ask for its own state', async () => {
    const found = await judged({ 'api-token': await seeded({ accountOwned: true }) }, CHECKED);
    expect(readyOf(found)?.message).toContain('Its own state cannot be asked (an account-owned token).');
    expect(found.status).not.toHaveProperty('token');
    expect(found.status?.zoneCount).toBe(2);
  });

  test('with zones that serve nothing yet named as such', async () => {
    const { id: pending } = await scene.simulator.seedZone({ name: 'pending.test', status: 'pending' });
    const { id: paused } = await scene.simulator.seedZone({ name: 'paused.test', paused: true });
    const active = scene.zones.get('example.com') ?? '';
    const token = await seeded({ zones: [pending, paused, active] });
    const found = await judged(
      { 'api-token': token },
      { ...CHECKED, message: '3 zones, 2 of them not active or paused' },
    );
    expect(found.status?.zones?.map(({ name, status, paused }) => [name, status, paused])).toEqual([
      ['example.com', 'active', false],
      ['paused.test', 'active', true],
      ['pending.test', 'pending', false],
    ]);
    for (const id of [pending, paused]) await scene.simulator.remove('zone', id);
  });

  test('with the first 100 of its zones and the count of all', async () => {
    const seeds = Array.from({ length: 105 }, (_, n) => `zone-${String(n).padStart(3, '0')}.test`);
    const ids = await Promise.all(seeds.map(async (name) => (await scene.simulator.seedZone({ name })).id));
    const found = await judged({ 'api-token': await seeded({ zones: ids }) }, CHECKED);
    expect(found.status?.zoneCount).toBe(105);
    expect(found.status?.zones?.map(({ name }) => name)).toEqual(seeds.slice(0, 100));
    for (const id of ids) await scene.simulator.remove('zone', id);
  });
});
