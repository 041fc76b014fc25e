import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import { Api, codeOf, newCsr, type KeyAndCsr } from './api.ts';

const DAY_MS = 86_400_000;

let simulator: Simulator;
let rsa: KeyAndCsr;
let ecc: KeyAndCsr;
let zoneId: string;
let api: Api;

beforeAll(async () => {
  [simulator, rsa, ecc] = await Promise.all([Simulator.start(), newCsr('rsa'), newCsr('ecc')]);
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com' }));
  api = new Api(simulator, await simulator.seedToken());
});

function request(fields: object = {}): object {
  return {
    csr: ecc.csr,
    hostnames: ['example.com', '*.example.com'],
    request_type: 'origin-ecc',
    requested_validity: 90,
    ...fields,
  };
}

describe('an issued certificate', () => {
  test.each(['origin-rsa', 'origin-ecc'] as const)(
    'has the profile of the real one, %s',
    async (requestType) => {
      const key = requestType === 'origin-rsa' ? rsa : ecc;
      const { status, body } = await api.create(request({ csr: key.csr, request_type: requestType }));
      expect(status).toBe(200);
      const leaf = new X509Certificate(body.result.certificate);
      const [rsaRoot, eccRoot] = roots();
      const root = requestType === 'origin-rsa' ? rsaRoot : eccRoot;
      expect(leaf.checkIssued(root!) && leaf.verify(root!.publicKey)).toBe(true);
      expect(leaf.checkPrivateKey(createPrivateKey(key.privateKey))).toBe(true);
      expect(leaf.subject).toBe(
        'O=CloudFlare\\, Inc.\nOU=CloudFlare Origin CA\nCN=CloudFlare Origin Certificate',
      );
      expect(leaf.subjectAltName).toBe('DNS:*.example.com, DNS:example.com');
      expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
      expect(leaf.infoAccess).toContain('http://ocsp.cloudflare.com/origin_ca');
      expect(leaf.ca).toBe(false);
      expect(leaf.serialNumber).toMatch(/^[0-7][0-9A-F]{39}$/); // Positive, in 20 bytes.
      expect(BigInt(`0x${leaf.serialNumber}`).toString(10)).toBe(body.result.id);
      expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(90 * DAY_MS);
      expect(leaf.validFromDate.getTime() % 60_000).toBe(0);
    },
  );

  test('is answered whole once, with its request, in the documented form', async () => {
    const { body, headers } = await api.create(request());
    expect(body).toMatchObject({ success: true, errors: [], messages: [] });
    expect(body.result).toMatchObject({
      hostnames: ['*.example.com', 'example.com'],
      request_type: 'origin-ecc',
      requested_validity: 90,
      csr: ecc.csr,
    });
    expect(body.result.id).toMatch(/^[1-9][0-9]{40,49}$/);
    expect(body.result.expires_on).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:00 \+0000 UTC$/);
    expect(headers['cf-ray']).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/);
    expect(headers['content-type']).toBe('application/json');
  });

  test('is read back without what only the create echoes', async () => {
    const { result } = (await api.create(request())).body;
    const { csr: _csr, requested_validity: _validity, ...rest } = result;
    expect((await api.get(`/certificates/${result.id}`)).body.result).toEqual(rest);
    expect((await api.get(`/certificates?zone_id=${zoneId}`)).body.result).toEqual([rest]);
  });

  test.each([
    ['kept', 90],
    ['countingDown', 79],
  ] as const)('is read back with its validity %s when told so', async (writeOnlyFields, expected) => {
    await simulator.settings({ writeOnlyFields });
    const { result } = (await api.create(request())).body;
    await simulator.advance(10 * DAY_MS);
    const read = (await api.get(`/certificates/${result.id}`)).body.result;
    expect([read.requested_validity, read.csr]).toEqual([expected, ecc.csr]);
  });

  test('expires on an RFC 3339 date when told so', async () => {
    await simulator.settings({ expiresOnForm: 'rfc3339' });
    expect((await api.create(request())).body.result.expires_on).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
  });

  test('is dated by the simulated time', async () => {
    const now = await simulator.advance(1000 * DAY_MS);
    const { body, headers } = await api.create(request());
    const leaf = new X509Certificate(body.result.certificate);
    expect(Math.abs(leaf.validFromDate.getTime() - now.getTime())).toBeLessThan(120_000);
    expect(Math.abs(Date.parse(String(headers['date'])) - now.getTime())).toBeLessThan(60_000);
  });
});

describe('a create', () => {
  test.each<[string, object | string, number]>([
    ['is not JSON', '{"csr"', 1004],
    ['is no object', '[]', 1004],
    ['has a hostname that is a number', { hostnames: [1] }, 1004],
    ['has a validity in a string', { requested_validity: '90' }, 1004],
    ['has no request_type', { request_type: undefined }, 1002],
    ['has another request_type', { request_type: 'origin-dsa' }, 1002],
    ['has no CSR', { csr: undefined }, 1007],
    ['has an empty CSR', { csr: ' ' }, 1007],
    ['has a CSR that is none', { csr: 'garbage' }, 1011],
    ['asks for 60 days', { requested_validity: 60 }, 1009],
    [
      'asks for 101 hostnames',
      { hostnames: Array.from({ length: 101 }, (_, n) => `h${n}.example.com`) },
      1005,
    ],
    ['asks for no hostname', { hostnames: [] }, 1010],
    ['asks for an IP address', { hostnames: ['192.0.2.1'] }, 1010],
    ['asks for a wildcard in the middle', { hostnames: ['a.*.example.com'] }, 1010],
    ['asks for a name of nobody here', { hostnames: ['example.com', 'example.org'] }, 1010],
  ])('that %s is refused', async (_what, fields, code) => {
    const answer = await api.call('POST', '/certificates', {
      body: typeof fields === 'string' ? fields : request(fields),
    });
    expect([codeOf(answer), answer.status, answer.body.success]).toEqual([code, 400, false]);
    expect(await simulator.certificates()).toEqual([]);
  });

  test('refused for a hostname names it', async () => {
    const { body } = await api.create(request({ hostnames: ['www.example.org'] }));
    expect(body.errors?.[0]?.message).toContain(
      'Failed to validate requested hostname www.example.org: This zone',
    );
  });

  test('with a CSR whose signature is broken is refused', async () => {
    const lines = ecc.csr.trim().split('\n');
    const line = lines.at(-2)!;
    const flipped = `${line.startsWith('A') ? 'B' : 'A'}${line.slice(1)}`;
    const csr = [...lines.slice(0, -2), flipped, lines.at(-1)].join('\n');
    expect(codeOf(await api.create(request({ csr })))).toBe(1011);
  });

  test('of a zone that is not active yet is refused until it is', async () => {
    const { id } = await simulator.seedZone({ name: 'pending.dev', status: 'pending' });
    const hostnames = ['www.pending.dev'];
    expect(codeOf(await api.create(request({ hostnames })))).toBe(1010);
    await simulator.updateZone(id, { status: 'active', paused: true });
    expect((await api.create(request({ hostnames }))).status).toBe(200);
  });

  test.each(['Origin-RSA', 'keyless-certificate'])(
    'may ask for %s, which the RSA root signs',
    async (requestType) => {
      const { body } = await api.create(request({ request_type: requestType }));
      expect(new X509Certificate(body.result.certificate).checkIssued(roots()[0]!)).toBe(true);
    },
  );

  test('may send the empty fields that cloudflare-go sends', async () => {
    const extra = {
      id: '',
      certificate: '',
      expires_on: '0001-01-01T00:00:00Z',
      revoked_at: '0001-01-01T00:00:00Z',
    };
    expect((await api.create(request(extra))).status).toBe(200);
  });

  test.each([0, undefined])('without a validity (%s) gets 5475 days', async (requested) => {
    expect(
      (await api.create(request({ requested_validity: requested }))).body.result.requested_validity,
    ).toBe(5475);
  });

  test('has duplicates removed, and is told so, and Unicode turned into punycode', async () => {
    await simulator.seedZone({ name: 'bücher.example' });
    const { body } = await api.create(
      request({ hostnames: ['example.com', 'EXAMPLE.com', 'www.bücher.example'] }),
    );
    expect(body.result.hostnames).toEqual(['example.com', 'www.xn--bcher-kva.example']);
    expect(body.messages?.map(({ code }) => code)).toEqual([1006]);
  });

  test('takes 200 hostnames when the limit is set so', async () => {
    await simulator.settings({ maxHostnames: 200 });
    const hostnames = Array.from({ length: 200 }, (_, n) => `h${n}.example.com`);
    expect((await api.create(request({ hostnames }))).body.result.hostnames).toHaveLength(200);
  });

  test('signs an RSA key with the ECC root if that is what was asked for', async () => {
    const { body } = await api.create(request({ csr: rsa.csr }));
    expect(new X509Certificate(body.result.certificate).checkIssued(roots()[1]!)).toBe(true);
  });
});

describe('a list', () => {
  test('shows a certificate under every zone of its hostnames', async () => {
    const app = await simulator.seedZone({ name: 'app.example.com' });
    const other = await simulator.seedZone({ name: 'example.net' });
    const { result } = (await api.create(request({ hostnames: ['www.example.com', 'x.app.example.com'] })))
      .body;
    const found = await Promise.all(
      [zoneId, app.id, other.id].map((id) => api.get(`/certificates?zone_id=${id}`)),
    );
    expect(found.map(({ body }) => body.result.map(({ id }) => id))).toEqual([[result.id], [result.id], []]);
  });

  test('needs a zone id', async () => {
    expect(codeOf(await api.get('/certificates'))).toBe(1012);
  });

  test('of 8,000 certificates is read 20 a page to its end', async () => {
    await simulator.settings({ maxPerPage: 20, budget: { quota: 0 } });
    const { ids } = await simulator.seedCertificates(zoneId, { count: 8000 });
    const found = new Set<string>();
    for (let page = 1; ; page += 1) {
      const { body } = await api.get(`/certificates?zone_id=${zoneId}&page=${page}&per_page=100`);
      if (body.result.length === 0) break;
      expect(body.result_info).toMatchObject({ page, per_page: 20, count: 20, total_count: 8000 });
      for (const { id } of body.result) found.add(id);
    }
    expect(found).toEqual(new Set(ids));
  });

  test('shows a certificate late when told so, by the simulated time', async () => {
    await simulator.settings({ lateListingMs: 20_000 });
    const { result } = (await api.create(request())).body;
    const list = async (): Promise<number> =>
      (await api.get(`/certificates?zone_id=${zoneId}`)).body.result.length;
    expect(await list()).toBe(0);
    expect((await api.get(`/certificates/${result.id}`)).status).toBe(200);
    await simulator.advance(20_000);
    expect(await list()).toBe(1);
  });

  test('bears revoked and expired certificates, or not', async () => {
    const { ids } = await simulator.seedCertificates(zoneId, { count: 3, validityDays: 7 });
    await simulator.revoke(ids[0]!);
    const list = async (): Promise<(string | undefined)[]> => {
      const { body } = await api.get(`/certificates?zone_id=${zoneId}`);
      return body.result.map(({ revoked_at: at }) => at?.slice(0, 4));
    };
    const year = (await simulator.now()).toISOString().slice(0, 4);
    expect(await list()).toEqual([undefined, undefined, year]);
    await simulator.settings({ listRevoked: false });
    expect(await list()).toEqual([undefined, undefined]);
    await simulator.advance(8 * DAY_MS);
    expect(await list()).toEqual([undefined, undefined]);
    await simulator.settings({ listExpired: false });
    expect(await list()).toEqual([]);
  });
});

describe('a revocation', () => {
  test('is answered with its time, read back, and refused the second time', async () => {
    const { id } = (await api.create(request())).body.result;
    const revoked = await api.call('DELETE', `/certificates/${id}`);
    expect(revoked.body.result).toEqual({ id, revoked_at: expect.any(String) });
    expect((await api.get(`/certificates/${id}`)).body.result.revoked_at).toBe(
      revoked.body.result.revoked_at,
    );
    expect(codeOf(await api.call('DELETE', `/certificates/${id}`))).toBe(1014);
  });

  test.each(['12345', 'a-zone-id'])('of the unknown id %s is not found', async (id) => {
    const answer = await api.call('DELETE', `/certificates/${id}`);
    expect([answer.status, codeOf(answer)]).toEqual([404, 1101]);
  });

  test('without an id is refused', async () => {
    expect(codeOf(await api.call('DELETE', '/certificates/'))).toBe(1013);
  });
});

test('an unknown certificate is 404 with 1101, or another status where told so', async () => {
  expect([(await api.get('/certificates/1')).status, codeOf(await api.get('/certificates/1'))]).toEqual([
    404, 1101,
  ]);
  await simulator.settings({ statuses: { 1101: 400 } });
  expect((await api.get('/certificates/1')).status).toBe(400);
});

test('the control endpoint signs a given CSR with given dates', async () => {
  const dates = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-04-01T00:00:00Z' };
  const { id, certificate } = await simulator.sign({
    csr: ecc.csr,
    hostnames: ['www.example.com'],
    requestType: 'origin-ecc',
    ...dates,
  });
  const leaf = new X509Certificate(certificate);
  expect([leaf.validFromDate, leaf.validToDate]).toEqual([
    new Date(dates.notBefore),
    new Date(dates.notAfter),
  ]);
  expect((await api.get(`/certificates/${id}`)).body.result.certificate).toBe(certificate);
});

describe('the control endpoint', () => {
  test('finds certificates by hostname, key, token and state', async () => {
    const token = await simulator.seedToken();
    const { id } = (await new Api(simulator, token).create(request({ hostnames: ['a.example.com'] }))).body
      .result;
    const other = (await api.create(request({ csr: rsa.csr, hostnames: ['b.example.com'] }))).body.result;
    await simulator.revoke(other.id);
    const [found] = await simulator.certificates({ hostname: 'a.example.com' });
    const key = createPublicKey(ecc.privateKey).export({ type: 'spki', format: 'der' });
    const publicKeySha256 = createHash('sha256').update(key).digest('hex');
    expect(found).toMatchObject({ id, publicKeySha256, tokenId: token.id, zoneIds: [zoneId] });
    const filters = [
      { publicKeySha256 },
      { tokenId: token.id },
      { revoked: false },
      { revoked: true },
      { zoneId },
    ];
    const ids = await Promise.all(
      filters.map(async (filter) => (await simulator.certificates(filter)).map((one) => one.id)),
    );
    expect(ids).toEqual([[id], [id], [id], [other.id], [id, other.id]]);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['time that goes back', () => simulator.advance(-1), /ms is -1; time goes only ahead/],
    [
      'an origin elsewhere',
      () => simulator.mapOrigin({ content: 'x', https: '192.0.2.1:443' }),
      /host:port on loopback/,
    ],
    ['a zone of one label', () => simulator.seedZone({ name: 'com' }), /at least two labels/],
    [
      'a record of no zone',
      () => simulator.seedRecord('x', { name: 'a.b', content: 'c' }),
      /there is no zone x/,
    ],
    ['a token too short', () => simulator.seedToken({ value: 'short' }), /40 to 80/],
    ['the end of nothing', () => simulator.remove('certificate', '1'), /there is no certificate 1/],
  ])('refuses %s', async (_what, command, message) => {
    await expect(command()).rejects.toThrow(message);
  });
});

test('a certificate can be made never to have been', async () => {
  const { id } = (await api.create(request())).body.result;
  await simulator.remove('certificate', id);
  expect(codeOf(await api.get(`/certificates/${id}`))).toBe(1101);
  expect((await api.get(`/certificates?zone_id=${zoneId}`)).body.result).toEqual([]);
});

function roots(): readonly X509Certificate[] {
  const pem = readFileSync(simulator.originCaRootsFile, 'utf8');
  return (pem.match(/-----BEGIN[^]+?END CERTIFICATE-----/g) ?? []).map((block) => new X509Certificate(block));
}
