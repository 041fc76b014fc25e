import { createSecureContext, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../simulator/client.ts';
import type { SignRequest } from '../../simulator/protocol.ts';
import { publicChain, type ChainOptions } from './chain.ts';
import { ADDRESS, EdgeStage, HOST, ok } from './edge-stage.ts';
import { closedPort, startOrigin, startTcp } from './origin.ts';

const DAY_MS = 86_400_000;

let stage: EdgeStage;
let simulator: Simulator;

beforeAll(async () => {
  stage = await EdgeStage.start();
  ({ simulator } = stage);
});
afterAll(() => stage.stop());
beforeEach(() => stage.prepare());
afterEach(() => stage.closeOrigins());

describe('under strict the visitor gets', () => {
  test('200 where a certificate of the Origin CA is served, and its serial', async () => {
    const certificateSerial = await stage.serve();
    expect(await simulator.visit(HOST)).toEqual({
      status: 200,
      certificateSerial,
      detail: 'mode strict: the origin answered 200',
    });
  });

  test('the origin’s redirect as it is', async () => {
    await stage.serve({}, (_request, response) => {
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
      https: await stage.kept(startOrigin(ok, { ...other!, SNICallback })),
    });
    expect((await simulator.visit(HOST)).status).toBe(200);
  });

  test('the path asked for', async () => {
    await stage.serve({}, (request, response) => {
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
    const certificateSerial = await stage.serve(request);
    const visited = await simulator.visit(HOST);
    expect(visited).toMatchObject({ status: 526, certificateSerial });
    expect(visited.detail).toMatch(detail);
  });

  test('526 once the certificate is revoked, unless the edge does not look', async () => {
    const id = await stage.serve();
    await simulator.revoke(id);
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 526,
      detail: expect.stringMatching(/revoked/),
    });
    await simulator.settings({ edge: { checksRevocation: false } });
    expect((await simulator.visit(HOST)).status).toBe(200);
  });

  test('526 once the certificate has expired by the simulated time', async () => {
    await stage.serve({ notAfter: new Date(Date.now() + DAY_MS).toISOString() });
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
    ['speaks HTTP', () => stage.kept(startOrigin(ok))],
    ['hangs up', () => stage.kept(startTcp((socket) => void socket.destroy()))],
  ])('525 where the port %s', async (_what, start) => {
    await simulator.mapOrigin({ content: ADDRESS, https: await start() });
    expect((await simulator.visit(HOST)).status).toBe(525);
  });

  test('524 where the origin never answers, and 520 where it answers nonsense', async () => {
    await stage.serve({}, () => undefined);
    expect((await simulator.visit(HOST)).status).toBe(524);
    await stage.serve({}, (request) => {
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
    await simulator.setZoneMode(stage.zoneId, 'full');
    await stage.serve({ variant: 'unknownRoot', hostnames: ['other.example.com'] });
    expect((await simulator.visit(HOST)).status).toBe(200);
    await simulator.mapOrigin({ content: ADDRESS, https: await stage.kept(startOrigin(ok)) });
    expect((await simulator.visit(HOST)).status).toBe(525);
  });

  test('full and strict ask over HTTP when the visitor does; origin_pull never', async () => {
    const http = await stage.kept(startOrigin(ok));
    await simulator.mapOrigin({ content: ADDRESS, http });
    expect((await simulator.visit(HOST, { scheme: 'http' })).status).toBe(200);
    await simulator.setZoneMode(stage.zoneId, 'origin_pull');
    expect((await simulator.visit(HOST, { scheme: 'http' })).status).toBe(521);
  });

  test.each<[string, ChainOptions, number]>([
    ['and the intermediates below them', {}, 200],
    ['but no certificate that signs others without being an authority', { intermediateIsCa: false }, 526],
    ['but no certificate for clients', { usage: 'clients' }, 526],
  ])('strict trusts public roots that it is given, %s', async (_what, options, status) => {
    const chain = await publicChain(HOST, options);
    await simulator.mapOrigin({ content: ADDRESS, https: await stage.kept(startOrigin(ok, chain)) });
    expect((await simulator.visit(HOST)).status).toBe(526);
    await simulator.settings({ edge: { publicRoots: chain.root } });
    expect((await simulator.visit(HOST)).status).toBe(status);
  });
});

describe('the DNS record', () => {
  test('may be a wildcard or a chain of aliases', async () => {
    await stage.serve();
    await simulator.seedRecord(stage.zoneId, {
      name: '*.example.com',
      type: 'CNAME',
      content: 'alias.example.com',
    });
    await simulator.seedRecord(stage.zoneId, { name: 'alias.example.com', type: 'CNAME', content: HOST });
    expect((await simulator.visit('any.example.com')).status).toBe(200);
  });

  test('that leads in a circle leads to 530', async () => {
    await simulator.seedRecord(stage.zoneId, {
      name: 'a.example.com',
      type: 'CNAME',
      content: 'b.example.com',
    });
    await simulator.seedRecord(stage.zoneId, {
      name: 'b.example.com',
      type: 'CNAME',
      content: 'a.example.com',
    });
    expect(await simulator.visit('a.example.com')).toMatchObject({
      status: 530,
      detail: expect.stringMatching(/circle/),
    });
  });

  test('that is not proxied lets the visitor see a certificate that no browser trusts', async () => {
    await stage.serve({ hostnames: ['grey.example.com'] });
    await simulator.seedRecord(stage.zoneId, { name: 'grey.example.com', content: ADDRESS, proxied: false });
    expect(await simulator.visit('grey.example.com')).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/not proxied: .*no authority that is trusted/),
    });
  });

  test('counts for nothing in a paused zone, and less than that without an active one', async () => {
    await stage.serve();
    await simulator.updateZone(stage.zoneId, { paused: true });
    expect(await simulator.visit(HOST)).toMatchObject({
      status: 0,
      detail: expect.stringMatching(/is paused/),
    });
    await simulator.updateZone(stage.zoneId, { status: 'pending' });
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
