import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import { encode } from '../../../src/secret-facts.ts';
import { proxied, type ProxiedOperator } from '../../support/proxied.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, replaced, text } from '../certificate/pairs.ts';
import { untilReady } from '../issuer/issuers.ts';

/** A Secret may have 1 MiB in all. */
const LARGE = 1000 * 1024;

let scene: Scene;
/** Counts what the operator asks of the API server. */
let road: ProxiedOperator;
let operator: RunningOperator;
const write = (fieldManager = 'some-tool') => ({
  signal: AbortSignal.timeout(20_000),
  fieldManager,
  force: true,
});

beforeAll(async () => {
  scene = await Scene.start('limits');
  await scene.createIssuer();
  road = await proxied();
  operator = await scene.startOperator({ kubeconfig: road.kubeconfig });
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await road[Symbol.asyncDispose]();
});

describe('a Secret of a megabyte', () => {
  test('is a target like any other: what lies beside the pair stays', async () => {
    const id = await issued(scene, 'large');
    await scene.patchSecret('large-tls', { data: { filling: encode('x'.repeat(0.7 * LARGE)) } });
    await scene.applyCertificate('large', { secretTemplate: { labels: { size: 'large' } } });
    await waitFor(
      'the label',
      async () => (await scene.secret('large-tls'))?.metadata.labels?.['size'] === 'large',
      {
        timeoutMs: 15_000,
      },
    );
    await scene.settled('large');
    expect(idIn(await scene.secret('large-tls'))).toBe(id);
    expect(text(await scene.secret('large-tls'), 'filling')).toHaveLength(0.7 * LARGE);
  });

  test('with a huge chain, or garbage for a key, is replaced by a good pair', async () => {
    const first = await issued(scene, 'chain');
    const chain = text(await scene.secret('chain-tls'), 'tls.crt').repeat(300);
    await scene.patchSecret('chain-tls', { data: { 'tls.crt': encode(chain) } });
    await scene.settled('chain');
    expect(idIn(await scene.secret('chain-tls'))).toBe(first);
    await scene.patchSecret('chain-tls', {
      data: { 'tls.key': encode('-----BEGIN PRIVATE KEY-----\n'.repeat(LARGE / 112)) },
    });
    await replaced(scene, 'chain', first);
  });

  test('that is an unfinished issuance is cleared away', async () => {
    const { metadata } = await scene.applyCertificate('waiting', { suspend: true });
    await scene.createSecret({
      metadata: {
        name: `originca-pending-${metadata.uid}`,
        labels: { 'originca.dev/managed': 'pending' },
        annotations: { 'originca.dev/certificate': 'waiting', 'originca.dev/certificate-uid': metadata.uid },
      },
      type: 'originca.dev/pending',
      data: { 'tls.key': encode('x'.repeat(0.7 * LARGE)) },
    });
    await scene.applyCertificate('waiting');
    await scene.settled('waiting');
  });

  test('is no token, which is said without asking Cloudflare', async () => {
    await scene.putToken('x'.repeat(0.7 * LARGE), 'huge');
    await scene.createIssuer({}, 'none');
    await scene.apply(originIssuers, {
      metadata: { name: 'huge', namespace: scene.namespace },
      spec: { apiTokenSecretRef: { name: 'huge' } },
    });
    const ref = { name: 'huge', namespace: scene.namespace };
    await untilReady(() => scene.kube.get(originIssuers, ref, write()), {
      status: 'False',
      reason: 'CredentialsInvalid',
      message: 'which no token has',
    });
  });
});

describe('many OriginCertificates with one Secret name', () => {
  const COUNT = 1000;
  const name = (index: number): string => `claimant-${String(index).padStart(4, '0')}`;

  test(
    'cost a bounded number of requests each: one has the Secret, all others say so',
    { timeout: 400_000 },
    async () => {
      const posts = await scene.posts();
      road.proxy.forget();
      const make = async (index: number): Promise<void> => {
        const body = {
          metadata: { name: name(index), namespace: scene.namespace },
          spec: {
            secretName: 'claimed-tls',
            hostnames: ['claimed.example.com'],
            issuerRef: { name: 'cloudflare' },
          },
        };
        await scene.kube.create(originCertificates, body as OriginCertificate, write());
      };
      for (let from = 0; from < COUNT; from += 50)
        await Promise.all(Array.from({ length: 50 }, (_, i) => make(from + i)));
      const reasons = await waitFor(
        'one to have it, and all others to say so',
        async () => {
          const all = await scene.kube.listAll(originCertificates, {
            namespace: scene.namespace,
            ...write(),
          });
          const claimants = all.filter(({ metadata }) => metadata.name.startsWith('claimant-'));
          const said = Map.groupBy(
            claimants,
            ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason,
          );
          const counts = Object.fromEntries(
            [...said].map(([reason, { length }]) => [reason ?? 'nothing', length]),
          );
          return counts['Issued'] === 1 && counts['SecretConflict'] === COUNT - 1
            ? counts
            : new NotYet(counts);
        },
        { timeoutMs: 200_000, intervalMs: 1000 },
      );
      expect(reasons).toEqual({ Issued: 1, SecretConflict: COUNT - 1 });
      const requests = road.proxy.requests.length;
      // Of two that were made in one second the one to have it is known only once both are seen: the other's certificate
      // may be on its way by then, and is revoked.
      expect(await scene.posts()).toBeLessThanOrEqual(posts + 2);
      await waitFor(
        'what was not wanted to be cleared away',
        async () => {
          const { length } = await scene.pendings();
          return length === 0 || new NotYet(length);
        },
        { timeoutMs: 120_000, intervalMs: 1000 },
      );
      const issuedHere = (await scene.simulator.certificates()).filter(({ hostnames }) =>
        hostnames.includes('claimed.example.com'),
      );
      const live = issuedHere.filter(({ revokedAt }) => revokedAt === undefined).map(({ id }) => id);
      expect(live).toEqual([idIn(await scene.secret('claimed-tls'))]);
      console.log(`${COUNT} claimants of one Secret: ${requests} requests to the API server`);
      // Each is looked at when it is made, when its Secret is, and when its status was told: a square would be 1,000 times as many.
      expect(requests).toBeLessThan(15 * COUNT);
    },
  );
});

describe('two tools that write one Secret against each other', () => {
  test('end in IssuanceLoop, which names the other by its field manager, and the Secret is left to it', async () => {
    let id = await issued(scene, 'fought');
    const old = (await scene.secret('fought-tls'))?.data ?? {};
    const ref = { name: 'fought-tls', namespace: scene.namespace };
    // It keeps what it has: a pair whose key is not the certificate's.
    const overwrite = () =>
      scene.kube.apply(
        secrets,
        {
          metadata: ref,
          type: 'kubernetes.io/tls',
          data: { 'tls.crt': old['tls.crt'] ?? '', 'tls.key': encode('theirs') },
        },
        write('their-tool'),
      );
    for (let times = 0; times < 2; times += 1) {
      await overwrite();
      id = await replaced(scene, 'fought', id);
    }
    const posts = await scene.posts();
    await overwrite();
    const { status } = await scene.condition('fought', 'Issuing', 'IssuanceLoop', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.message).toContain('"their-tool"');
    await overwrite();
    await scene.condition('fought', 'Issuing', 'IssuanceLoop', 'False');
    expect(await scene.posts()).toBe(posts);
    expect(text(await scene.secret('fought-tls'), 'tls.key')).toBe('theirs');
    expect(operator.logs.filter((line) => line.includes('theirs'))).toEqual([]);
  });
});
