import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import { namespaces, type Resource, secrets } from '../../../src/kube/resource.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { certificatesAt, idIn, issued, postUnderWay, text } from '../certificate/pairs.ts';
import { forbid } from '../certificate/policies.ts';

interface Refusal {
  readonly name: string;
  readonly reason: 'SecretWriteRefused' | 'SecretImmutable';
  /** Puts it in force; resolves to what lifts it. */
  readonly begin: (name: string) => Promise<() => Promise<unknown>>;
  /** It can only befall a Secret that is there: the POST is a renewal's. */
  readonly isRenewal?: true;
}

interface Quota extends KubeObject {
  readonly spec: object;
}

const QUOTAS: Resource<Quota> = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};

const REFUSALS: readonly Refusal[] = [
  { name: 'quota', reason: 'SecretWriteRefused', begin: exhaustQuota },
  {
    name: 'policy',
    reason: 'SecretWriteRefused',
    begin: async (name) => (await forbid(scene, `object.metadata.name != '${name}-tls'`)).lift,
  },
  {
    name: 'policy-at-renewal',
    reason: 'SecretWriteRefused',
    begin: async (name) => (await forbid(scene, `object.metadata.name != '${name}-tls'`)).lift,
    isRenewal: true,
  },
  { name: 'immutable', reason: 'SecretImmutable', begin: makeImmutable, isRenewal: true },
];

/** The longest time between two tries to write. */
const RETRY_MS = 301_000;
const options = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'some-tool' });
const clock = new JumpClock();
let scene: Scene;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('faults-writes', { flags: ['--cloudflare-post-timeout=60s'] });
  await scene.createIssuer();
  operator = await scene.startOperator({ clock, slowCheck: false });
});

afterAll(() => scene[Symbol.asyncDispose]());

describe('a Secret that may not be written once the certificate is there', () => {
  test.each(REFUSALS)(
    '$name: $reason; it is kept, never asked for again, and written when it may be',
    async (each) => {
      const { name, reason, begin, isRenewal } = each;
      const hostname = `${name}.example.com`;
      const spec = { hostnames: [hostname] };
      const before = isRenewal && (await issued(scene, name, spec));
      const posts = await scene.posts();
      const renew: Record<string, string> = isRenewal ? { [ANNOTATION.renewRequestedAt]: 'now' } : {};
      // Advanced by hand: it lasts until the refusal is in force.
      await postUnderWay(scene, hostname, () => scene.applyCertificate(name, spec, renew), 50_000);
      const lift = await begin(name);
      await pass(50_000);
      await scene.condition(name, 'Issuing', reason, 'False');
      await certificatesAt(scene, hostname, { live: isRenewal ? 2 : 1, revoked: 0 });
      for (let retries = 0; retries < 3; retries++) {
        const refused = refusals(name);
        await pass(RETRY_MS);
        if (reason === 'SecretWriteRefused')
          await waitFor('another try', () => refusals(name) > refused, { timeoutMs: 10_000 });
        await scene.condition(name, 'Issuing', reason, 'False');
      }
      const kept = (await scene.pendings()).map((pending) => text(pending, 'tls.crt'));
      expect(kept).toEqual([
        expect.stringMatching(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n$/),
      ]);
      const secret = await scene.secret(`${name}-tls`);
      expect(secret && idIn(secret)).toBe(before);

      await lift();
      await pass(RETRY_MS);
      await waitFor(
        'the kept certificate written',
        async () => {
          const written = await scene.secret(`${name}-tls`);
          return (written && text(written, 'tls.crt') === kept[0]) || new NotYet(written?.metadata);
        },
        { timeoutMs: 40_000 },
      );
      await scene.settled(name);
      expect(await scene.posts()).toBe(posts + 1);
      expect(await searches()).toEqual([]);
      await certificatesAt(scene, hostname, { live: isRenewal ? 2 : 1, revoked: 0 });
    },
  );

  test('a namespace that is being deleted: nothing is asked for again', async () => {
    const posts = await scene.posts();
    await postUnderWay(scene, 'gone.example.com', () =>
      scene.applyCertificate('gone', { hostnames: ['gone.example.com'] }),
    );
    const name = scene.namespace;
    await scene.kube.delete(namespaces, { name }, options());
    await waitFor(
      'the namespace gone',
      async () => {
        const there = await scene.kube.get(namespaces, { name }, options());
        return there === undefined || new NotYet(there);
      },
      { timeoutMs: 40_000 },
    );
    await pass(RETRY_MS);
    const held = await scene.simulator.certificates({ hostname: 'gone.example.com' });
    expect(held.length).toBeLessThanOrEqual(1);
    expect(await scene.posts()).toBe(posts + 1);
  });
});

/** Puts operator and Cloudflare ahead by the same time. */
async function pass(ms: number): Promise<void> {
  await scene.simulator.advance(ms);
  clock.jump(ms);
}

/** How often the API server has refused to store the Secret. */
const refusals = (name: string): number =>
  operator.logs.filter((line) => line.includes('"attempt failed"') && line.includes(`/${name}"`)).length;

/** Listings that look for a certificate: the issuer's check asks for fewer at once. */
async function searches(): Promise<readonly string[]> {
  const listings = await scene.simulator.requests({ operation: 'listCertificates' });
  return listings.map(({ path }) => path).filter((path) => !path.endsWith('per_page=5'));
}

async function exhaustQuota(): Promise<() => Promise<unknown>> {
  const metadata = { name: 'none', namespace: scene.namespace };
  await scene.apply(QUOTAS, { metadata, spec: { hard: { 'count/secrets': '0' } } });
  const probe = { metadata: { name: 'probe', namespace: scene.namespace } };
  await waitFor(
    'the quota in force',
    () =>
      scene.kube.create(secrets, probe, { ...options(), dryRun: true }).then(
        () => false,
        () => true,
      ),
    { timeoutMs: 20_000 },
  );
  return () => scene.kube.delete(QUOTAS, metadata, options());
}

/** What is immutable stays so: it can only be deleted. */
async function makeImmutable(name: string): Promise<() => Promise<unknown>> {
  await scene.patchSecret(`${name}-tls`, { immutable: true });
  return () => scene.deleteSecret(`${name}-tls`);
}
