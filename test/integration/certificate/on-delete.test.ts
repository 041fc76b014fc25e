import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATION, FINALIZER } from '../../../src/api/names.ts';
import { namespaces, secrets } from '../../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import { AdminClient } from '../../programs/admin-client.ts';
import { cluster } from '../../support/cluster.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { proxied, type ProxiedOperator } from '../../support/proxied.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, issued, postUnderWay, replaced } from './pairs.ts';

const WAIT = { timeoutMs: 20_000 };
const ON_DELETE = {
  secretDeletionPolicy: 'Delete',
  revocation: { onDelete: 'Revoke' },
} as const;

let scene: Scene;
let road: ProxiedOperator;
let admin: AdminClient;
let operator: RunningOperator;
let clock: JumpClock;

beforeAll(async () => {
  scene = await Scene.start('on-delete');
  road = await proxied();
  admin = await AdminClient.connect(cluster());
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await Promise.all([road[Symbol.asyncDispose](), admin.close()]);
});

beforeEach(async () => {
  await scene.createIssuer();
  clock = new JumpClock();
  operator = await scene.startOperator({ clock, kubeconfig: road.kubeconfig });
});

afterEach(async () => {
  road.proxy.clear();
  await scene.simulator.clearFaults();
  await operator.stop();
});

/** The object, its Secret and what an issuance leaves are gone. */
async function gone(name: string, of = scene): Promise<void> {
  await waitFor(
    `${name} gone`,
    async () => {
      const certificate = await of.certificate(name);
      const secret = await of.secret(`${name}-tls`);
      const left = {
        certificate: certificate?.metadata,
        status: certificate?.status,
        secret: secret?.metadata,
      };
      return (certificate === undefined && secret === undefined) || new NotYet(left);
    },
    WAIT,
  );
}

async function isRevoked(id: string): Promise<boolean> {
  const all = await scene.simulator.certificates();
  return all.find((each) => each.id === id)?.revokedAt !== undefined;
}

async function abandoned(): Promise<number> {
  const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  const line = (await body.text()).split('\n').find((each) => each.includes('outcome="abandoned"'));
  return Number(line?.split(' ').at(-1));
}

/** What the operator changed of an object with this name and its Secrets, in order. */
function writes(name: string): string[] {
  return road.proxy.requests
    .filter(
      ({ method, path }) => method !== 'GET' && (path.includes(name) || path.includes('originca-pending')),
    )
    .map(({ method, path }) => `${method} ${path.split('?')[0]?.split(`/${scene.namespace}/`)[1] ?? ''}`)
    .map((write) => write.replace(/originca-pending-.*/, 'PENDING'));
}

describe('with onDelete Revoke', () => {
  test('the finalizer is there before anything is issued, and costs one write', async () => {
    road.proxy.forget();
    await issued(scene, 'first', { ...ON_DELETE, hostnames: ['first.example.com'] });
    expect(writes('first')[0]).toBe('PATCH origincertificates/first');
    expect((await scene.certificate('first'))?.metadata.finalizers).toEqual([FINALIZER]);
  });

  test('the Secret goes first, then its certificate is revoked, then the object goes; nothing is created', async () => {
    const id = await issued(scene, 'goes', { ...ON_DELETE, hostnames: ['goes.example.com'] });
    road.proxy.forget();
    await scene.deleteCertificate('goes');
    await gone('goes');
    expect(await isRevoked(id)).toBe(true);
    expect(writes('goes')).toEqual([
      'PATCH origincertificates/goes/status',
      'DELETE secrets/goes-tls',
      'PATCH origincertificates/goes',
    ]);
    expect(road.proxy.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('a POST that is under way is settled first', async () => {
    const hostnames = ['midway.example.com'];
    await postUnderWay(scene, 'midway.example.com', () =>
      scene.applyCertificate('midway', { ...ON_DELETE, hostnames }),
    );
    await scene.deleteCertificate('midway');
    await waitFor(
      'the certificate stored',
      async () => (await scene.simulator.certificates({ hostname: 'midway.example.com' })).length > 0,
      WAIT,
    );
    clock.jump(5000);
    await gone('midway');
    await certificatesAt(scene, 'midway.example.com', { live: 0, revoked: 1 });
    expect(await scene.pendings()).toEqual([]);
  });

  test('hold-until and suspend do not hold it', async () => {
    const spec = { ...ON_DELETE, hostnames: ['held.example.com'] };
    const id = await issued(scene, 'held', spec);
    const annotations = { [ANNOTATION.holdUntil]: '2099-01-01T00:00:00Z' };
    await scene.applyCertificate('held', { ...spec, suspend: true }, annotations);
    await scene.deleteCertificate('held');
    await gone('held');
    expect(await isRevoked(id)).toBe(true);
  });

  test('a Secret that is kept by --cascade=orphan keeps a valid certificate', async () => {
    const id = await issued(scene, 'orphan', { ...ON_DELETE, hostnames: ['orphan.example.com'] });
    const path = `/apis/originca.dev/v1alpha1/namespaces/${scene.namespace}/origincertificates/orphan`;
    await admin.call({ method: 'DELETE', path, body: { propagationPolicy: 'Orphan' } });
    await waitFor('the object gone', async () => (await scene.certificate('orphan')) === undefined, WAIT);
    expect(idIn(await scene.secret('orphan-tls'))).toBe(id);
    expect(await isRevoked(id)).toBe(false);
  });

  test('a certificate whose Secret was deleted before is revoked by what the status says', async () => {
    const id = await issued(scene, 'known', { ...ON_DELETE, hostnames: ['known.example.com'] });
    await operator.stop();
    await scene.deleteSecret('known-tls');
    await scene.deleteCertificate('known');
    operator = await scene.startOperator({ clock, kubeconfig: road.kubeconfig });
    await gone('known');
    expect(await isRevoked(id)).toBe(true);
  });

  test('turned back to Retain the finalizer goes', async () => {
    const hostnames = ['back.example.com'];
    const id = await issued(scene, 'back', { ...ON_DELETE, hostnames });
    await scene.applyCertificate('back', { secretDeletionPolicy: 'Delete', hostnames });
    await waitFor(
      'no finalizer',
      async () => (await scene.certificate('back'))?.metadata.finalizers === undefined,
      WAIT,
    );
    await scene.deleteCertificate('back');
    await gone('back');
    expect(await isRevoked(id)).toBe(false);
  });

  test('a finalizer of somebody else stays', async () => {
    await issued(scene, 'theirs', { ...ON_DELETE, hostnames: ['theirs.example.com'] });
    const ref = { name: 'theirs', namespace: scene.namespace };
    const options = { signal: AbortSignal.timeout(10_000), fieldManager: 'test' };
    const finalizers = [FINALIZER, 'example.com/theirs'];
    await scene.kube.mergePatch(originCertificates, ref, { metadata: { finalizers } }, options);
    await scene.deleteCertificate('theirs');
    await waitFor(
      'only the finalizer of somebody else',
      async () => {
        const left = (await scene.certificate('theirs'))?.metadata.finalizers;
        return left?.join() === 'example.com/theirs' || new NotYet(left);
      },
      WAIT,
    );
    await scene.kube.mergePatch(originCertificates, ref, { metadata: { finalizers: [] } }, options);
  });
});

describe('with superseded Revoke', () => {
  test('what still has its grace stays valid when the object goes, and the log names it; the Secret stays', async () => {
    const spec = { hostnames: ['old.example.com'], revocation: { superseded: 'Revoke' } } as const;
    const change = { ...spec, hostnames: [...spec.hostnames] };
    const id = await issued(scene, 'old', change);
    expect((await scene.certificate('old'))?.metadata.finalizers).toBeUndefined();
    await scene.applyCertificate('old', change, { [ANNOTATION.renewRequestedAt]: 'now' });
    const next = await replaced(scene, 'old', id);
    expect((await scene.certificate('old'))?.metadata.finalizers).toEqual([FINALIZER]);
    await scene.deleteCertificate('old');
    await waitFor('the object gone', async () => (await scene.certificate('old')) === undefined, WAIT);
    expect(await isRevoked(id)).toBe(false);
    expect(await isRevoked(next)).toBe(false);
    expect(operator.logs.some((line) => line.includes('their grace is not over') && line.includes(id))).toBe(
      true,
    );
    expect(idIn(await scene.secret('old-tls'))).toBe(next);
  });
});

describe('the finalizer lets go', () => {
  test('after five minutes while Cloudflare cannot be reached, with a metric and a line in the log', async () => {
    const id = await issued(scene, 'far', { ...ON_DELETE, hostnames: ['far.example.com'] });
    await scene.simulator.inject({ operation: 'revokeCertificate', status: 503, html: true });
    await scene.deleteCertificate('far');
    await waitFor(
      'a revocation that failed',
      () => operator.logs.some((line) => line.includes('attempt failed')) || new NotYet('none'),
      WAIT,
    );
    expect(await scene.secret('far-tls')).toBeUndefined();
    expect((await scene.certificate('far'))?.metadata.finalizers).toEqual([FINALIZER]);
    clock.jump(5 * 60_000);
    await gone('far');
    expect(await isRevoked(id)).toBe(false);
    expect(await abandoned()).toBe(1);
    expect(
      operator.logs.some(
        (line) => line.includes('revoke them in the Cloudflare dashboard') && line.includes(id),
      ),
    ).toBe(true);
  });

  test('at once when the issuer is gone', async () => {
    await issued(scene, 'issuerless', { ...ON_DELETE, hostnames: ['issuerless.example.com'] });
    const ref = { name: 'cloudflare', namespace: scene.namespace };
    const options = { signal: AbortSignal.timeout(10_000) };
    await scene.kube.delete(originIssuers, ref, options);
    await scene.deleteCertificate('issuerless');
    await gone('issuerless');
    expect(await abandoned()).toBe(1);
  });

  test('at once when the token is gone', async () => {
    await issued(scene, 'tokenless', { ...ON_DELETE, hostnames: ['tokenless.example.com'] });
    await scene.deleteSecret('cloudflare');
    clock.jump(60_000); // So long it may take until a change of a working token is noticed.
    await waitFor(
      'the issuer to miss its token',
      async () => {
        const ref = { name: 'cloudflare', namespace: scene.namespace };
        const signal = AbortSignal.timeout(10_000);
        const issuer = await scene.kube.get(originIssuers, ref, { signal });
        const ready = issuer?.status?.conditions?.find(({ type }) => type === 'Ready');
        return ready?.status === 'False' || new NotYet(ready);
      },
      WAIT,
    );
    await scene.deleteCertificate('tokenless');
    await gone('tokenless');
    expect(await abandoned()).toBe(1);
  });
});

describe('a process that ends midway', () => {
  const steps = [
    ['before the status says what is to be revoked', 'before', 'PATCH', /origincertificates\/[^/]+\/status/],
    ['after the status says what is to be revoked', 'after', 'PATCH', /origincertificates\/[^/]+\/status/],
    ['before the Secret is deleted', 'before', 'DELETE', /secrets\/step-/],
    ['after the Secret is deleted', 'after', 'DELETE', /secrets\/step-/],
    ['before the finalizer is taken off', 'before', 'PATCH', /origincertificates\/step-[^/]*\?/],
    ['after the finalizer is taken off', 'after', 'PATCH', /origincertificates\/step-[^/]*\?/],
  ] as const;

  test.each(steps)('%s is followed by one that finishes', async (title, when, method, path) => {
    const name = `step-${steps.findIndex((step) => step[0] === title)}`;
    const id = await issued(scene, name, { ...ON_DELETE, hostnames: [`${name}.example.com`] });
    road.proxy.inject({ fault: { type: 'hang', when }, match: { method, path } });
    road.proxy.forget();
    await scene.deleteCertificate(name);
    await waitFor(
      'the step reached',
      () => road.proxy.requests.some((seen) => seen.method === method && path.test(seen.path)),
      WAIT,
    );
    const ended = operator.stop();
    road.proxy.clear();
    road.proxy.resetAll();
    await ended;
    operator = await scene.startOperator({ clock, kubeconfig: road.kubeconfig });
    await gone(name);
    expect(await isRevoked(id)).toBe(true);
  });
});

describe('a namespace that is deleted', () => {
  test('while a POST runs goes', { timeout: 90_000 }, async () => {
    await using own = await Scene.start('whole');
    await own.createIssuer();
    const theirs = await own.startOperator();
    await issued(own, 'kept', { ...ON_DELETE, hostnames: ['kept.example.com'] });
    await postUnderWay(
      own,
      'running.example.com',
      () => own.applyCertificate('running', { ...ON_DELETE, hostnames: ['running.example.com'] }),
      3000,
    );
    const signal = AbortSignal.timeout(60_000);
    await own.kube.delete(namespaces, { name: own.namespace }, { signal });
    await waitFor(
      'the namespace gone',
      async () => {
        const left = await own.kube.get(namespaces, { name: own.namespace }, { signal });
        const certificates = await own.kube.listAll(originCertificates, { namespace: own.namespace, signal });
        const kept = await own.kube.listAll(secrets, { namespace: own.namespace, signal });
        return (
          left === undefined ||
          new NotYet({ left, certificates, secrets: kept.map(({ metadata }) => metadata.name) })
        );
      },
      { timeoutMs: 60_000 },
    );
    expect(theirs.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
