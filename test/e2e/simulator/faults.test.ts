import { X509Certificate, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import type { FaultSpec } from '../../simulator/fault.ts';
import { waitFor } from '../../support/wait.ts';
import { Api, codeOf, newCsr, type ApiAnswer } from './api.ts';

const SOON = { timeoutMs: 10_000 };
const DAY_MS = 86_400_000;

let simulator: Simulator;
let csr: string;
/** Hex of the public key in the CSR. */
let ownKey: string;
let zoneId: string;
let tokenId: string;
let api: Api;

beforeAll(async () => {
  const [started, key] = await Promise.all([Simulator.start(), newCsr()]);
  simulator = started;
  csr = key.csr;
  ownKey = createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' }).toString('hex');
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  const token = await simulator.seedToken();
  tokenId = token.id;
  api = new Api(simulator, token);
});

function create(hostname = 'example.com', signal?: AbortSignal): Promise<ApiAnswer> {
  const request = { csr, hostnames: [hostname], request_type: 'origin-ecc', requested_validity: 90 };
  return api.create(request, signal && { signal });
}

async function stored(): Promise<number> {
  return (await simulator.certificates()).length;
}

describe('a refusal', () => {
  test.each<[string, Omit<FaultSpec, 'operation'>, number, number | undefined]>([
    ['by code has the code’s status', { code: 1201 }, 500, 1201],
    ['by status alone has the unknown code', { status: 503 }, 503, 1000],
    ['by status and code has both', { status: 400, code: 10000 }, 400, 10000],
    ['with success false has status 200', { successFalse200: true, code: 1008 }, 200, 1008],
    ['as HTML has no code', { html: true }, 502, undefined],
    ['as HTML may have any status', { html: '<p>no</p>', status: 504 }, 504, undefined],
  ])('%s, and no effect', async (_what, fault, status, code) => {
    await simulator.inject({ operation: 'createCertificate', ...fault });
    const answer = await create();
    expect([answer.status, codeOf(answer), await stored()]).toEqual([status, code, 0]);
    expect((await create()).status).toBe(200);
  });

  test('by status 429 says when to come back, or does not', async () => {
    await simulator.inject({ operation: 'listZones', status: 429 });
    await simulator.inject({ operation: 'listZones', status: 429, retryAfter: 7 });
    await simulator.inject({ operation: 'listZones', status: 429, retryAfter: false });
    const answers = [await api.get('/zones'), await api.get('/zones'), await api.get('/zones')];
    expect(answers.map((answer) => [answer.status, codeOf(answer), answer.headers['retry-after']])).toEqual([
      [429, 971, '30'],
      [429, 971, '7'],
      [429, 971, undefined],
    ]);
  });

  test('of what was stored all the same leaves the certificate behind', async () => {
    await simulator.inject({ operation: 'createCertificate', storedButFails: true });
    const answer = await create();
    expect([answer.status, codeOf(answer)]).toEqual([500, 1100]);
    expect((await api.get(`/certificates?zone_id=${zoneId}`)).body.result).toHaveLength(1);
  });

  test('may carry its errors as strings', async () => {
    await simulator.inject({ operation: 'listZones', code: 10000, messagesAs: 'strings' });
    expect(JSON.parse((await api.get('/zones')).text)).toMatchObject({
      errors: ['10000: Authentication error'],
    });
  });
});

describe('a fault', () => {
  test('strikes as often as told, after as many as told', async () => {
    await simulator.inject({ operation: 'listZones', code: 1200, skip: 1, count: 2 });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await api.get('/zones')).status);
    expect(statuses).toEqual([200, 500, 500, 200, 200]);
  });

  test('with count 0 strikes until cleared', async () => {
    await simulator.inject({ operation: '*', status: 500, count: 0 });
    expect([
      (await api.get('/zones')).status,
      (await create()).status,
      (await api.get('/ips')).status,
    ]).toEqual([500, 500, 500]);
    await simulator.clearFaults();
    expect((await api.get('/zones')).status).toBe(200);
  });

  test('strikes only the paths that end as it says', async () => {
    await simulator.inject({ operation: 'getSetting', pathEnd: '/settings/ssl', status: 503 });
    const statuses = [];
    for (const setting of ['tls_1_3', 'ssl', 'ssl'])
      statuses.push((await api.get(`/zones/${zoneId}/settings/${setting}?a=/settings/ssl`)).status);
    expect(statuses).toEqual([200, 503, 200]);
  });

  test('strikes only its token or hostname', async () => {
    await simulator.inject({
      operation: 'createCertificate',
      hostname: 'b.example.com',
      code: 1200,
      count: 0,
    });
    await simulator.inject({ operation: 'listZones', tokenId, code: 1200, count: 0 });
    expect([(await create('a.example.com')).status, (await create('b.example.com')).status]).toEqual([
      200, 500,
    ]);
    const other = new Api(simulator, await simulator.seedToken());
    expect([(await other.get('/zones')).status, (await api.get('/zones')).status]).toEqual([200, 500]);
  });

  test('that is misspelt is refused by the control endpoint, naming the field', async () => {
    // @ts-expect-error: a person with curl has no compiler.
    await expect(simulator.inject({ operation: 'listZones', staus: 500 })).rejects.toThrow(
      /unknown field staus; known are/,
    );
  });
});

describe('a connection', () => {
  test('is reset before the effect', async () => {
    await simulator.inject({ operation: 'createCertificate', resetBefore: true });
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await stored()).toBe(0);
  });

  test('is reset after the effect', async () => {
    await simulator.inject({ operation: 'createCertificate', resetAfter: true });
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await stored()).toBe(1);
  });

  test('is reset in the middle of a body', async () => {
    await simulator.inject({ operation: 'createCertificate', cutBody: true });
    await expect(create()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await stored()).toBe(1);
  });

  test('stays open without an answer', async () => {
    await simulator.inject({ operation: 'createCertificate', hang: true });
    await expect(create('example.com', AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
    expect(await simulator.requests({ operation: 'createCertificate' })).toMatchObject([{ method: 'POST' }]);
    expect(await stored()).toBe(0);
  });
});

describe('an answer', () => {
  test('ends in the middle of its JSON', async () => {
    await simulator.inject({ operation: 'createCertificate', truncateJson: true });
    const { status, text } = await create();
    expect(status).toBe(200);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(await stored()).toBe(1);
  });

  test('is as big as told', async () => {
    await simulator.inject({ operation: 'listZones', hugeBytes: 5_000_000 });
    expect((await api.get('/zones')).text.length).toBeGreaterThan(5_000_000);
  });

  test('bears fields that nobody knows', async () => {
    await simulator.inject({ operation: 'listZones', extraFields: true });
    expect((await api.get('/zones')).body).toMatchObject({ success: true, trace: { colo: 'AMS' } });
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ])('comes late, %s the effect, by the simulated time', async (when, storedMeanwhile) => {
    const delay = when === 'before' ? { delayMs: 3_600_000 } : { delayAfterMs: 3_600_000 };
    await simulator.inject({ operation: 'createCertificate', ...delay });
    const answer = create();
    await waitFor('the answer to be held back', () => simulator.waits(), SOON);
    await simulator.advance(3_500_000);
    expect(await stored()).toBe(storedMeanwhile);
    expect(await simulator.requests({ status: 200 })).toEqual([]);
    await simulator.advance(200_000);
    expect((await answer).status).toBe(200);
  });
});

describe('a wrong certificate', () => {
  test.each<[FaultSpec['certificate'] & string, (leaf: X509Certificate) => boolean]>([
    ['otherKey', (leaf) => publicKeyOf(leaf) !== ownKey],
    ['otherHostnames', (leaf) => leaf.subjectAltName === 'DNS:not-example.com'],
    ['otherValidity', (leaf) => leaf.validToDate.getTime() - leaf.validFromDate.getTime() === 45 * DAY_MS],
    ['otherAlgorithm', (leaf) => leaf.verify(roots()[0]!.publicKey)],
    ['expired', (leaf) => leaf.validToDate.getTime() < Date.now()],
    ['notYetValid', (leaf) => leaf.validFromDate.getTime() > Date.now()],
    ['ca', (leaf) => leaf.ca],
    ['unknownRoot', (leaf) => leaf.issuer === roots()[1]!.subject && !leaf.verify(roots()[1]!.publicKey)],
  ])('is wrong in one way only: %s', async (certificate, isWrong) => {
    await simulator.inject({ operation: 'createCertificate', certificate });
    const { body } = await create();
    const leaf = new X509Certificate(body.result.certificate);
    expect(isWrong(leaf)).toBe(true);
    const rightKey = publicKeyOf(leaf) === ownKey;
    const rightRoot = leaf.verify(roots()[1]!.publicKey);
    const rightNames = leaf.subjectAltName === 'DNS:example.com';
    expect({ rightKey, rightRoot, rightNames }).toEqual({
      rightKey: certificate !== 'otherKey',
      rightRoot: certificate !== 'otherAlgorithm' && certificate !== 'unknownRoot',
      rightNames: certificate !== 'otherHostnames',
    });
    expect((await api.get(`/certificates/${body.result.id}`)).body.result.certificate).toBe(
      body.result.certificate,
    );
  });

  test('may be two, none or none that parses', async () => {
    const texts: string[] = [];
    for (const certificate of ['twoBlocks', 'empty', 'garbage'] as const) {
      await simulator.inject({ operation: 'createCertificate', certificate });
      texts.push((await create()).body.result.certificate);
    }
    const [two = '', empty, garbage = ''] = texts;
    expect(two.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(empty).toBe('');
    expect(() => new X509Certificate(garbage)).toThrow(/asn1/);
    expect(await stored()).toBe(3);
  });
});

describe('late signing', () => {
  test('stores and answers only when its time has come', async () => {
    await simulator.settings({ lateSigningMs: 3_600_000 });
    const answer = create();
    await waitFor('the signing to begin', () => simulator.waits(), SOON);
    await simulator.advance(3_000_000);
    expect(await stored()).toBe(0);
    await simulator.advance(600_000);
    expect((await answer).status).toBe(200);
  });

  test('takes longer for more hostnames, and refuses at once', async () => {
    await simulator.settings({ lateSigningMs: 0, lateSigningPerHostnameMs: 600_000 });
    const answer = api.create({
      csr,
      hostnames: ['a.example.com', 'b.example.com'],
      request_type: 'origin-ecc',
    });
    await waitFor('the signing to begin', () => simulator.waits(), SOON);
    expect(codeOf(await create('example.org'))).toBe(1010);
    await simulator.advance(700_000);
    expect(await stored()).toBe(0);
    await simulator.advance(500_000);
    expect((await answer).status).toBe(200);
  });

  test('goes on when the client has hung up', async () => {
    await simulator.settings({ lateSigningMs: 3_600_000 });
    const hangUp = new AbortController();
    const gone = create('example.com', hangUp.signal);
    await waitFor('the signing to begin', () => simulator.waits(), SOON);
    hangUp.abort(new Error('enough'));
    await expect(gone).rejects.toThrow(/enough/);
    expect(await stored()).toBe(0);
    await simulator.advance(3_600_000);
    await waitFor('the certificate nobody waits for', stored, SOON);
  });
});

test('lists can be of a server that ignores page parameters', async () => {
  await simulator.seedCertificates(zoneId, { count: 45 });
  const page = async (): Promise<number> =>
    (await api.get(`/certificates?zone_id=${zoneId}&page=3&per_page=20`)).body.result.length;
  expect(await page()).toBe(5);
  await simulator.settings({ paging: 'firstPage' });
  expect(await page()).toBe(20);
  await simulator.settings({ paging: 'whole' });
  expect(await page()).toBe(45);
});

function roots(): readonly X509Certificate[] {
  const pem = readFileSync(simulator.originCaRootsFile, 'utf8');
  return (pem.match(/-----BEGIN[^]+?END CERTIFICATE-----/g) ?? []).map((block) => new X509Certificate(block));
}

function publicKeyOf(leaf: X509Certificate): string {
  return leaf.publicKey.export({ type: 'spki', format: 'der' }).toString('hex');
}
