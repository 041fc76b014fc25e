import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION, MANAGED_LABEL } from '../../../src/api/names.ts';
import { type KubeObject, type Secret } from '../../../src/kube/object.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import { encode } from '../../../src/secret-facts.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, lookedAt, secretUntil, text } from './pairs.ts';

let scene: Scene;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('untouched');
  await scene.createIssuer();
  operator = await scene.startOperator();
});

afterAll(() => scene[Symbol.asyncDispose]());

const REQUESTED = { [ANNOTATION.renewRequestedAt]: 'once' };
const signal = () => AbortSignal.timeout(10_000);
const options = () => ({ signal: signal(), fieldManager: 'restore' });

/** Does something to a certificate: the id that its Secret holds once the operator has seen that, and the POSTs it cost. */
async function after(name: string, change: () => Promise<unknown>): Promise<{ id: string; posts: number }> {
  const posts = await scene.posts();
  await change();
  await lookedAt(scene, name);
  return { id: idIn(await scene.secret(`${name}-tls`)), posts: (await scene.posts()) - posts };
}

describe('nothing is issued, and the Secret is mended,', () => {
  test('when the template changes; what leaves it is removed, what others wrote stays', async () => {
    const id = await issued(scene, 'template', {
      secretTemplate: { labels: { a: '1', b: '2' }, annotations: { note: 'x', gone: 'y' } },
    });
    await scene.patchSecret('template-tls', {
      metadata: { labels: { theirs: 'l' }, annotations: { 'theirs.example/a': 'a' } },
      data: { 'theirs.txt': encode('data') },
    });
    const posts = await scene.posts();
    await scene.applyCertificate('template', {
      secretTemplate: { labels: { a: '9' }, annotations: { note: 'x' } },
    });
    const secret = await secretUntil(scene, 'template-tls', 'the new template', ({ metadata }) =>
      metadata.labels?.['a'] === '9' ? undefined : metadata.labels,
    );
    expect(secret.metadata.labels).toEqual({ a: '9', theirs: 'l', [MANAGED_LABEL]: 'true' });
    expect(secret.metadata.annotations).toMatchObject({ note: 'x', 'theirs.example/a': 'a' });
    expect(secret.metadata.annotations).not.toHaveProperty('gone');
    expect(text(secret, 'theirs.txt')).toBe('data');
    expect(idIn(secret)).toBe(id);
    expect(await scene.posts()).toBe(posts);
  });

  test('when outputs are asked for, damaged, and not asked for any more', async () => {
    const id = await issued(scene, 'outputs');
    const posts = await scene.posts();
    await scene.applyCertificate('outputs', { additionalOutputs: ['CombinedPEM', 'CABundle'] });
    const both = (secret: Secret): unknown =>
      text(secret, 'tls-combined.pem').includes('PRIVATE KEY') &&
      text(secret, 'ca.crt').startsWith('-----BEGIN CERTIFICATE-----')
        ? undefined
        : Object.keys(secret.data ?? {});
    const full = await secretUntil(scene, 'outputs-tls', 'both outputs', both);
    expect(text(full, 'tls-combined.pem')).toContain(text(full, 'tls.crt').trim());
    await scene.patchSecret('outputs-tls', { data: { 'ca.crt': encode('other'), 'tls-combined.pem': null } });
    await secretUntil(scene, 'outputs-tls', 'both outputs again', both);
    await scene.applyCertificate('outputs');
    const bare = await secretUntil(
      scene,
      'outputs-tls',
      'no outputs',
      ({ data }) => Object.keys(data ?? {}).length !== 2 && Object.keys(data ?? {}),
    );
    expect(idIn(bare)).toBe(id);
    expect(await scene.posts()).toBe(posts);
  });

  test('when our label is stripped', async () => {
    const id = await issued(scene, 'label');
    expect(
      await after('label', async () => {
        await scene.patchSecret('label-tls', { metadata: { labels: { [MANAGED_LABEL]: null } } });
        await secretUntil(
          scene,
          'label-tls',
          'our label',
          ({ metadata }) => metadata.labels?.[MANAGED_LABEL] !== 'true' && metadata.labels,
        );
      }),
    ).toEqual({ id, posts: 0 });
  });

  test.each(['stripped', 'garbled'])('when each of our annotations but the name is %s', async (how) => {
    const name = `notes-${how}`;
    const id = await issued(scene, name, { validityDays: 90 }, REQUESTED);
    const notes = (await scene.secret(`${name}-tls`))?.metadata.annotations ?? {};
    const ours = Object.values<string>(ANNOTATION).filter(
      (key) => key in notes && key !== ANNOTATION.certificate,
    );
    expect(ours.length).toBeGreaterThan(5);
    const posts = await scene.posts();
    for (const key of ours) {
      await scene.patchSecret(`${name}-tls`, {
        metadata: { annotations: { [key]: how === 'stripped' ? null : 'garbled' } },
      });
      // What an object it was issued for cannot be told from the certificate: unknown, it is never revoked.
      if (key === ANNOTATION.issuedFor) continue;
      await secretUntil(scene, `${name}-tls`, `${key} mended`, ({ metadata }) => {
        const value = metadata.annotations?.[key];
        return key === ANNOTATION.need
          ? !value?.includes('"example.com"') && value
          : (value === undefined || value === 'garbled') && value;
      });
    }
    const all = Object.fromEntries(ours.map((key) => [key, how === 'stripped' ? null : '{"hostnames":1}']));
    expect(
      await after(name, () => scene.patchSecret(`${name}-tls`, { metadata: { annotations: all } })),
    ).toEqual({ id, posts: 0 });
    expect(await scene.posts()).toBe(posts);
  });
});

describe('nothing is issued', () => {
  test('when the issuer’s defaults change for values that the spec leaves out', async () => {
    const id = await issued(scene, 'defaults');
    expect(
      await after('defaults', async () => {
        await scene.createIssuer({
          defaults: { validityDays: 7, privateKey: { algorithm: 'RSA', size: 2048 } },
        });
        await issuerReady();
      }),
    ).toEqual({ id, posts: 0 });
    await scene.createIssuer();
  });

  test('when the issuer is deleted and made anew', async () => {
    const id = await issued(scene, 'issuer');
    expect(
      await after('issuer', async () => {
        const ref = { name: 'cloudflare', namespace: scene.namespace };
        await scene.kube.delete(originIssuers, ref, options());
        await lookedAt(scene, 'issuer');
        await scene.createIssuer();
        await issuerReady();
      }),
    ).toEqual({ id, posts: 0 });
  });

  test('when status is stripped from every object', async () => {
    const names = ['status-1', 'status-2', 'status-3'];
    const ids = await Promise.all(names.map((name) => issued(scene, name)));
    const posts = await scene.posts();
    const all = await scene.kube.listAll(originCertificates, {
      namespace: scene.namespace,
      signal: signal(),
    });
    for (const { metadata } of all) {
      await scene.kube.mergePatch(
        originCertificates,
        { name: metadata.name, namespace: scene.namespace },
        { status: null },
        { ...options(), subresource: 'status' },
      );
    }
    for (const [index, name] of names.entries()) {
      await scene.settled(name);
      expect(idIn(await scene.secret(`${name}-tls`))).toBe(ids[index]);
    }
    expect(await scene.posts()).toBe(posts);
  });

  test('when objects and Secrets are re-created with new uids, as a restored backup is', async () => {
    const id = await issued(scene, 'restored', {}, REQUESTED);
    const secret = await scene.secret('restored-tls');
    const certificate = await scene.certificate('restored');
    const posts = await scene.posts();
    await operator.stop();
    await scene.deleteCertificate('restored');
    await scene.deleteSecret('restored-tls');
    await scene.createSecret(withoutIdentity(secret));
    await scene.kube.create(originCertificates, withoutIdentity(certificate), options());
    operator = await scene.startOperator();
    await scene.settled('restored');
    await lookedAt(scene, 'restored');
    expect(idIn(await scene.secret('restored-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts);
    expect((await scene.issued()).some((certificate) => certificate.id === id)).toBe(true);
  });

  test('when the object is restored first and waits suspended for its Secret', async () => {
    const id = await issued(scene, 'late');
    const secret = await scene.secret('late-tls');
    await scene.applyCertificate('late', { suspend: true });
    await scene.deleteSecret('late-tls');
    await scene.condition('late', 'Issuing', 'Suspended', 'False');
    const posts = await scene.posts();
    await scene.createSecret(withoutIdentity(secret));
    await scene.applyCertificate('late', { suspend: false });
    await scene.settled('late');
    expect(idIn(await scene.secret('late-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts);
  });

  test('when the operator is restarted', async () => {
    const id = await issued(scene, 'restart');
    expect(
      await after('restart', async () => {
        await operator.stop();
        operator = await scene.startOperator();
      }),
    ).toEqual({ id, posts: 0 });
  });

  test('when secretName changes: the pair is copied and the former Secret is let go with its pair', async () => {
    const id = await issued(scene, 'renamed');
    const posts = await scene.posts();
    await scene.applyCertificate('renamed', { secretName: 'renamed-new' });
    const copy = await waitFor(
      'the pair under its new name',
      async () => (await scene.secret('renamed-new')) ?? new NotYet(await scene.certificate('renamed')),
      { timeoutMs: 10_000 },
    );
    const former = await secretUntil(
      scene,
      'renamed-tls',
      'the former Secret released',
      ({ metadata }) => metadata.labels?.[MANAGED_LABEL] !== 'released' && metadata.labels,
    );
    expect([idIn(copy), idIn(former)]).toEqual([id, id]);
    const { status } = await scene.settled('renamed');
    expect(status?.certificate).toMatchObject({ id, secretName: 'renamed-new' });
    await scene.applyCertificate('renamed');
    await secretUntil(
      scene,
      'renamed-tls',
      'the first Secret kept again',
      ({ metadata }) => metadata.labels?.[MANAGED_LABEL] !== 'true' && metadata.labels,
    );
    await lookedAt(scene, 'renamed');
    expect(await scene.posts()).toBe(posts);
  });
});

async function issuerReady(): Promise<void> {
  await waitFor(
    'the issuer to be Ready',
    async () => {
      const ref = { name: 'cloudflare', namespace: scene.namespace };
      const issuer = await scene.kube.get(originIssuers, ref, { signal: signal() });
      const ready = issuer?.status?.conditions?.find(({ type }) => type === 'Ready');
      const current = ready?.observedGeneration === issuer?.metadata.generation;
      return (ready?.status === 'True' && current) || new NotYet(issuer?.status);
    },
    { timeoutMs: 10_000 },
  );
}

/** An object as a backup restores it: all that its author and its controllers wrote, and no identity. */
function withoutIdentity<T extends KubeObject>(object: T | undefined): T {
  if (object === undefined) throw new Error('there is nothing to restore');
  const { name, namespace, labels, annotations } = object.metadata;
  return { ...object, metadata: { name, namespace, labels, annotations } };
}
