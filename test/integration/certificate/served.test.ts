import { createSecureContext } from 'node:tls';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { type RunningOperator, Scene } from '../../support/scene.ts';
import { SceneZones } from '../../support/scene-zone.ts';
import { sign, type Signed } from '../../support/tls-origin-certificates.ts';
import { type Origin, tlsOrigin } from '../../support/tls-origin.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { replaced, text } from './pairs.ts';

const DOWN = 'down.example.com';
const SETTLED_MS = 6000;

/** What an Ingress controller has loaded, by name; for the others it has its fake certificate. */
const loaded = new Map<string, { readonly key: string; readonly cert: string }>();
let scene: Scene;
let zones: SceneZones;
let clock: JumpClock;
let operator: RunningOperator;
let ingress: Origin;
let closed: Origin;
let fake: Signed;

beforeAll(async () => {
  scene = await Scene.start('served');
  zones = new SceneZones(scene);
  const zoneId = scene.zones.get('example.com') ?? '';
  await scene.simulator.seedRecords(zoneId, { count: 9, prefix: 'h', content: '203.0.113.7', proxied: true });
  await scene.simulator.seedRecord(zoneId, { name: DOWN, content: '203.0.113.7', proxied: true });
  const name = [{ O: ['Acme Co'] }, { CN: ['Kubernetes Ingress Controller Fake Certificate'] }];
  fake = await sign({ name, names: ['ingress.local'] });
  ingress = await tlsOrigin({ pair: fake, tls: { SNICallback: serve } });
  closed = await tlsOrigin({ pair: fake });
  await closed[Symbol.asyncDispose]();
  clock = new JumpClock();
  await scene.createIssuer();
  operator = await zones.startOperator({ clock });
});
afterAll(async () => {
  await zones.deleteAll();
  await scene[Symbol.asyncDispose]();
  await ingress[Symbol.asyncDispose]();
});

function serve(
  name: string,
  done: (error: Error | null, context?: ReturnType<typeof createSecureContext>) => void,
) {
  done(null, createSecureContext(loaded.get(name) ?? { key: fake.keyPem, cert: fake.pem }));
}

/** The controller takes the Secret of the certificate for its name. */
async function load(name: string): Promise<void> {
  const secret = await scene.secret(`${name}-tls`);
  if (secret === undefined) throw new Error(`Secret ${name}-tls does not exist`);
  loaded.set(`${name}.example.com`, { key: text(secret, 'tls.key'), cert: text(secret, 'tls.crt') });
}

/** A certificate `name` for `name.example.com`. */
async function issued(name: string): Promise<OriginCertificate> {
  await scene.applyCertificate(name, { hostnames: [`${name}.example.com`] });
  return scene.settled(name);
}

async function watched(): Promise<void> {
  await zones.apply({
    probes: [
      { hostnames: [DOWN], addresses: [closed.address] },
      { hostnames: ['*'], addresses: [ingress.address] },
    ],
  });
}

function served(certificate: OriginCertificate | undefined) {
  return certificate?.status?.conditions?.find(({ type }) => type === 'Served');
}

function isTrueOf(certificate: OriginCertificate, type: string): boolean {
  return (
    certificate.status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false
  );
}

describe('whether origins serve a certificate', () => {
  test('is not said without an OriginZone, and follows every renewal with one', async () => {
    const first = await issued('h0');
    expect(served(first)).toBeUndefined();
    await load('h0');
    await watched();
    await scene.condition('h0', 'Served', 'Served', 'True');

    await scene.applyCertificate(
      'h0',
      { hostnames: ['h0.example.com'] },
      { 'originca.dev/renew-requested-at': 'now' },
    );
    const formerId = first.status?.certificate?.id ?? '';
    await replaced(scene, 'h0', formerId);
    await scene.condition('h0', 'Served', 'Probing', 'Unknown');
    clock.jump(SETTLED_MS);
    const lagging = await scene.condition('h0', 'Served', 'ServesOldCertificate', 'False');
    const { message = '' } = served(lagging) ?? {};
    expect(message).toContain(`Renewed, but ${ingress.address}`);
    expect(message).toContain(`still serves certificate ${formerId} for h0.example.com`);
    expect(message).toContain(`Secret ${scene.namespace}/h0-tls`);
    expect(isTrueOf(lagging, 'Ready')).toBe(true);
    expect(isTrueOf(lagging, 'Stalled')).toBe(false);
    await metric('h0', 'False', '1');

    await load('h0');
    clock.jump(SETTLED_MS);
    await scene.condition('h0', 'Served', 'Served', 'True');
    await metric('h0', 'False', '0');
  });

  test('is said of the fake certificate of an Ingress controller, with what to do', async () => {
    await issued('h1');
    await watched();
    clock.jump(SETTLED_MS);
    const { message = '' } = served(await scene.condition('h1', 'Served', 'ServesAnother', 'False')) ?? {};
    expect(message).toContain('for h1.example.com');
    expect(message).toContain('Kubernetes Ingress Controller Fake Certificate');
  });

  test('is not denied where they serve that of another object', async () => {
    await issued('h3');
    await load('h3');
    await scene.applyCertificate('twin', { hostnames: ['h3.example.com'] });
    await scene.settled('twin');
    await watched();
    clock.jump(SETTLED_MS);
    await scene.condition('h3', 'Served', 'Served', 'True');
    const { message = '' } =
      served(await scene.condition('twin', 'Served', 'ServesAnother', 'Unknown')) ?? {};
    expect(message).toContain('a good one');
    await metric('twin', 'False', '0');
  });

  test('is said where nobody listens', async () => {
    await issued('down');
    await watched();
    clock.jump(SETTLED_MS);
    const { message = '' } = served(await scene.condition('down', 'Served', 'NotServed', 'False')) ?? {};
    expect(message).toContain('521');
  });

  test('stays said over a restart, without a write', async () => {
    await issued('h2');
    await load('h2');
    await watched();
    clock.jump(SETTLED_MS);
    const before = await scene.condition('h2', 'Served', 'Served', 'True');
    await operator.stop();
    const asked = (): number => ingress.asked.filter((name) => name === 'h2.example.com').length;
    const looks = asked();
    operator = await zones.startOperator({ clock });
    await waitFor('another look', () => asked() > looks || new NotYet(ingress.asked), { timeoutMs: 15_000 });
    await zones.condition('OriginsVerified', 'OriginsFailing');
    expect((await scene.certificate('h2'))?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  test('is not said any more once its OriginZone is gone', async () => {
    await issued('h3');
    await load('h3');
    await watched();
    clock.jump(SETTLED_MS);
    await scene.condition('h3', 'Served', 'Served', 'True');
    await zones.deleteAll();
    await waitFor(
      'no word of it',
      async () => served(await scene.certificate('h3')) === undefined || new NotYet('still said'),
      { timeoutMs: 15_000 },
    );
  });
});

/** Resolves when the metric has this value: it is read from the caches, which follow a moment later. */
async function metric(name: string, condition: string, value: string): Promise<void> {
  const labels = `namespace="${scene.namespace}",name="${name}",condition="${condition}"`;
  const line = `originca_certificate_served_status{${labels}} ${value}`;
  await waitFor(
    line,
    async () => {
      const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
      const lines = (await body.text()).split('\n');
      return lines.includes(line) || new NotYet(lines.filter((each) => each.includes('served_status{')));
    },
    { timeoutMs: 15_000 },
  );
}
