import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { events } from '../../../src/kube/resource.ts';
import { proxied, type ProxiedOperator } from '../../support/proxied.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, lookedAt, replaced, signedPair } from './pairs.ts';

const WAIT = { timeoutMs: 15_000 };
const NOW = { superseded: 'Revoke', gracePeriod: '0s' } as const;
const LATER = { superseded: 'Revoke', gracePeriod: '1h' } as const;

let scene: Scene;
let road: ProxiedOperator;
let operator: RunningOperator;
let clock: JumpClock;

beforeAll(async () => {
  scene = await Scene.start('superseded');
  road = await proxied();
  await scene.createIssuer();
});

/** A clock of its own for each test: more than five minutes ahead nothing is issued or revoked. */
beforeEach(async () => {
  clock = new JumpClock();
  operator = await scene.startOperator({ clock, kubeconfig: road.kubeconfig });
});

afterEach(() => operator.stop());

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await road[Symbol.asyncDispose]();
});

let asked = 0;

/** Asks for a renewal and waits until it is done; resolves to the id of the new certificate. */
async function renew(name: string, spec: Partial<OriginCertificate['spec']>): Promise<string> {
  const before = idIn(await scene.secret(`${name}-tls`));
  await scene.applyCertificate(name, spec, { [ANNOTATION.renewRequestedAt]: String(++asked) });
  return replaced(scene, name, before);
}

async function isRevoked(id: string): Promise<boolean> {
  const all = await scene.simulator.certificates();
  return all.find((each) => each.id === id)?.revokedAt !== undefined;
}

/** The status's word on a certificate that was replaced. */
async function entryOf(name: string, id: string) {
  const certificate = await scene.certificate(name);
  return certificate?.status?.superseded?.find((entry) => entry.id === id);
}

async function untilRevoked(name: string, id: string): Promise<void> {
  await waitFor(
    `certificate ${id} of ${name} revoked, and the status to say so`,
    async () => {
      const entry = await entryOf(name, id);
      return ((await isRevoked(id)) && entry?.revokedAt !== undefined) || new NotYet(entry);
    },
    WAIT,
  );
}

async function untilEvent(reason: string, text: string): Promise<void> {
  await waitFor(
    `an event ${reason} with ${text}`,
    async () => {
      const signal = AbortSignal.timeout(10_000);
      const all = await scene.kube.listAll(events, { namespace: scene.namespace, signal });
      const found = all.filter((event) => event.reason === reason);
      return found.some(({ note }) => note?.includes(text)) || new NotYet(found.map(({ note }) => note));
    },
    WAIT,
  );
}

describe('a certificate that was replaced', () => {
  test('is revoked when its grace is over, and not before', async () => {
    const revocation = { superseded: 'Revoke', gracePeriod: '2m' } as const;
    const id = await issued(scene, 'grace', { revocation });
    await renew('grace', { revocation });
    expect(await entryOf('grace', id)).toMatchObject({ revoke: 'Superseded' });
    clock.jump(60_000);
    await lookedAt(scene, 'grace');
    expect(await isRevoked(id)).toBe(false);
    clock.jump(60_000);
    await untilRevoked('grace', id);
    await untilEvent('Revoked', id);
    expect(await scene.issued()).toContainEqual(
      expect.objectContaining({ id: idIn(await scene.secret('grace-tls')) }),
    );
  });

  test('stands in the status before the Secret is changed, which costs one write', async () => {
    await issued(scene, 'order', { revocation: LATER });
    road.proxy.forget();
    await renew('order', { revocation: LATER });
    const writes = road.proxy.requests
      .filter(({ method, path }) => method !== 'GET' && path.includes('order'))
      .map(({ path }) => path.split('?')[0]?.split(`/${scene.namespace}/`)[1]);
    const own = writes.filter((path) => path !== 'origincertificates/order');
    expect(own.slice(0, 3)).toEqual([
      'origincertificates/order/status',
      'secrets/order-tls',
      'origincertificates/order/status',
    ]);
  });

  test('stays valid by default, and also when its revocation is asked for afterwards', async () => {
    const id = await issued(scene, 'later');
    await renew('later', {});
    await scene.applyCertificate('later', { revocation: NOW });
    await lookedAt(scene, 'later');
    expect(await isRevoked(id)).toBe(false);
    expect(await entryOf('later', id)).not.toHaveProperty('revoke');
  });

  test('stays valid when that is asked for within its grace', async () => {
    const id = await issued(scene, 'spared', { revocation: LATER });
    await renew('spared', { revocation: LATER });
    await scene.applyCertificate('spared', {});
    await lookedAt(scene, 'spared');
    await scene.applyCertificate('spared', { revocation: NOW });
    await lookedAt(scene, 'spared');
    expect(await isRevoked(id)).toBe(false);
  });

  test('stays valid if it was not issued for this object', async () => {
    const { id, data } = await signedPair(scene, { hostnames: ['example.com'] });
    await scene.createSecret({ metadata: { name: 'adopted-tls' }, type: 'kubernetes.io/tls', data });
    const spec = { existingSecret: 'Adopt', revocation: NOW } as const;
    await scene.applyCertificate('adopted', spec);
    await scene.settled('adopted');
    await renew('adopted', spec);
    await lookedAt(scene, 'adopted');
    expect(await isRevoked(id)).toBe(false);
  });

  test('stays valid while another Secret of the namespace holds it, and a warning says so', async () => {
    const id = await issued(scene, 'copied', { revocation: NOW });
    const { data } = (await scene.secret('copied-tls')) ?? {};
    const copy = { metadata: { name: 'copy' }, type: 'kubernetes.io/tls', ...(data && { data }) };
    await scene.createSecret(copy);
    await renew('copied', { revocation: NOW });
    await untilEvent('NotRevoked', `Secret ${scene.namespace}/copy holds it`);
    expect(await isRevoked(id)).toBe(false);
    await scene.deleteSecret('copy');
  });

  test('stays valid while the object is suspended, and is revoked afterwards', async () => {
    const revocation = { superseded: 'Revoke', gracePeriod: '30s' } as const;
    const id = await issued(scene, 'held', { revocation });
    await renew('held', { revocation });
    await scene.applyCertificate('held', { revocation, suspend: true });
    await scene.condition('held', 'Issuing', 'Suspended', 'False');
    clock.jump(60_000);
    await scene.patchSecret('held-tls', { metadata: { annotations: { touched: 'now' } } });
    await scene.condition('held', 'Issuing', 'Suspended', 'False');
    expect(await isRevoked(id)).toBe(false);
    await scene.applyCertificate('held', { revocation });
    await untilRevoked('held', id);
  });

  test.each([
    ['that somebody else revoked', (id: string) => scene.simulator.revoke(id)],
    ['that Cloudflare does not know any more', (id: string) => scene.simulator.remove('certificate', id)],
  ])('%s is done with', async (_, meddle) => {
    const name = `gone-${++asked}`;
    const revocation = { superseded: 'Revoke', gracePeriod: '2m' } as const;
    const id = await issued(scene, name, { revocation });
    await renew(name, { revocation });
    await meddle(id);
    clock.jump(120_000);
    await waitFor(
      'the status to say that nothing is left to revoke',
      async () => {
        const entry = await entryOf(name, id);
        return entry?.revokedAt !== undefined || new NotYet(entry);
      },
      WAIT,
    );
  });

  test('is tried again when Cloudflare fails, which is said and delays no renewal', async () => {
    const id = await issued(scene, 'failing', { revocation: NOW });
    await scene.simulator.inject({ operation: 'revokeCertificate', status: 503, html: true });
    await renew('failing', { revocation: NOW });
    const told = await scene.condition('failing', 'Issuing', 'CloudflareUnavailable', 'False');
    expect(told.status?.conditions).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining(`Replaced certificate ${id}`) as unknown }),
    );
    const second = await renewWithout('failing');
    await scene.simulator.clearFaults();
    clock.jump(60_000);
    await untilRevoked('failing', id);
    await untilRevoked('failing', second);
  });

  test('is revoked by the next process if this one ends before', async () => {
    const revocation = { superseded: 'Revoke', gracePeriod: '2m' } as const;
    const id = await issued(scene, 'restart', { revocation });
    await renew('restart', { revocation });
    await operator.stop();
    operator = await scene.startOperator({ clock, kubeconfig: road.kubeconfig });
    await lookedAt(scene, 'restart');
    expect(await isRevoked(id)).toBe(false);
    clock.jump(121_000);
    await untilRevoked('restart', id);
  });
});

/** A renewal while revocations fail: it does not wait for them. Resolves to the id that it replaced. */
async function renewWithout(name: string): Promise<string> {
  const before = idIn(await scene.secret(`${name}-tls`));
  await scene.applyCertificate(name, { revocation: NOW }, { [ANNOTATION.renewRequestedAt]: String(++asked) });
  await waitFor('the renewal', async () => idIn(await scene.secret(`${name}-tls`)) !== before, WAIT);
  return before;
}
