import { afterEach, describe, expect, test } from 'vitest';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { ZoneClient } from '../../../src/cloudflare/zone-client.ts';
import { TestClock } from '../../support/test-clock.ts';
import { answer, failure, refuse, TOKEN, Wire } from './wire.ts';

const options = { signal: new AbortController().signal };

let wire: Wire;
afterEach(() => wire.stop());

async function serving(handler: Parameters<typeof Wire.start>[0]): Promise<ZoneClient> {
  wire = await Wire.start(handler);
  return wire.api.zoneClient(new ApiToken(TOKEN));
}

const answering = (result: unknown, more = {}): Promise<ZoneClient> =>
  serving((_, response) => {
    answer(response, result, more);
  });

describe('the zone client', () => {
  test.each<[string, (client: ZoneClient) => Promise<unknown>, unknown, string, string, string]>([
    [
      'a setting',
      (client) => client.getSetting('z/1', 'tls_1_3', options),
      { id: 'tls_1_3', value: 'on' },
      'GET',
      '/zones/z%2F1/settings/tls_1_3',
      '',
    ],
    [
      'a change of a setting',
      (client) => client.patchSetting('z', 'ssl', 'strict', options),
      null,
      'PATCH',
      '/zones/z/settings/ssl',
      '{"value":"strict"}',
    ],
    [
      'an upload',
      (client) => client.uploadClientCertificate('z', { certificate: 'C', privateKey: 'K' }, options),
      { id: 'u' },
      'POST',
      '/zones/z/origin_tls_client_auth',
      '{"certificate":"C","private_key":"K"}',
    ],
    [
      'a client certificate',
      (client) => client.getClientCertificate('z', 'a/b', options),
      { id: 'a/b' },
      'GET',
      '/zones/z/origin_tls_client_auth/a%2Fb',
      '',
    ],
    [
      'a deletion',
      (client) => client.deleteClientCertificate('z', 'a', options),
      { id: 'a' },
      'DELETE',
      '/zones/z/origin_tls_client_auth/a',
      '',
    ],
    [
      'the switch',
      (client) => client.getOriginPullSettings('z', options),
      { enabled: false },
      'GET',
      '/zones/z/origin_tls_client_auth/settings',
      '',
    ],
    [
      'the switch thrown',
      (client) => client.putOriginPullSettings('z', true, options),
      { enabled: true },
      'PUT',
      '/zones/z/origin_tls_client_auth/settings',
      '{"enabled":true}',
    ],
  ])('asks for %s', async (_, ask, result, method, path, body) => {
    await ask(await answering(result));
    const [request] = wire.seen;
    expect(request).toMatchObject({ method, body });
    expect(request?.url.pathname).toBe(`/client/v4${path}`);
    expect(wire.seen).toHaveLength(1);
  });

  test('finds the zones of a name, in whatever spelling, and no other', async () => {
    const zones = ['xn--bcher-kva.example', 'notbücher.example', 'BÜCHER.example'];
    const client = await answering(
      zones.map((name, i) => ({ id: String(i), name, status: 'active' })),
      { result_info: { total_count: 3 } },
    );
    const found = await client.findZones('Bücher.example', options);
    expect(found.map(({ id }) => id)).toEqual(['0', '2']);
    expect(wire.seen[0]?.url.searchParams.get('name')).toBe('xn--bcher-kva.example');
  });

  test('takes a cut list of zones for no answer', async () => {
    const client = await answering([], { result_info: { total_count: 2 } });
    const error = await failure(client.findZones('a.example', options));
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', operation: 'find_zones' });
  });

  test('says what an answer without its substance lacks', async () => {
    const client = await answering(null);
    const calls = [
      client.getSetting('z', 'ssl', options),
      client.listClientCertificates('z', options),
      client.getClientCertificate('z', 'a', options),
      client.uploadClientCertificate('z', { certificate: '', privateKey: '' }, options),
      client.getOriginPullSettings('z', options),
    ];
    const kinds = await Promise.all(calls.map(async (call) => (await failure(call)).kind));
    expect(new Set(kinds)).toEqual(new Set(['CloudflareUnavailable']));
  });

  test('overlooks no client certificate', async () => {
    const client = await answering([{ id: 'a' }, { certificate: 'no id' }]);
    expect((await failure(client.listClientCertificates('z', options))).kind).toBe('CloudflareUnavailable');
  });

  test('has an unknown client certificate for an answer', async () => {
    const client = await serving((_, response) => {
      refuse(response, 404, 1551);
    });
    expect(await client.getClientCertificate('z', 'a', options)).toBeUndefined();
    expect(await client.deleteClientCertificate('z', 'a', options)).toBe('not-found');
  });

  test('shows no key that an answer quotes', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----';
    const client = await serving(({ body }, response) => {
      refuse(response, 400, 1400, `cannot read ${body} ${TOKEN}`);
    });
    const error = await failure(
      client.uploadClientCertificate('z', { certificate: 'C', privateKey: key }, options),
    );
    expect(error.message).not.toMatch(/c2VjcmV0|Planted/);
    expect(error).toMatchObject({ kind: 'RequestRejected', definite: false });
  });

  test('refuses what is no token, and names what a zone needs', async () => {
    wire = await Wire.start(() => undefined);
    const client = wire.api.zoneClient(new ApiToken('0123456789abcdef0123456789abcdef01234'));
    const { message } = await failure(client.getSetting('z', 'ssl', options));
    expect(message).toContain('with the permissions Zone:Read, DNS:Read, Zone Settings:Read and');
    expect(wire.seen).toEqual([]);
  });
});

describe('the DNS records', () => {
  /** Serves `count` records, a hundred a page or less, every tenth of another type. */
  function records(count: number, perPage = 100): Promise<ZoneClient> {
    return serving(({ url }, response) => {
      const size = Math.min(perPage, Number(url.searchParams.get('per_page')));
      const from = (Number(url.searchParams.get('page')) - 1) * size;
      const result = Array.from({ length: Math.max(0, Math.min(size, count - from)) }, (_, i) => ({
        id: String(from + i),
        name: `h${from + i}.example.com`,
        type: (from + i) % 10 === 0 ? 'TXT' : 'A',
        content: '192.0.2.1',
        proxied: true,
        proxiable: true,
      }));
      answer(response, result, { result_info: { total_count: count } });
    });
  }

  test('of a zone with 5,000 cost 50 requests, and those that cannot be proxied are left out', async () => {
    const client = await records(5000);
    const listing = await client.listRecords('z', options);
    expect(listing.complete).toBe(true);
    expect(listing.records).toHaveLength(4500);
    expect(wire.seen).toHaveLength(50);
  });

  test('are read whole where the server allows less a page', async () => {
    const client = await records(230, 50);
    expect(await client.listRecords('z', options)).toMatchObject({ complete: true });
    expect(wire.seen).toHaveLength(5);
  });

  test('end incomplete after 200 pages', async () => {
    const client = await records(1500, 5);
    const listing = await client.listRecords('z', options);
    expect(listing.complete).toBe(false);
    expect(listing.records).toHaveLength(900);
    expect(wire.seen).toHaveLength(200);
  });

  test('wait for their share of the budget between pages', async () => {
    const clock = new TestClock();
    const budget = new Budget({ ratePerSecond: 4, burst: 4, clock });
    wire = await Wire.start(
      ({ url }, response) => {
        const id = url.searchParams.get('page');
        answer(response, [{ id, name: 'a.example', type: 'A' }], { result_info: { total_count: 3 } });
      },
      { budget, clock },
    );
    const client = wire.api.zoneClient(new ApiToken(TOKEN));
    const listing = client.listRecords('z', { ...options, waitForBudget: true });
    for (let i = 1; i <= 3; i += 1) {
      await expect.poll(() => wire.seen.length).toBe(i);
      await expect.poll(() => clock.waiting).toBe(i < 3 ? 1 : 0);
      await clock.advance(1000);
    }
    expect((await listing).complete).toBe(true);
  });

  test('fail where they may not wait, and say when to come back', async () => {
    const clock = new TestClock();
    const budget = new Budget({ ratePerSecond: 4, burst: 4, clock });
    wire = await Wire.start(
      (_, response) => {
        answer(response, [{ id: '1', name: 'a.example', type: 'A' }], { result_info: { total_count: 3 } });
      },
      { budget, clock },
    );
    const client = wire.api.zoneClient(new ApiToken(TOKEN));
    expect(await failure(client.listRecords('z', options))).toMatchObject({
      kind: 'BudgetExhausted',
      operation: 'list_records',
      retryAfterMs: 1000,
    });
  });
});

describe('requests paid at once', () => {
  const FOUR = 4;

  /** Reads a setting four times in a row, paid at once or one by one, until that has gone well; counts the rounds. */
  async function inTurns(isPrepaid: boolean): Promise<number> {
    const clock = new TestClock();
    // A zones' share of one request at once and one every four seconds.
    const budget = new Budget({ clock, ratePerSecond: 1, burst: FOUR });
    wire = await Wire.start((_, response) => answer(response, { id: 'ssl', value: 'full' }), {
      clock,
      budget,
    });
    const zones = ['a', 'b', 'c'].map((name) => ({
      client: wire.api.zoneClient(new ApiToken(name + TOKEN)),
    }));
    const waiting = new Set(zones);
    for (let rounds = 1; rounds <= 100; rounds++) {
      for (const zone of waiting) {
        try {
          const client = isPrepaid ? zone.client.prepaid('get_setting', FOUR) : zone.client;
          for (let n = 0; n < FOUR; n++) await client.getSetting('z', 'ssl', options);
          waiting.delete(zone);
        } catch (error) {
          if (!(error instanceof CloudflareError) || error.kind !== 'BudgetExhausted') throw error;
        }
      }
      if (waiting.size === 0) return rounds;
      await clock.advance(FOUR * 1000);
    }
    return Infinity;
  }

  test('let zones that take turns at a short budget come to an end, which they do not one by one', async () => {
    expect(await inTurns(true)).toBeLessThan(40);
    await wire.stop();
    expect(await inTurns(false)).toBe(Infinity);
  });

  test('are as many as were paid, and no more', async () => {
    const clock = new TestClock();
    const budget = new Budget({ clock, ratePerSecond: 1, burst: FOUR });
    wire = await Wire.start((_, response) => answer(response, { id: 'ssl', value: 'full' }), {
      clock,
      budget,
    });
    const client = wire.api.zoneClient(new ApiToken(TOKEN)).prepaid('get_setting', 2);
    await client.getSetting('z', 'ssl', options);
    await client.getSetting('z', 'ssl', options);
    await expect(client.getSetting('z', 'ssl', options)).rejects.toMatchObject({ kind: 'BudgetExhausted' });
  });
});
