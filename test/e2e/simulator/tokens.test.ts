import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import type { TokenSeed } from '../../simulator/protocol.ts';
import { Api, codeOf, newCsr, type ApiAnswer } from './api.ts';

let simulator: Simulator;
let csr: string;
let zoneId: string;

beforeAll(async () => {
  [simulator, { csr }] = await Promise.all([Simulator.start(), newCsr()]);
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
});

async function apiWith(seed: TokenSeed): Promise<Api> {
  return new Api(simulator, await simulator.seedToken(seed));
}

function create(api: Api, hostname = 'example.com'): Promise<ApiAnswer> {
  return api.create({ csr, hostnames: [hostname], request_type: 'origin-ecc', requested_validity: 7 });
}

describe('credentials', () => {
  test('that are missing are refused, in the words of each route', async () => {
    const api = new Api(simulator);
    expect(codeOf(await api.get('/certificates?zone_id=x'))).toBe(1001);
    expect(codeOf(await api.get('/zones'))).toBe(10000);
  });

  test.each([
    ['Authorization', { authorization: 'Bearer short' }, 6111],
    ['Authorization', { authorization: `Token ${'a'.repeat(40)}` }, 6111],
    ['Authorization', { authorization: `Bearer ${'a'.repeat(40)} b` }, 6111],
    ['X-Auth-Key', { 'x-auth-email': 'a@example.com', 'x-auth-key': 'short' }, 6103],
  ])(
    'malformed in %s are refused with 6003 and their own code in the chain',
    async (_name, headers, chained) => {
      const answer = await new Api(simulator).get('/zones', { headers });
      expect([answer.status, codeOf(answer)]).toEqual([400, 6003]);
      expect(answer.body.errors?.[0]?.error_chain).toMatchObject([{ code: chained }]);
    },
  );

  test('that nobody knows are refused with 10000', async () => {
    const answer = await new Api(simulator, { value: 'x'.repeat(40) }).get('/zones');
    expect([answer.status, codeOf(answer)]).toEqual([401, 10000]);
  });

  test('of the old Origin CA key are refused, or accepted where told so', async () => {
    const headers = { 'x-auth-user-service-key': 'v1.0-0123456789abcdef' };
    const api = new Api(simulator);
    expect(codeOf(await api.get(`/certificates?zone_id=${zoneId}`, { headers }))).toBe(10000);
    await simulator.settings({ serviceKeys: 'accepted' });
    expect((await api.get(`/certificates?zone_id=${zoneId}`, { headers })).status).toBe(200);
    expect(codeOf(await api.get('/zones', { headers }))).toBe(10000);
  });

  test('used from a forbidden address are refused, naming it', async () => {
    const answer = await (await apiWith({ allowedIps: ['203.0.113.1'] })).get('/zones');
    expect([answer.status, codeOf(answer)]).toEqual([403, 9109]);
    expect(answer.body.errors?.[0]?.message).toBe('Cannot use the access token from location: 127.0.0.1');
  });
});

describe('a token', () => {
  test('is verified with its id, dates and the message of success', async () => {
    const token = await simulator.seedToken({ expiresOn: '2099-01-01T00:00:00Z' });
    const { body } = await new Api(simulator, token).get('/user/tokens/verify');
    expect(body.result).toEqual({ id: token.id, status: 'active', expires_on: '2099-01-01T00:00:00Z' });
    expect(body.messages).toEqual([
      { code: 10000, message: 'This API Token is valid and active', type: null },
    ]);
  });

  test('may ask what it is worth when it is disabled, and nothing else', async () => {
    const api = await apiWith({ status: 'disabled' });
    expect((await api.get('/user/tokens/verify')).body.result.status).toBe('disabled');
    expect(codeOf(await api.get('/zones'))).toBe(10000);
  });

  test('expires by the simulated time', async () => {
    const api = await apiWith({ expiresOn: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await api.get('/zones')).status).toBe(200);
    await simulator.advance(3_700_000);
    expect(codeOf(await api.get('/zones'))).toBe(10000);
    expect((await api.get('/user/tokens/verify')).body.result.status).toBe('expired');
  });

  test('of an account is refused by the route of users and verified by that of its account', async () => {
    const { accountId } = await simulator.seedZone({ name: 'example.net', account: 'Other' });
    const api = await apiWith({ accountOwned: 'Other' });
    expect(codeOf(await api.get('/user/tokens/verify'))).toBe(10000);
    expect((await api.get(`/accounts/${accountId}/tokens/verify`)).body.result.status).toBe('active');
    expect((await api.get('/zones')).body.result.map(({ name }) => name)).toEqual(['example.net']);
    expect((await create(api, 'example.net')).status).toBe(200);
    expect(codeOf(await create(api, 'example.com'))).toBe(1010);
  });

  test('sees and certifies only the zones of its scope', async () => {
    await simulator.seedZone({ name: 'example.net' });
    const api = await apiWith({ zones: [zoneId] });
    expect((await api.get('/zones')).body.result.map(({ name }) => name)).toEqual(['example.com']);
    expect(codeOf(await create(api, 'www.example.net'))).toBe(1010);
    expect((await create(api)).status).toBe(200);
  });

  test('sees only the zones of accounts that its user is a member of', async () => {
    await simulator.seedZone({ name: 'example.net', account: 'Other' });
    const api = await apiWith({ accounts: ['Other'] });
    expect((await api.get('/zones')).body.result.map(({ name }) => name)).toEqual(['example.net']);
  });

  test('is good for nothing before its first day', async () => {
    const api = await apiWith({ notBefore: new Date(Date.now() + 3_600_000).toISOString() });
    expect(codeOf(await api.get('/zones'))).toBe(10000);
    await simulator.advance(3_700_000);
    expect((await api.get('/zones')).status).toBe(200);
  });

  test('touches no certificate of a zone outside its scope', async () => {
    const { id } = (await create(await apiWith({}))).body.result;
    const other = await simulator.seedZone({ name: 'example.net' });
    const api = await apiWith({ zones: [other.id] });
    expect(codeOf(await api.get(`/certificates/${id}`))).toBe(1016);
    expect(codeOf(await api.call('DELETE', `/certificates/${id}`))).toBe(1016);
    expect(codeOf(await api.get(`/certificates?zone_id=${zoneId}`))).toBe(10000);
    expect(await simulator.certificates({ revoked: true })).toEqual([]);
  });

  test('of a user without API access certifies nothing', async () => {
    expect(codeOf(await create(await apiWith({ apiAccess: false })))).toBe(1010);
  });

  test('with SSL and Certificates:Read may look and not issue', async () => {
    const api = await apiWith({ permissions: ['SSL and Certificates:Read'] });
    expect((await api.get(`/certificates?zone_id=${zoneId}`)).status).toBe(200);
    const refused = await create(api);
    expect([refused.status, codeOf(refused)]).toEqual([403, 1016]);
  });

  test('without Zone:Read is refused the zones, or shown none where told so', async () => {
    const api = await apiWith({ permissions: ['SSL and Certificates:Edit'] });
    expect(codeOf(await api.get('/zones'))).toBe(9109);
    await simulator.settings({
      missingPermission: { zones: 'empty', certificates: 10000 },
      statuses: { 10000: 400 },
    });
    expect((await api.get('/zones')).body).toMatchObject({
      success: true,
      result: [],
      result_info: { total_count: 0 },
    });
  });

  test('can be changed and taken away while in use', async () => {
    const token = await simulator.seedToken({ permissions: ['Zone:Read'] });
    const api = new Api(simulator, token);
    expect(codeOf(await create(api))).toBe(1016);
    await simulator.updateToken(token.id, { permissions: ['SSL and Certificates:Edit'] });
    expect((await create(api)).status).toBe(200);
    await simulator.remove('token', token.id);
    expect(codeOf(await create(api))).toBe(10000);
  });
});

describe('the budget', () => {
  const budget = { quota: 3, windowMs: 300_000, blockMs: 300_000 };

  test('is one for all tokens of a user, and one more for each account-owned token', async () => {
    await simulator.settings({ budget });
    const [first, second, other, owned] = await Promise.all([
      apiWith({ user: 'ann' }),
      apiWith({ user: 'ann' }),
      apiWith({ user: 'bob' }),
      apiWith({ user: 'ann', accountOwned: true }),
    ]);
    for (const api of [first, second, first]) expect((await api.get('/zones')).status).toBe(200);
    const refused = await second.get('/zones');
    expect([refused.status, codeOf(refused), refused.headers['retry-after']]).toEqual([429, 971, '300']);
    expect(refused.body.errors?.[0]?.message).toBe('Please wait and consider throttling your request speed');
    expect((await other.get('/zones')).status).toBe(200);
    expect((await owned.get('/zones')).status).toBe(200);
  });

  test('is told in every answer, and given back after the block by the simulated time', async () => {
    await simulator.settings({ budget });
    const api = await apiWith({});
    const told: string[] = [];
    for (let n = 0; n < 3; n += 1) told.push(String((await api.get('/zones')).headers['ratelimit']));
    expect(told.map((text) => text.replace(/t=\d+/, 't=…'))).toEqual([
      '"default";r=2;t=…',
      '"default";r=1;t=…',
      '"default";r=0;t=…',
    ]);
    expect((await api.get('/zones')).headers['ratelimit-policy']).toBe('"default";q=3;w=300');
    await simulator.advance(299_000);
    expect((await api.get('/zones')).status).toBe(429);
    await simulator.advance(2000);
    expect((await api.get('/zones')).status).toBe(200);
  });

  test('defaults to 1200 in 5 minutes', async () => {
    const { headers } = await (await apiWith({})).get('/zones');
    expect([headers['ratelimit'], headers['ratelimit-policy']]).toEqual([
      '"default";r=1199;t=300',
      '"default";q=1200;w=300',
    ]);
    expect(headers['retry-after']).toBeUndefined();
  });

  test('can be one of the address too', async () => {
    await simulator.settings({ addressBudget: { quota: 2, windowMs: 60_000, blockMs: 60_000 } });
    const [ann, bob] = await Promise.all([apiWith({ user: 'ann' }), apiWith({ user: 'bob' })]);
    const statuses = [await ann.get('/zones'), await bob.get('/zones'), await bob.get('/zones')].map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([200, 200, 429]);
  });
});
