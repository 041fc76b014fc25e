import type { RequestListener } from 'node:http';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import type { SignRequest } from '../../simulator/protocol.ts';
import { newCsr, type KeyAndCsr } from './api.ts';
import { publicChain, type ChainOptions } from './chain.ts';
import { closedPort, startOrigin, startTcp, type Origin } from './origin.ts';

const HOST = 'www.example.com';
const ADDRESS = '192.0.2.1';
const DAY_MS = 86_400_000;

let simulator: Simulator;
let key: KeyAndCsr;
let zoneId: string;
const origins: Origin[] = [];

beforeAll(async () => {
  [simulator, key] = await Promise.all([Simulator.start(), newCsr()]);
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.reset();
  await simulator.settings({ edge: { connectTimeoutMs: 2000, readTimeoutMs: 500 } });
  ({ id: zoneId } = await simulator.seedZone({ name: 'example.com', ssl: 'strict' }));
  await simulator.seedRecord(zoneId, { name: HOST, content: ADDRESS });
});
afterEach(async () => {
  await Promise.all(origins.splice(0).map((origin) => origin.close()));
});

const ok: RequestListener = (request, response) => {
  response.end(`${request.headers.host ?? ''}${request.url ?? ''}`);
};

async function kept(starting: Promise<Origin>): Promise<string> {
  const origin = await starting;
  origins.push(origin);
  return origin.address;
}

/** An origin that presents a certificate of the simulator's own CA, as asked for. */
async function serve(request: Partial<SignRequest> = {}, answer: RequestListener = ok): Promise<string> {
  const { id, certificate } = await simulator.sign({
    csr: key.csr,
    hostnames: ['*.example.com'],
    ...request,
  });
  const https = await kept(startOrigin(answer, { cert: certificate, key: key.privateKey }));
  await simulator.mapOrigin({ content: ADDRESS, https });
  return id;
}

describe('under strict the visitor gets', () => {
  test('200 where a certificate of the Origin CA is served, and its serial', async () => {
    const certificateSerial = await serve();
    expect(await simulator.visit(HOST)).toEqual({
      status: 200,
      certificateSerial,
      detail: 'mode strict: the origin answered 200',
    });
  });

  test('the origin’s redirect as it is', async () => {
    await serve({}, (_request, response) => {
      response.writeHead(301, { location: 'https://example.com/' }).end();
    });
    expect(await simulator.visit(HOST)).toMatchObject({ status: 301, location: 'https://example.com/' });
  });

  test('the certificate that the origin keeps for this hostname among others', async () => {
    const [mine, other] = await Promise.all([HOST, 'other.example.com'].map((name) => publicChain(name)));
    const SNICallback: TlsOptions['SNICallback'] = (name, answer) => {
      answer(null, createSecureContext(name === HOST ? mine : other));
    };
    await simulator.settings({ edge: { publicRoots: mine!.root } });
    await simulator.mapOrigin({
      content: ADDRESS,
      https: await kept(startOrigin(ok, { ...other!, SNICallback })),
    });
    expect((await simulator.visit(HOST)).status).toBe(200);
  });

  test('the path asked for', async () => {
    await serve({}, (request, response) => {
      response.writeHead(request.url === '/deep' ? 204 : 404).end();
    });
    expect((await simulator.visit(HOST, { path: '/deep' })).status).toBe(204);
  });

  test.each<[string, Partial<SignRequest>, RegExp]>([
    ['is of an unknown root', { variant: 'unknownRoot' }, /no authority that is trusted/],
    [
      'is for another name',
      { hostnames: ['other.example.com'] },
      /it is for DNS:other.example.com, not for www.example.com/,
    ],
    ['covers one label less', { hostnames: ['*.com.example.com'] }, /not for www.example.com/],
    ['has expired', { notBefore: '2020-01-01', notAfter: '2021-01-01' }, /it expired on/],
    ['begins tomorrow', { notBefore: new Date(Date.now() + DAY_MS).toISOString() }, /it is not valid before/],
  ])('526 where the certificate %s', async (_what, request, detail) => {
    const certificateSerial = await serve(request);
    const visited = await simulator.visit(HOST);
    expect(visited).toMatchObject({ status: 526, certificateSerial });
    expect(visited.detail).toMatch(detail);
  });

  test('526 once the certificate is revoked, unless the edge does not look', async () => {
    const id = await serve();
    await simulator.revoke(id);
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 526,
      detail: expect.stringMatching(/revoked/),
    });
    await simulator.settings({ edge: { checksRevocation: false } });
    expect((await simulator.visit(HOST)).status).toBe(200);
  });

  test('526 once the certificate has expired by the simulated time', async () => {
    await serve({ notAfter: new Date(Date.now() + DAY_MS).toISOString() });
    expect((await simulator.visit(HOST)).status).toBe(200);
    await simulator.advance(2 * DAY_MS);
    expect((await simulator.visit(HOST)).status).toBe(526);
  });

  test('521 where nobody listens', async () => {
    await simulator.mapOrigin({ content: ADDRESS, https: await closedPort() });
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 521,
      detail: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  test('522 where a firewall swallows everything', async () => {
    await simulator.mapOrigin({ content: ADDRESS, drop: true });
    expect((await simulator.visit(HOST)).status).toBe(522);
  });

  test.each<[string, () => Promise<string>]>([
    ['speaks HTTP', () => kept(startOrigin(ok))],
    ['hangs up', () => kept(startTcp((socket) => void socket.destroy()))],
  ])('525 where the port %s', async (_what, start) => {
    await simulator.mapOrigin({ content: ADDRESS, https: await start() });
    expect((await simulator.visit(HOST)).status).toBe(525);
  });

  test('524 where the origin never answers, and 520 where it answers nonsense', async () => {
    await serve({}, () => undefined);
    expect((await simulator.visit(HOST)).status).toBe(524);
    await serve({}, (request) => {
      request.socket.destroy();
    });
    expect((await simulator.visit(HOST)).status).toBe(520);
  });

  test('523 where the record leads nowhere', async () => {
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 523,
      detail: expect.stringMatching(/no route to 192\.0\.2\.1/),
    });
  });
});

describe('the zone’s mode', () => {
  test('full takes any certificate, and needs one', async () => {
    await simulator.setZoneMode(zoneId, 'full');
    await serve({ variant: 'unknownRoot', hostnames: ['other.example.com'] });
    expect((await simulator.visit(HOST)).status).toBe(200);
    await simulator.mapOrigin({ content: ADDRESS, https: await kept(startOrigin(ok)) });
    expect((await simulator.visit(HOST)).status).toBe(525);
  });

  /** An origin that wants HTTPS, and sends those who come over HTTP there. */
  async function serveRedirect(): Promise<void> {
    const http = await kept(
      startOrigin((request, response) => {
        response
          .writeHead(308, { location: `https://${request.headers.host ?? ''}${request.url ?? ''}` })
          .end();
      }),
    );
    await simulator.mapOrigin({ content: ADDRESS, http });
  }

  test('flexible asks the origin over HTTP, and says when that loops', async () => {
    await simulator.setZoneMode(zoneId, 'flexible');
    await serveRedirect();
    const visited = await simulator.visit(HOST, { path: '/a' });
    expect(visited).toMatchObject({
      status: 308,
      location: `https://${HOST}/a`,
      loop: true,
      detail: expect.stringMatching(/redirect loop/),
    });
    expect(visited.certificateSerial).toBeUndefined();
    const unencrypted = await simulator.visit(HOST, { path: '/a', scheme: 'http' });
    expect([unencrypted.status, unencrypted.loop]).toEqual([308, undefined]);
    expect(await simulator.visit(HOST, { path: '/a', scheme: 'http', follow: true })).toMatchObject({
      loop: true,
      hops: 1,
    });
  });

  test('off redirects to HTTP and asks the origin over it, which loops where the origin wants HTTPS', async () => {
    await simulator.setZoneMode(zoneId, 'off');
    await serveRedirect();
    const visited = await simulator.visit(HOST, { path: '/a?b' });
    expect(visited).toMatchObject({ status: 301, location: `http://${HOST}/a?b` });
    expect(visited.loop).toBeUndefined();
    expect(await simulator.visit(HOST, { path: '/a?b', follow: true })).toMatchObject({
      status: 308,
      loop: true,
    });
    await simulator.mapOrigin({ content: ADDRESS, http: await kept(startOrigin(ok)) });
    const followed = await simulator.visit(HOST, { follow: true });
    expect([followed.status, followed.hops, followed.loop]).toEqual([200, 1, undefined]);
  });

  test('off and always_use_https send the visitor to and fro', async () => {
    await simulator.setZoneMode(zoneId, 'off');
    await simulator.setSetting(zoneId, 'always_use_https', 'on');
    await serve();
    expect(await simulator.visit(HOST, { follow: true })).toMatchObject({ status: 301, loop: true, hops: 1 });
  });

  test('flexible loops too where the start page is named without its slash', async () => {
    await simulator.setZoneMode(zoneId, 'flexible');
    const http = await kept(
      startOrigin(
        (_request, response) => void response.writeHead(301, { location: `https://${HOST}` }).end(),
      ),
    );
    await simulator.mapOrigin({ content: ADDRESS, http });
    expect(await simulator.visit(HOST)).toMatchObject({ loop: true });
  });

  test('full and strict ask over HTTP when the visitor does; origin_pull never', async () => {
    const http = await kept(startOrigin(ok));
    await simulator.mapOrigin({ content: ADDRESS, http });
    expect((await simulator.visit(HOST, { scheme: 'http' })).status).toBe(200);
    await simulator.setZoneMode(zoneId, 'origin_pull');
    expect((await simulator.visit(HOST, { scheme: 'http' })).status).toBe(521);
  });

  test.each<[string, ChainOptions, number]>([
    ['and the intermediates below them', {}, 200],
    ['but no certificate that signs others without being an authority', { intermediateIsCa: false }, 526],
    ['but no certificate for clients', { usage: 'clients' }, 526],
  ])('strict trusts public roots that it is given, %s', async (_what, options, status) => {
    const chain = await publicChain(HOST, options);
    await simulator.mapOrigin({ content: ADDRESS, https: await kept(startOrigin(ok, chain)) });
    expect((await simulator.visit(HOST)).status).toBe(526);
    await simulator.settings({ edge: { publicRoots: chain.root } });
    expect((await simulator.visit(HOST)).status).toBe(status);
  });
});

describe('a redirect', () => {
  test('from HTTP to HTTPS is the edge’s own where always_use_https is on, and needs no origin', async () => {
    await simulator.setSetting(zoneId, 'always_use_https', 'on');
    await simulator.mapOrigin({ content: ADDRESS, https: await closedPort() });
    expect(await simulator.visit(HOST, { scheme: 'http', path: '/a' })).toMatchObject({
      status: 301,
      location: `https://${HOST}/a`,
    });
    await serve();
    expect(await simulator.visit(HOST, { scheme: 'http', follow: true })).toMatchObject({
      status: 200,
      hops: 1,
    });
  });

  test('is followed from page to page, and out of our zones no further', async () => {
    const next: Readonly<Record<string, string>> = {
      '/': '/1',
      '/1': '2',
      '/2': 'https://elsewhere.example/',
    };
    await serve({}, (request, response) => {
      response.writeHead(302, { location: next[request.url ?? ''] ?? '/' }).end();
    });
    expect(await simulator.visit(HOST, { follow: true })).toMatchObject({
      status: 302,
      location: 'https://elsewhere.example/',
      hops: 2,
    });
  });

  test('to ever new pages is a loop after ten', async () => {
    let page = 0;
    await serve({}, (_request, response) => {
      page += 1;
      response.writeHead(302, { location: `/${page}` }).end();
    });
    expect(await simulator.visit(HOST, { follow: true })).toMatchObject({ loop: true, hops: 10 });
    expect(page).toBe(11);
  });
});

describe('HSTS', () => {
  const HEADER = { strict_transport_security: { enabled: true, max_age: 300, include_subdomains: true } };

  test('is told to visitors over HTTPS, whatever the answer', async () => {
    await serve();
    expect((await simulator.visit(HOST)).strictTransportSecurity).toBeUndefined();
    await simulator.setSetting(zoneId, 'security_header', HEADER);
    const header = { strictTransportSecurity: 'max-age=300; includeSubDomains' };
    expect(await simulator.visit(HOST)).toMatchObject({ status: 200, ...header });
    await simulator.mapOrigin({ content: ADDRESS, https: await closedPort() });
    expect(await simulator.visit(HOST)).toMatchObject({ status: 521, ...header });
    expect((await simulator.visit(HOST, { scheme: 'http' })).strictTransportSecurity).toBeUndefined();
  });

  test('of the origin is passed on where the zone has none', async () => {
    await serve({}, (_request, response) => {
      response.writeHead(200, { 'strict-transport-security': 'max-age=1' }).end();
    });
    expect((await simulator.visit(HOST)).strictTransportSecurity).toBe('max-age=1');
    await simulator.setSetting(zoneId, 'security_header', HEADER);
    expect((await simulator.visit(HOST)).strictTransportSecurity).toMatch(/^max-age=300/);
  });
});

describe('the DNS record', () => {
  test('may be a wildcard or a chain of aliases', async () => {
    await serve();
    await simulator.seedRecord(zoneId, {
      name: '*.example.com',
      type: 'CNAME',
      content: 'alias.example.com',
    });
    await simulator.seedRecord(zoneId, { name: 'alias.example.com', type: 'CNAME', content: HOST });
    expect((await simulator.visit('any.example.com')).status).toBe(200);
  });

  test('that leads in a circle leads to 530', async () => {
    await simulator.seedRecord(zoneId, { name: 'a.example.com', type: 'CNAME', content: 'b.example.com' });
    await simulator.seedRecord(zoneId, { name: 'b.example.com', type: 'CNAME', content: 'a.example.com' });
    expect(await simulator.visit('a.example.com')).toMatchObject({
      status: 530,
      detail: expect.stringMatching(/circle/),
    });
  });

  test('that is not proxied lets the visitor see a certificate that no browser trusts', async () => {
    await serve({ hostnames: ['grey.example.com'] });
    await simulator.seedRecord(zoneId, { name: 'grey.example.com', content: ADDRESS, proxied: false });
    expect(await simulator.visit('grey.example.com')).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/not proxied: .*no authority that is trusted/),
    });
  });

  test('counts for nothing in a paused zone, and less than that without an active one', async () => {
    await serve();
    await simulator.updateZone(zoneId, { paused: true });
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/is paused/),
    });
    await simulator.updateZone(zoneId, { status: 'pending' });
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/does not resolve/),
    });
  });

  test('must exist', async () => {
    expect(await simulator.visit('missing.example.com')).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/no A, AAAA or CNAME/),
    });
  });
});
