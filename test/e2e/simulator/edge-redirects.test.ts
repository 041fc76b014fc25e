import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../simulator/client.ts';
import { ADDRESS, EdgeStage, HOST } from './edge-stage.ts';
import { closedPort } from './origin.ts';

let stage: EdgeStage;
let simulator: Simulator;

beforeAll(async () => {
  stage = await EdgeStage.start();
  ({ simulator } = stage);
});
afterAll(() => stage.stop());
beforeEach(() => stage.prepare());
afterEach(() => stage.closeOrigins());

describe('the mode', () => {
  /** An origin that wants HTTPS, and sends those who come over HTTP there. */
  const toHttps: RequestListener = (request, response) => {
    response.writeHead(308, { location: `https://${request.headers.host ?? ''}${request.url ?? ''}` }).end();
  };

  test('flexible asks the origin over HTTP, and says when that loops', async () => {
    await simulator.setZoneMode(stage.zoneId, 'flexible');
    await stage.serveHttp(toHttps);
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
    await simulator.setZoneMode(stage.zoneId, 'off');
    await stage.serveHttp(toHttps);
    const visited = await simulator.visit(HOST, { path: '/a?b' });
    expect(visited).toMatchObject({ status: 301, location: `http://${HOST}/a?b` });
    expect(visited.loop).toBeUndefined();
    expect(await simulator.visit(HOST, { path: '/a?b', follow: true })).toMatchObject({
      status: 308,
      loop: true,
    });
    await stage.serveHttp();
    const followed = await simulator.visit(HOST, { follow: true });
    expect([followed.status, followed.hops, followed.loop]).toEqual([200, 1, undefined]);
  });

  test('off and always_use_https send the visitor to and fro', async () => {
    await simulator.setZoneMode(stage.zoneId, 'off');
    await simulator.setSetting(stage.zoneId, 'always_use_https', 'on');
    await stage.serve();
    expect(await simulator.visit(HOST, { follow: true })).toMatchObject({ status: 301, loop: true, hops: 1 });
  });

  test('flexible loops too where the start page is named without its slash', async () => {
    await simulator.setZoneMode(stage.zoneId, 'flexible');
    await stage.serveHttp((_request, response) => {
      response.writeHead(301, { location: `https://${HOST}` }).end();
    });
    expect(await simulator.visit(HOST)).toMatchObject({ loop: true });
  });
});

describe('a redirect', () => {
  test('from HTTP to HTTPS is the edge’s own where always_use_https is on, and needs no origin', async () => {
    await simulator.setSetting(stage.zoneId, 'always_use_https', 'on');
    await simulator.mapOrigin({ content: ADDRESS, https: await closedPort() });
    expect(await simulator.visit(HOST, { scheme: 'http', path: '/a' })).toMatchObject({
      status: 301,
      location: `https://${HOST}/a`,
    });
    await stage.serve();
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
    await stage.serve({}, (request, response) => {
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
    await stage.serve({}, (_request, response) => {
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
    await stage.serve();
    expect((await simulator.visit(HOST)).strictTransportSecurity).toBeUndefined();
    await simulator.setSetting(stage.zoneId, 'security_header', HEADER);
    const header = { strictTransportSecurity: 'max-age=300; includeSubDomains' };
    expect(await simulator.visit(HOST)).toMatchObject({ status: 200, ...header });
    await simulator.mapOrigin({ content: ADDRESS, https: await closedPort() });
    expect(await simulator.visit(HOST)).toMatchObject({ status: 521, ...header });
    expect((await simulator.visit(HOST, { scheme: 'http' })).strictTransportSecurity).toBeUndefined();
  });

  test('of the origin is passed on where the zone has none', async () => {
    await stage.serve({}, (_request, response) => {
      response.writeHead(200, { 'strict-transport-security': 'max-age=1' }).end();
    });
    expect((await simulator.visit(HOST)).strictTransportSecurity).toBe('max-age=1');
    await simulator.setSetting(stage.zoneId, 'security_header', HEADER);
    expect((await simulator.visit(HOST)).strictTransportSecurity).toMatch(/^max-age=300/);
  });
});
