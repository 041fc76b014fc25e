import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { TLSSocket, type SecureVersion } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPair, type Pair } from '../../simulator/ca/pair.ts';
import type { Simulator } from '../../simulator/client.ts';
import { Api } from './api.ts';
import { ADDRESS, EdgeStage, HOST } from './edge-stage.ts';

const OTHER_HOST = 'other.example.com';

let stage: EdgeStage;
let simulator: Simulator;
let api: Api;
let first: Pair;
let second: Pair;

beforeAll(async () => {
  [stage, first, second] = await Promise.all([EdgeStage.start(), newPair(), newPair()]);
  ({ simulator } = stage);
});
afterAll(() => stage.stop());
beforeEach(async () => {
  await stage.prepare();
  await simulator.settings({ originPulls: { deployMs: 60_000, deleteMs: 60_000 } });
  api = new Api(simulator, await simulator.seedToken());
  await simulator.seedRecord(stage.zoneId, { name: OTHER_HOST, content: ADDRESS });
});
afterEach(() => stage.closeOrigins());

function newPair(): Promise<Pair> {
  return createPair({ caName: 'CN=Our CA', name: 'CN=us', usage: 'clients', lifetimeMs: 86_400_000 });
}

/** Tells by its status whether it was shown a certificate of one of the CAs, as nginx does. */
const asNginx: RequestListener = (request, response) => {
  const { socket } = request;
  response.writeHead(socket instanceof TLSSocket && socket.authorized ? 200 : 400).end();
};

/** An origin that demands a client certificate of one of the CAs, within HTTP or within the handshake. */
async function demand(
  cas: readonly string[],
  options: { inHandshake?: boolean; maxVersion?: SecureVersion } = {},
): Promise<void> {
  const { inHandshake = false, maxVersion = 'TLSv1.3' } = options;
  const tls = { ca: [...cas], requestCert: true, rejectUnauthorized: inHandshake, maxVersion };
  await stage.serve({}, asNginx, tls);
}

async function upload(pair: Pair, path = ''): Promise<string> {
  const answer = await api.call('POST', `/zones/${stage.zoneId}/origin_tls_client_auth${path}`, {
    body: { certificate: pair.certificate, private_key: pair.key },
  });
  return answer.body.result.id;
}

async function tie(hostname: string, cert_id: string, enabled: boolean | null): Promise<void> {
  await api.call('PUT', `/zones/${stage.zoneId}/origin_tls_client_auth/hostnames`, {
    body: { config: [{ hostname, cert_id, enabled }] },
  });
}

async function shown(hostname = HOST): Promise<readonly [number, string | undefined]> {
  const { status, clientCertificate } = await simulator.visit(hostname);
  return [status, clientCertificate];
}

describe('Cloudflare’s shared certificate', () => {
  const sharedCa = (): string => readFileSync(simulator.originPullCaFile, 'utf8');

  test('comes from a CA with the name of the real one', () => {
    expect(new X509Certificate(sharedCa()).subject).toBe(
      'C=US\nO=CloudFlare\\, Inc.\nOU=Origin Pull\nL=San Francisco\nST=California\nCN=origin-pull.cloudflare.net',
    );
  });

  test('is shown while tls_client_auth is on, and only over HTTPS', async () => {
    await demand([sharedCa()]);
    expect(await shown()).toEqual([400, undefined]);
    await simulator.setSetting(stage.zoneId, 'tls_client_auth', 'on');
    expect(await shown()).toEqual([200, 'shared']);
    await simulator.setZoneMode(stage.zoneId, 'full');
    expect(await shown()).toEqual([200, 'shared']);
    await stage.serveHttp();
    await simulator.setZoneMode(stage.zoneId, 'flexible');
    expect(await shown()).toEqual([200, undefined]);
  });
});

describe('an origin that demands within the handshake', () => {
  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
    'and gets none leads to 525 under %s',
    async (maxVersion) => {
      await demand([first.ca], { inHandshake: true, maxVersion });
      for (let visit = 0; visit < 20; visit += 1) expect(await shown()).toEqual([525, undefined]);
      await simulator.setSetting(stage.zoneId, 'tls_client_auth', 'on');
      expect((await shown())[0]).toBe(525);
      await simulator.seedClientCertificate({
        zoneId: stage.zoneId,
        certificate: first.certificate,
        privateKey: first.key,
      });
      await simulator.originPulls(stage.zoneId, { enabled: true });
      for (let visit = 0; visit < 20; visit += 1) expect((await shown())[0]).toBe(200);
    },
  );
});

describe('the zone’s own certificate', () => {
  test('is shown once it is at the edge and the switch is on, before the shared one', async () => {
    await demand([first.ca]);
    await simulator.setSetting(stage.zoneId, 'tls_client_auth', 'on');
    await simulator.originPulls(stage.zoneId, { enabled: true });
    const id = await upload(first);
    expect(await shown()).toEqual([400, 'shared']);
    await simulator.advance(60_000);
    expect(await shown()).toEqual([200, id]);
    await simulator.originPulls(stage.zoneId, { enabled: false });
    expect(await shown()).toEqual([400, 'shared']);
  });

  test('gives way to a later one, and is back when that goes', async () => {
    await demand([first.ca]);
    await simulator.originPulls(stage.zoneId, { enabled: true });
    const older = await upload(first);
    await simulator.advance(60_000);
    const newer = await upload(second);
    expect(await shown()).toEqual([200, older]);
    await simulator.advance(60_000);
    expect(await shown()).toEqual([400, newer]);
    await api.call('DELETE', `/zones/${stage.zoneId}/origin_tls_client_auth/${newer}`);
    expect(await shown()).toEqual([200, older]);
  });

  test('that timed out on its way is not shown', async () => {
    await simulator.settings({ originPulls: { deployTimesOut: true } });
    await demand([first.ca]);
    await simulator.originPulls(stage.zoneId, { enabled: true });
    await upload(first);
    await simulator.advance(60_000);
    expect(await shown()).toEqual([400, undefined]);
  });
});

describe('a hostname’s certificate', () => {
  test('goes before the zone’s, for that hostname', async () => {
    await demand([first.ca, second.ca]);
    await simulator.originPulls(stage.zoneId, { enabled: true });
    const ofZone = await upload(first);
    const ofHost = await upload(second, '/hostnames/certificates');
    await tie(HOST, ofHost, true);
    await simulator.advance(60_000);
    expect([await shown(), await shown(OTHER_HOST)]).toEqual([
      [200, ofHost],
      [200, ofZone],
    ]);
  });

  test('switched off means none, and voided means the zone’s', async () => {
    await demand([first.ca]);
    await simulator.originPulls(stage.zoneId, { enabled: true });
    const ofZone = await upload(first);
    const ofHost = await upload(second, '/hostnames/certificates');
    await tie(HOST, ofHost, false);
    await simulator.advance(60_000);
    expect(await shown()).toEqual([400, undefined]);
    await tie(HOST, ofHost, null);
    expect(await shown()).toEqual([200, ofZone]);
  });
});
