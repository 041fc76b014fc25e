import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { RequestReport } from '../../../src/cloudflare/transport.ts';
import { TestClock } from '../../support/test-clock.ts';
import { answer, failure, refuse, type SeenRequest, TOKEN, Wire } from './wire.ts';

const signal = new AbortController().signal;
const ID = '328578533902268680212849205732770752308931942346';
const WANTED = {
  csr: '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
  hostnames: ['example.com', '*.example.com'],
  requestType: 'origin-ecc',
  requestedValidity: 90,
} as const;

let wire: Wire;
afterEach(() => wire.stop());

describe('a request', () => {
  test('for a certificate says what Cloudflare expects, and nothing else', async () => {
    wire = await Wire.start((_, response) => {
      answer(response, { id: ID, certificate: 'PEM', hostnames: [], requested_validity: 90 });
    });
    const created = await wire.client.createCertificate(WANTED, { signal });
    expect(created).toEqual({ id: ID, certificate: 'PEM', rayId: '8f0c1d2e-FRA' });
    const [{ method, url, headers, body }] = wire.seen as [Wire['seen'][0]];
    expect([method, url.pathname]).toEqual(['POST', '/client/v4/certificates']);
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    });
    expect(JSON.parse(body)).toEqual({
      csr: WANTED.csr,
      hostnames: WANTED.hostnames,
      request_type: 'origin-ecc',
      requested_validity: 90,
    });
  });

  test('is sent once, whatever comes back', async () => {
    wire = await Wire.start((_, response) => refuse(response, 503, 1200));
    expect(await failure(wire.client.createCertificate(WANTED, { signal }))).toMatchObject({
      kind: 'CloudflareUnavailable',
      definite: false,
      code: 1200,
      rayId: '8f0c1d2e-FRA',
    });
    expect(wire.seen).toHaveLength(1);
  });

  test('with 200 and success:false has failed', async () => {
    wire = await Wire.start((_, response) => refuse(response, 200, 1011, 'Failed to parse CSR.'));
    expect(await failure(wire.client.createCertificate(WANTED, { signal }))).toMatchObject({
      kind: 'RequestRejected',
      definite: true,
    });
  });

  test('answered without a certificate returns none: the caller judges answers', async () => {
    wire = await Wire.start((_, response) => answer(response, null));
    expect(await wire.client.createCertificate(WANTED, { signal })).toMatchObject({
      id: undefined,
      certificate: '',
    });
  });

  test('with a token that is none is not sent', async () => {
    wire = await Wire.start((_, response) => answer(response, null));
    const client = wire.api.client(new ApiToken('v1.0-abcdef'));
    expect(await failure(client.verifyToken({ signal }))).toMatchObject({
      kind: 'CredentialsInvalid',
      definite: true,
    });
    expect(wire.seen).toHaveLength(0);
  });

  test('leaves no token in the error when something on the way quotes it', async () => {
    wire = await Wire.start((request, response) =>
      refuse(response, 400, 6003, `Bad header ${request.headers.authorization}`),
    );
    const error = await failure(wire.client.verifyToken({ signal }));
    expect(error.message).toContain('Bad header Bearer [redacted]');
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('Planted');
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['an HTML page', (response) => response.writeHead(502).end('<html>bad gateway</html>')],
    ['an HTML page with 200', (response) => response.writeHead(200).end('<html>log in</html>')],
    ['cut JSON', (response) => response.end('{"success":true,"result":{"id"')],
    [
      'an answer cut by the network',
      (response) => response.writeHead(200, { 'content-length': 99 }).end('{"succ').destroy(),
    ],
    ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [
      'compressed JSON that nobody asked for',
      (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('{"success":true}')),
    ],
    ['a reset', (response) => response.destroy()],
    ['another JSON API', (response) => response.writeHead(403, {}).end('{"message":"Forbidden"}')],
  ])('that brings %s leaves the outcome open', async (_, respond) => {
    wire = await Wire.start((__, response) => void respond(response));
    expect(await failure(wire.client.createCertificate(WANTED, { signal }))).toMatchObject({
      kind: 'CloudflareUnavailable',
      definite: false,
    });
  });

  test('stops reading an answer of more than 4 MiB', async () => {
    wire = await Wire.start((_, response) => answer(response, 'x'.repeat(4 * 2 ** 20)));
    const error = await failure(wire.client.getCertificate(ID, { signal }));
    expect(error.message).toContain('an answer of more than 4 MiB');
  });

  test('to nobody says so', async () => {
    wire = await Wire.start(() => undefined);
    await wire.stop();
    wire = await Wire.start(() => undefined, { baseUrl: 'http://127.0.0.1:9/client/v4' });
    const error = await failure(wire.client.verifyToken({ signal }));
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', definite: false });
    expect(error.message.match(/ECONNREFUSED/g)).toHaveLength(1);
  });
});

describe('a refused token', () => {
  const refusals = (request: SeenRequest, response: ServerResponse): void => {
    if (request.method === 'POST') refuse(response, 403, 10000, 'Authentication error');
    else if (request.url.pathname.endsWith('/verify')) refuse(response, 403, 9109);
    else refuse(response, 400, 1010);
  };

  test('is told with where it comes from, to those who may know', async () => {
    wire = await Wire.start(refusals);
    const client = wire.api.client(new ApiToken(TOKEN), () => 'Secret cf in namespace shop, key api-token');
    for (const asked of [client.createCertificate(WANTED, { signal }), client.verifyToken({ signal })]) {
      const { message } = await failure(asked);
      expect(message).toMatch(/^Secret cf in namespace shop, key api-token: Cloudflare .*Ray ID/);
      expect(message).not.toContain(TOKEN);
    }
  });

  test('is told without, where nothing is known or the token is not what was wrong', async () => {
    wire = await Wire.start(refusals);
    const client = wire.api.client(new ApiToken(TOKEN), () => 'Secret cf');
    const { message } = await failure(client.getCertificate(ID, { signal }));
    expect(message).toMatch(/^Cloudflare /);
    const untold = [wire.client, wire.api.client(new ApiToken(TOKEN), () => undefined)];
    for (const each of untold)
      expect((await failure(each.verifyToken({ signal }))).message).toMatch(/^Cloudflare /);
  });

  test('that two namespaces use is told each with its own Secret, in an incident too', async () => {
    wire = await Wire.start(refusals);
    const [one, two] = ['one', 'two'].map((name) =>
      wire.api.client(new ApiToken(TOKEN), () => `Secret ${name} in namespace ${name}, key api-token`),
    );
    const post = (client: typeof one, asker: string) =>
      failure(client!.createCertificate(WANTED, { signal, asker, place: 'example.com' }));
    await post(one, 'one/web');
    await post(one, 'one/api');
    const held = await post(two, 'two/web');
    expect(wire.seen).toHaveLength(2);
    expect(held.message).toMatch(/^Secret two in namespace two, key api-token: Cloudflare .* waits for that/);
    expect(held.message).not.toContain('Secret one');
    expect(held).toMatchObject({ kind: 'CredentialsInvalid', definite: true });
  });
});

describe('time', () => {
  test('a POST may take its time limit and a second per hostname, then its outcome is open', async () => {
    wire = await Wire.start(() => undefined, { postTimeoutMs: 50 });
    const startedMs = performance.now();
    const error = await failure(
      wire.client.createCertificate({ ...WANTED, hostnames: ['example.com'] }, { signal }),
    );
    expect(performance.now() - startedMs).toBeGreaterThan(1000);
    expect(error).toMatchObject({ kind: 'CloudflareUnavailable', definite: false });
    expect(error.message).toContain('no answer within 1 seconds');
  });

  test('a caller that gives up in flight does not know the outcome', async () => {
    const controller = new AbortController();
    wire = await Wire.start(() => controller.abort(new Error('lease lost')));
    expect(await failure(wire.client.createCertificate(WANTED, { signal: controller.signal }))).toMatchObject(
      {
        kind: 'Aborted',
        definite: false,
      },
    );
  });

  test('a caller that has given up before sends nothing', async () => {
    wire = await Wire.start((_, response) => answer(response, null));
    const gone = AbortSignal.abort(new Error('shutting down'));
    expect(await failure(wire.client.createCertificate(WANTED, { signal: gone }))).toMatchObject({
      kind: 'Aborted',
      definite: true,
    });
    expect(wire.seen).toHaveLength(0);
  });

  test('the fence is asked at dispatch, after the wait for a free slot', async () => {
    let leading = true;
    const fence = (): void => {
      if (!leading) throw new Error('lease deadline passed');
    };
    const held: (() => void)[] = [];
    wire = await Wire.start((_, response) => void held.push(() => answer(response, { status: 'active' })), {
      fence,
      concurrency: 1,
    });
    const first = wire.client.verifyToken({ signal });
    const second = failure(wire.client.verifyToken({ signal }));
    await expect.poll(() => held.length).toBe(1);
    leading = false;
    held[0]!();
    await first;
    expect(await second).toMatchObject({ kind: 'Fenced', definite: true });
    expect(wire.seen).toHaveLength(1);
  });

  test('no more requests are out at once than there are slots', async () => {
    const held: (() => void)[] = [];
    wire = await Wire.start((_, response) => void held.push(() => answer(response, { status: 'active' })), {
      concurrency: 3,
    });
    const all = Array.from({ length: 5 }, () => wire.client.verifyToken({ signal }));
    await expect.poll(() => held.length).toBe(3);
    held[0]!();
    await expect.poll(() => held.length).toBe(4);
    for (const i of [1, 2, 3]) held[i]!();
    await expect.poll(() => held.length).toBe(5);
    held[4]!();
    await Promise.all(all);
  });
});

describe('what the caller is told by the way', () => {
  test('each request is reported with its outcome, and each Date header passed on', async () => {
    const reports: RequestReport[] = [];
    const dates: number[] = [];
    const callbacks = {
      onRequest: (report: RequestReport) => void reports.push(report),
      onDate: (ms: number) => void dates.push(ms),
    };
    wire = await Wire.start((request, response) => {
      if (request.url.pathname.endsWith('verify')) refuse(response, 401, 10000);
      else answer(response, { id: ID });
    }, callbacks);
    await wire.client.getCertificate(ID, { signal });
    await failure(wire.client.verifyToken({ signal }));
    expect(reports).toMatchObject([
      { operation: 'get_certificate', outcome: 'success', status: 200 },
      { operation: 'verify_token', outcome: 'CredentialsInvalid', status: 401 },
    ]);
    expect(reports.every(({ seconds }) => seconds > 0 && seconds < 30)).toBe(true);
    expect(dates).toHaveLength(2);
    for (const ms of dates) expect(Math.abs(ms - Date.now())).toBeLessThan(60_000);
  });
});

describe('the budget', () => {
  const clock = new TestClock();

  test('used up, it refuses without sending, and says when to come back', async () => {
    const budget = new Budget({ ratePerSecond: 2, burst: 1, clock });
    wire = await Wire.start((_, response) => answer(response, { status: 'active' }), { budget });
    await wire.client.verifyToken({ signal });
    expect(await failure(wire.client.createCertificate(WANTED, { signal }))).toMatchObject({
      kind: 'BudgetExhausted',
      definite: true,
      retryAfterMs: 500,
    });
    expect(wire.seen).toHaveLength(1);
  });

  test('a 429 holds every request of its token until Retry-After, and no other token', async () => {
    wire = await Wire.start((request, response) => {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(response, { status: 'active' });
      response.setHeader('retry-after', '30');
      refuse(response, 429, 971, 'Please wait and consider throttling your request speed');
    });
    expect(await failure(wire.client.verifyToken({ signal }))).toMatchObject({
      kind: 'RateLimited',
      definite: true,
      retryAfterMs: 30_000,
    });
    const again = await failure(wire.api.client(new ApiToken(TOKEN)).getCertificate(ID, { signal }));
    expect(again).toMatchObject({ kind: 'RateLimited', definite: true, retryAfterMs: 30_000 });
    expect(wire.seen).toHaveLength(1);
    expect((await wire.api.client(new ApiToken('another')).verifyToken({ signal })).status).toBe('active');
  });

  test("is lowered by an answer's Ratelimit header", async () => {
    const budget = new Budget({ ratePerSecond: 3, burst: 100, clock });
    wire = await Wire.start(
      (_, response) => {
        response.setHeader('ratelimit', '"default";r=0;t=40');
        answer(response, { status: 'active' });
      },
      { budget },
    );
    await wire.client.verifyToken({ signal });
    expect(await failure(wire.client.verifyToken({ signal }))).toMatchObject({
      kind: 'BudgetExhausted',
      retryAfterMs: 40_000,
    });
  });
});

describe('revoking', () => {
  test.each([
    [200, 0, 'revoked'],
    [400, 1014, 'already-revoked'],
    [404, 1101, 'not-found'],
  ])('answered with %d and code %d is %s', async (status, code, outcome) => {
    wire = await Wire.start((_, response) => {
      if (code === 0) response.end(JSON.stringify({ result: { id: ID } }));
      else refuse(response, status, code);
    });
    expect(await wire.client.revokeCertificate(ID, { signal })).toBe(outcome);
    expect(wire.seen.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      `DELETE /client/v4/certificates/${ID}`,
    ]);
  });

  test('an id cannot lead the request elsewhere', async () => {
    wire = await Wire.start((_, response) => answer(response, null));
    await wire.client.revokeCertificate('../zones/z?x=1', { signal });
    expect(wire.seen[0]?.url.pathname).toBe('/client/v4/certificates/..%2Fzones%2Fz%3Fx%3D1');
  });
});
