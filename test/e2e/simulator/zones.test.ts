import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import { Api, codeOf, type ApiAnswer } from './api.ts';

let simulator: Simulator;
let api: Api;

beforeAll(async () => {
  simulator = await Simulator.start();
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  api = new Api(simulator, await simulator.seedToken());
});

function names(answer: ApiAnswer): string[] {
  return answer.body.result.map(({ name }) => name);
}

describe('zones', () => {
  test('are found by exact name, status, account and operators', async () => {
    await simulator.seedZone({ name: 'example.com' });
    await simulator.seedZone({ name: 'app.example.com', status: 'pending' });
    const { accountId } = await simulator.seedZone({ name: 'example.net', account: 'Other', paused: true });
    const queries: Readonly<Record<string, string[]>> = {
      '': ['example.com', 'app.example.com', 'example.net'],
      'name=example.com': ['example.com'],
      'name=EXAMPLE.com': ['example.com'],
      'name=ends_with:.example.com': ['app.example.com'],
      'status=pending': ['app.example.com'],
      [`account.id=${accountId}`]: ['example.net'],
      'account.name=contains:oth': ['example.net'],
      'match=any&name=example.com&account.name=Other': ['example.com', 'example.net'],
      'name=nothing.example': [],
      'order=name&direction=desc': ['example.net', 'example.com', 'app.example.com'],
      'per_page=2&page=2': ['example.net'],
    };
    const found = await Promise.all(
      Object.keys(queries).map(async (query) => [query, names(await api.get(`/zones?${query}`))] as const),
    );
    expect(Object.fromEntries(found)).toEqual(queries);
  });

  test('that are none are an empty success', async () => {
    const answer = await api.get('/zones?name=example.org');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      success: true,
      result: [],
      result_info: { page: 1, per_page: 20, total_pages: 0, count: 0, total_count: 0 },
    });
  });

  test('are shown with the fields that clients read', async () => {
    const { id, accountId } = await simulator.seedZone({ name: 'example.com', paused: true });
    const { result } = (await api.get(`/zones/${id}`)).body;
    expect(result).toMatchObject({ id, name: 'example.com', status: 'active', paused: true, type: 'full' });
    expect(result.account).toEqual({ id: accountId, name: 'Example Inc.' });
    expect(result.created_on).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('of two accounts may bear one name', async () => {
    await simulator.seedZone({ name: 'example.com', account: 'One' });
    await simulator.seedZone({ name: 'example.com', account: 'Two' });
    expect(names(await api.get('/zones?name=example.com'))).toEqual(['example.com', 'example.com']);
  });

  test('of type internal are listed only to those who ask for them', async () => {
    await simulator.seedZone({ name: 'example.com' });
    await simulator.seedZone({ name: 'internal.example', type: 'internal' });
    expect(names(await api.get('/zones'))).toEqual(['example.com']);
    expect(names(await api.get('/zones?type=internal,partial'))).toEqual(['internal.example']);
  });

  test('with a malformed id are no route, with an unknown one no permission', async () => {
    const malformed = await api.get('/zones/xyz');
    expect([malformed.status, codeOf(malformed)]).toEqual([404, 7003]);
    expect(malformed.body.errors?.[0]).toMatchObject({ error_chain: [{ code: 7000 }] });
    expect(codeOf(await api.get(`/zones/${'0'.repeat(32)}`))).toBe(10000);
  });
});

describe('DNS records', () => {
  test('are found by both forms of the name filter, by type, content and proxied', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    await simulator.seedRecord(id, { name: 'www.example.com', content: '192.0.2.1' });
    await simulator.seedRecord(id, {
      name: '*.example.com',
      type: 'CNAME',
      content: 'www.example.com',
      proxied: false,
    });
    await simulator.seedRecord(id, { name: 'example.com', type: 'TXT', content: 'hello', proxied: false });
    const queries: Readonly<Record<string, string[]>> = {
      'name=www.example.com': ['www.example.com'],
      'name.exact=www.example.com': ['www.example.com'],
      'name.startswith=*.': ['*.example.com'],
      'name.contains=ww.ex': ['www.example.com'],
      'name.endswith=.example.com': ['www.example.com', '*.example.com'],
      'type=TXT': ['example.com'],
      'proxied=true': ['www.example.com'],
      'content=192.0.2.1': ['www.example.com'],
      'content.exact=hello': ['example.com'],
      'type=TXT&match=any&proxied=true': ['www.example.com', 'example.com'],
    };
    const found = await Promise.all(
      Object.keys(queries).map(
        async (query) => [query, names(await api.get(`/zones/${id}/dns_records?${query}`))] as const,
      ),
    );
    expect(Object.fromEntries(found)).toEqual(queries);
  });

  test('of many hundreds are paged to the last, and found by name', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    const { ids } = await simulator.seedRecords(id, { count: 5000, proxied: false, prefix: 'h' });
    const first = await api.get(`/zones/${id}/dns_records?per_page=50`);
    expect(first.body.result_info).toEqual({
      page: 1,
      per_page: 50,
      count: 50,
      total_count: 5000,
      total_pages: 100,
    });
    const last = await api.get(`/zones/${id}/dns_records?per_page=50&page=100`);
    expect(last.body.result.at(-1)).toMatchObject({
      id: ids[4999],
      name: 'h4999.example.com',
      proxied: false,
    });
    expect(names(await api.get(`/zones/${id}/dns_records?per_page=50&page=101`))).toEqual([]);
    expect(names(await api.get(`/zones/${id}/dns_records?name=h77.example.com`))).toEqual([
      'h77.example.com',
    ]);
  });

  test('of international names are punycode, or as they were typed where that is set', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    await simulator.seedRecord(id, { name: 'MÜNCHEN.example.com', content: '192.0.2.1' });
    await simulator.seedRecord(id, { name: '*.münchen.example.com', content: '192.0.2.1' });
    const [ascii, wildcard] = ['xn--mnchen-3ya.example.com', '*.xn--mnchen-3ya.example.com'];
    const path = `/zones/${id}/dns_records`;
    expect(names(await api.get(path))).toEqual([ascii, wildcard]);
    for (const name of [ascii, encodeURIComponent('münchen.example.com')]) {
      expect(names(await api.get(`${path}?name=${name}`))).toEqual([ascii]);
      expect(names(await api.get(`${path}?name.exact=${name}`))).toEqual([ascii]);
    }
    await simulator.settings({ recordNames: 'unicode' });
    expect(names(await api.get(path))).toEqual(['münchen.example.com', '*.münchen.example.com']);
  });

  test('tell whether they are and can be proxied', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    const record = await simulator.seedRecord(id, {
      name: 'mail.example.com',
      type: 'MX',
      content: 'mx',
      proxied: false,
    });
    const { result } = (await api.get(`/zones/${id}/dns_records/${record.id}`)).body;
    expect(result).toMatchObject({ id: record.id, type: 'MX', proxiable: false, proxied: false, ttl: 1 });
  });
});

describe('the ssl setting', () => {
  test('is read, written and dated', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    const path = `/zones/${id}/settings/ssl`;
    expect((await api.get(path)).body.result).toEqual({
      id: 'ssl',
      value: 'full',
      editable: true,
      modified_on: null,
    });
    const patched = await api.call('PATCH', path, { body: { value: 'strict' } });
    expect(patched.body.result).toMatchObject({ value: 'strict', modified_on: expect.any(String) });
    expect((await api.get(path)).body.result.value).toBe('strict');
  });

  test('takes no other value, and none where it is not editable', async () => {
    const { id } = await simulator.seedZone({ name: 'example.com' });
    const path = `/zones/${id}/settings/ssl`;
    expect((await api.call('PATCH', path, { body: { value: 'stricter' } })).body.success).toBe(false);
    await simulator.updateZone(id, { sslEditable: false });
    expect(codeOf(await api.call('PATCH', path, { body: { value: 'strict' } }))).toBe(1015);
    expect((await api.get(path)).body.result).toMatchObject({ value: 'full', editable: false });
  });
});

test('the address ranges are everybody’s', async () => {
  const { status, headers, body } = await new Api(simulator).get('/ips');
  expect(status).toBe(200);
  expect(headers['cf-ray']).toBeDefined();
  expect(headers['ratelimit']).toMatch(/^"default";r=\d+;t=\d+$/);
  expect(body.result.etag).toMatch(/^[0-9a-f]{32}$/);
  expect(body.result.ipv4_cidrs).toContain('173.245.48.0/20');
  expect(body.result.jdcloud_cidrs).toBeUndefined();
  expect((await new Api(simulator).get('/ips?networks=jdcloud')).body.result.jdcloud_cidrs).toHaveLength(1);
});

test('a path that leads nowhere is no route', async () => {
  const answer = await api.get('/certificate');
  expect([answer.status, codeOf(answer)]).toEqual([404, 7003]);
});

test('the request log tells operations, tokens, statuses and codes, and counts them', async () => {
  const token = await simulator.seedToken();
  const known = new Api(simulator, token);
  await known.get('/zones?name=a.example');
  await known.get('/zones');
  await known.get('/certificates/1');
  await new Api(simulator).get('/ips');
  expect(await simulator.requests({ tokenId: token.id })).toMatchObject([
    { method: 'GET', path: '/client/v4/zones?name=a.example', operation: 'listZones', status: 200 },
    { operation: 'listZones', status: 200 },
    { operation: 'getCertificate', status: 404, code: 1101 },
  ]);
  expect(await simulator.counts()).toEqual([
    { operation: 'listZones', tokenId: token.id, count: 2 },
    { operation: 'getCertificate', tokenId: token.id, count: 1 },
    { operation: 'ips', count: 1 },
  ]);
  expect(JSON.stringify(await simulator.requests())).not.toContain(token.value);
});
