import { createSecureContext } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { SceneZones } from '../../support/scene-zone.ts';
import { Scene } from '../../support/scene.ts';
import { sign } from '../../support/tls-origin-certificates.ts';
import { type Origin, tlsOrigin } from '../../support/tls-origin.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { byHand, found } from './found-pairs.ts';
import { idIn, issued, lookedAt, reasons, replaced, text } from './pairs.ts';

const WAIT = { timeoutMs: 20_000 };

let scene: Scene;
let zones: SceneZones;
let clock: JumpClock;
let operator: RunningOperator;
let ingress: Origin;
/** What the origin serves, by name; its own certificate for others. */
const loaded = new Map<string, { readonly key: string; readonly cert: string }>();

beforeAll(async () => {
  scene = await Scene.start('rekey');
  zones = new SceneZones(scene);
  const zoneId = scene.zones.get('example.com') ?? '';
  await scene.simulator.seedRecords(zoneId, { count: 9, prefix: 'h', content: '203.0.113.7', proxied: true });
  const fake = await sign({ name: [{ CN: ['fake'] }], names: ['ingress.local'] });
  const pair = { key: fake.keyPem, cert: fake.pem };
  const SNICallback = (
    name: string,
    done: (error: null, context: ReturnType<typeof createSecureContext>) => void,
  ) => done(null, createSecureContext(loaded.get(name) ?? pair));
  ingress = await tlsOrigin({ pair: fake, tls: { SNICallback } });
  await scene.createIssuer();
});

afterAll(async () => {
  await zones.deleteAll();
  await scene[Symbol.asyncDispose]();
  await ingress[Symbol.asyncDispose]();
});

/** A clock of its own for each test: more than five minutes ahead nothing is issued or revoked. */
beforeEach(async () => {
  clock = new JumpClock();
  operator = await zones.startOperator({ clock });
});

afterEach(() => operator.stop());

let asked = 0;

/** Says that the key leaked; resolves to the id of the new certificate. */
async function rekey(name: string, spec: Partial<OriginCertificate['spec']> = {}): Promise<string> {
  const before = idIn(await scene.secret(`${name}-tls`));
  await scene.applyCertificate(name, spec, { [ANNOTATION.rekeyRequestedAt]: String(++asked) });
  return replaced(scene, name, before);
}

async function isRevoked(id: string): Promise<boolean> {
  const all = await scene.simulator.certificates();
  return all.find((each) => each.id === id)?.revokedAt !== undefined;
}

async function untilRevoked(name: string, id: string): Promise<void> {
  await waitFor(
    `certificate ${id} of ${name} revoked, and the status to say so`,
    async () => {
      const certificate = await scene.certificate(name);
      const entry = certificate?.status?.superseded?.find((each) => each.id === id);
      return ((await isRevoked(id)) && entry?.revokedAt !== undefined) || new NotYet(certificate?.status);
    },
    WAIT,
  );
}

describe('a rekey', () => {
  test('renews once and revokes the old certificate a minute later, whatever the spec retains', async () => {
    const id = await issued(scene, 'leaked');
    const next = await rekey('leaked');
    expect(reasons(operator, scene, 'leaked')).toEqual(['DoesNotExist', 'RekeyRequested']);
    await lookedAt(scene, 'leaked');
    expect(await isRevoked(id)).toBe(false);
    clock.jump(61_000);
    await untilRevoked('leaked', id);
    await lookedAt(scene, 'leaked');
    expect(idIn(await scene.secret('leaked-tls'))).toBe(next);
    expect(await isRevoked(next)).toBe(false);
    const handled = (await scene.secret('leaked-tls'))?.metadata.annotations?.[
      ANNOTATION.handledRekeyRequest
    ];
    expect(handled).toBe(`${next}:${asked}`);
  });

  test('is over once it is done: a new process issues and revokes nothing more', async () => {
    const id = await issued(scene, 'over');
    const next = await rekey('over');
    clock.jump(61_000);
    await untilRevoked('over', id);
    await operator.stop();
    operator = await zones.startOperator({ clock });
    const posts = await scene.posts();
    await lookedAt(scene, 'over');
    expect(await scene.posts()).toBe(posts);
    expect(await isRevoked(next)).toBe(false);
  });

  test('reaches a certificate that a released Secret still holds', async () => {
    const id = await issued(scene, 'moved');
    await scene.applyCertificate('moved', { secretName: 'other-tls' });
    await waitFor(
      'the former Secret released',
      async () => (await scene.secret('moved-tls'))?.metadata.labels?.['originca.dev/managed'] === 'released',
      WAIT,
    );
    await scene.settled('moved');
    const change = { secretName: 'other-tls' };
    await scene.applyCertificate('moved', change, { [ANNOTATION.rekeyRequestedAt]: String(++asked) });
    await waitFor('another pair', async () => idIn(await scene.secret('other-tls')) !== id, WAIT);
    await scene.settled('moved');
    clock.jump(61_000);
    await untilRevoked('moved', id);
  });

  test('says what it cannot revoke: a pair that was taken over', async () => {
    const theirs = await found(scene, byHand('taken-tls', 'taken.example.com'));
    const spec = { existingSecret: 'Adopt', hostnames: ['taken.example.com'] } as const;
    await scene.applyCertificate('taken', { ...spec, hostnames: [...spec.hostnames] });
    await scene.settled('taken');
    await rekey('taken', { ...spec, hostnames: [...spec.hostnames] });
    const id = idIn(theirs);
    expect(operator.logs.some((line) => line.includes('NotRevoked') && line.includes(id))).toBe(true);
    clock.jump(61_000);
    await lookedAt(scene, 'taken');
    expect(await isRevoked(id)).toBe(false);
  });
});

describe('where a probe looks at the origins', () => {
  const load = async (name: string): Promise<void> => {
    const secret = await scene.secret(`${name}-tls`);
    loaded.set(`${name}.example.com`, { key: text(secret, 'tls.key'), cert: text(secret, 'tls.crt') });
  };
  const served = async (name: string, revocation: OriginCertificate['spec']['revocation'] = {}) => {
    const spec = { hostnames: [`${name}.example.com`], revocation };
    const id = await issued(scene, name, spec);
    await load(name);
    await zones.apply({ probes: [{ hostnames: ['*'], addresses: [ingress.address] }] });
    await scene.condition(name, 'Served', 'Served', 'True');
    return { id, spec };
  };

  test('a leaked certificate goes as soon as the new one is seen served, and not before', async () => {
    const { id, spec } = await served('h0');
    await rekey('h0', spec);
    clock.jump(61_000);
    await scene.condition('h0', 'Served', 'ServesOldCertificate', 'False');
    expect(await isRevoked(id)).toBe(false);
    await load('h0');
    clock.jump(10_000);
    await untilRevoked('h0', id);
  });

  test('a replaced certificate stays valid beyond its grace while an origin serves it', async () => {
    const { id, spec } = await served('h1', { superseded: 'Revoke', gracePeriod: '10s' });
    await scene.applyCertificate('h1', spec, { [ANNOTATION.renewRequestedAt]: String(++asked) });
    await replaced(scene, 'h1', id);
    clock.jump(61_000);
    await scene.condition('h1', 'Served', 'ServesOldCertificate', 'False');
    await lookedAt(scene, 'h1');
    expect(await isRevoked(id)).toBe(false);
    await load('h1');
    clock.jump(31_000);
    await untilRevoked('h1', id);
  });
});
