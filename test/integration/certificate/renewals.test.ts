import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { originCertificates } from '../../../src/resources.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued } from './pairs.ts';

/** A thousand take a minute and a half on two cores: RENEWALS=1000 asks for them. */
const RENEWALS = Number(process.env['RENEWALS'] ?? 200);
const CERTIFICATES = 10;

let scene: Scene;
const names = Array.from({ length: CERTIFICATES }, (_, index) => `renewed-${index}`);

beforeAll(async () => {
  scene = await Scene.start('renewals');
  await scene.createIssuer();
  await scene.startOperator();
  await Promise.all(names.map((name) => scene.applyCertificate(name)));
  for (const name of names) await scene.settled(name);
});

afterAll(() => scene[Symbol.asyncDispose]());

/** Reads the Secrets as fast as it can, as a controller that serves them might, until told to stop. */
function reader(): { readonly reads: () => number; stop: () => Promise<void> } {
  let reading = true;
  let reads = 0;
  const read = async (): Promise<void> => {
    while (reading) {
      const all = await scene.kube.list(secrets, {
        namespace: scene.namespace,
        labelSelector: 'originca.dev/managed=true',
        signal: AbortSignal.timeout(10_000),
      });
      expect(all.items.map(({ metadata }) => metadata.name ?? '').toSorted()).toEqual(
        names.map((name) => `${name}-tls`).toSorted(),
      );
      for (const secret of all.items) idIn(secret);
      reads += 1;
    }
  };
  const ended = read();
  return {
    reads: () => reads,
    stop: async () => {
      reading = false;
      await ended;
    },
  };
}

async function renew(name: string, request: string): Promise<void> {
  await scene.kube.mergePatch(
    originCertificates,
    { name, namespace: scene.namespace },
    { metadata: { annotations: { [ANNOTATION.renewRequestedAt]: request } } },
    { signal: AbortSignal.timeout(10_000), fieldManager: 'person' },
  );
  await waitFor(
    `request ${request} of ${name} handled`,
    async () => {
      const handled = (await scene.secret(`${name}-tls`))?.metadata.annotations?.[
        ANNOTATION.handledRenewRequest
      ];
      return handled?.endsWith(`:${request}`) || new NotYet(handled);
    },
    { timeoutMs: 15_000 },
  );
}

describe(`through ${RENEWALS} renewals`, () => {
  test(
    'a reader never finds a Secret without a matching pair, and there are as many POSTs as renewals',
    { timeout: 180_000 },
    async () => {
      const posts = await scene.posts();
      const { reads, stop } = reader();
      const each = Array.from({ length: RENEWALS / CERTIFICATES }, (_, index) => String(index));
      await Promise.all(
        names.map(async (name) => {
          for (const request of each) await renew(name, request);
        }),
      );
      await stop();
      for (const name of names) await scene.settled(name);
      expect(reads()).toBeGreaterThan(RENEWALS / CERTIFICATES);
      expect(await scene.posts()).toBe(posts + RENEWALS);
      const { status } = await scene.settled(names[0] ?? '');
      expect(status?.revision).toBe(RENEWALS / CERTIFICATES + 1);
      expect(status?.superseded?.length).toBe(5);
    },
  );
});

describe('a renewal that fails', () => {
  test('leaves the pair in place and Ready True, and succeeds when the fault is over', async () => {
    const id = await issued(scene, 'failing');
    await scene.simulator.inject({ operation: 'createCertificate', status: 503, html: true, count: 1 });
    await scene.applyCertificate('failing', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    const { status } = await scene.condition('failing', 'Issuing', 'CloudflareUnavailable', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'True',
      reason: 'Issued',
    });
    expect(idIn(await scene.secret('failing-tls'))).toBe(id);
    await waitFor('the renewal', async () => idIn(await scene.secret('failing-tls')) !== id, {
      timeoutMs: 20_000,
    });
    const settled = await scene.settled('failing');
    expect(settled.status?.failure).toBeUndefined();
    expect(settled.status?.superseded).toEqual([expect.objectContaining({ id })]);
  });
});
