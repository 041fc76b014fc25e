import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { ANNOTATION } from '../../../src/api/names.ts';
import { encode } from '../../../src/secret-facts.ts';
import { certManagerKind } from '../../support/cert-manager-kind.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { applyManifests, type Manifest } from '../../support/manifests.ts';
import { Scene } from '../../support/scene.ts';
import { byHand, found, type Found } from './found-pairs.ts';
import { idIn, lookedAt, replaced, text } from './pairs.ts';

let scene: Scene;
const clock = new JumpClock();
const LOOK_MS = 31_000;

beforeAll(async () => {
  scene = await Scene.start('adopt');
  await applyManifests(scene.kube, [certManagerKind]);
  await scene.createIssuer();
  await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

type Spec = Partial<OriginCertificate['spec']>;

function adopting(hostname: string): Spec {
  return { hostnames: [hostname], existingSecret: 'Adopt', privateKey: { algorithm: 'ECDSA' } };
}

describe('existingSecret: Adopt takes over, with nothing issued,', () => {
  const makers: [string, (name: string, hostname: string) => Found][] = [
    ['a pair made by hand, RSA for fifteen years', byHand],
    [
      'a pair by cert-manager with origin-ca-issuer, its Certificate gone',
      (name, hostname) => ({
        key: { algorithm: 'ECDSA', size: 256 },
        encoding: 'sec1',
        days: 365,
        hostname,
        secret: {
          type: 'kubernetes.io/tls',
          metadata: {
            name,
            labels: { 'controller.cert-manager.io/fao': 'true' },
            annotations: {
              'cert-manager.io/certificate-name': 'gone',
              'cert-manager.io/issuer-group': 'cert-manager.k8s.cloudflare.com',
            },
          },
        },
      }),
    ],
    [
      'an Opaque pair by Terraform, which stays Opaque',
      (name, hostname) => ({
        key: { algorithm: 'RSA', size: 4096 },
        encoding: 'pkcs1',
        days: 1095,
        hostname,
        secret: { type: 'Opaque', metadata: { name, labels: { 'managed-by': 'terraform' } } },
      }),
    ],
  ];
  test.each(makers.map(([what, make], i) => [what, make, `maker-${i}`] as const))(
    '%s; renewed when asked',
    async (_, make, name) => {
      const posts = await scene.posts();
      const hostname = `${name}.example.com`;
      const theirs = await found(scene, make(`${name}-tls`, hostname));
      // Its key, size and lifetime are other than the spec's: not judged until it is due.
      const spec: Spec = { ...adopting(hostname), validityDays: 90 };
      await scene.applyCertificate(name, spec);
      await scene.settled(name);
      await lookedAt(scene, name);
      const taken = await scene.secret(`${name}-tls`);
      expect(taken?.data).toEqual(theirs.data);
      expect(taken).toMatchObject({ type: theirs.type, metadata: { labels: theirs.metadata.labels ?? {} } });
      expect(taken?.metadata.annotations).toMatchObject(theirs.metadata.annotations ?? {});
      expect(taken?.metadata.ownerReferences).toBeUndefined();
      expect(await scene.posts()).toBe(posts);
      await scene.patchSecret(`${name}-tls`, { metadata: { annotations: { [ANNOTATION.need]: null } } });
      await lookedAt(scene, name);
      expect(await scene.posts()).toBe(posts);

      await scene.applyCertificate(name, spec, { [ANNOTATION.renewRequestedAt]: 'now' });
      await replaced(scene, name, idIn(theirs));
      const renewed = await scene.secret(`${name}-tls`);
      expect(renewed).toMatchObject({ type: theirs.type, metadata: { uid: theirs.metadata.uid } });
      expect(await scene.posts()).toBe(posts + 1);
    },
  );

  test('a pair beside other data of an Opaque Secret, which a renewal leaves alone', async () => {
    await found(scene, { ...byHand('beside-tls', 'beside.example.com'), secret: opaque('beside-tls') });
    const before = idIn(await scene.patchSecret('beside-tls', { data: { 'theirs.txt': encode('theirs') } }));
    const applied: Spec = { ...adopting('beside.example.com'), additionalOutputs: ['CombinedPEM'] };
    await scene.applyCertificate('beside', applied, { [ANNOTATION.renewRequestedAt]: 'before' });
    await scene.settled('beside');
    await lookedAt(scene, 'beside');
    expect(idIn(await scene.secret('beside-tls'))).toBe(before);
    await scene.applyCertificate('beside', applied, { [ANNOTATION.renewRequestedAt]: 'after' });
    await replaced(scene, 'beside', before);
    const renewed = await scene.secret('beside-tls');
    expect(text(renewed, 'theirs.txt')).toBe('theirs');
    expect(text(renewed, 'tls-combined.pem')).toContain(text(renewed, 'tls.crt').trim());
  });
});

describe('existingSecret: Adopt takes over and replaces', () => {
  test('a pair for other hostnames', async () => {
    const theirs = await found(scene, byHand('names-tls', 'old.example.com'));
    await scene.applyCertificate('names', adopting('new.example.com'));
    await replaced(scene, 'names', idIn(theirs));
  });

  test('a pair that is broken', async () => {
    const broken = { 'tls.crt': '', 'tls.key': '' };
    await scene.createSecret({ metadata: { name: 'broken-tls' }, type: 'kubernetes.io/tls', data: broken });
    await scene.applyCertificate('broken', adopting('broken.example.com'));
    const { status } = await scene.settled('broken');
    expect(idIn(await scene.secret('broken-tls'))).toBe(status?.certificate?.id);
  });
});

describe('existingSecret: Adopt is refused, with a command that helps, and the Secret left as it is,', () => {
  interface Refused {
    readonly pair?: Partial<Found>;
    readonly patch?: object;
    readonly says: RegExp;
  }
  test.each<[string, string, Refused]>([
    ['immutable', 'immutable Secret', { patch: { immutable: true }, says: /kubectl -n \S+ get secret/ }],
    [
      'untrusted',
      'unknown root',
      {
        pair: { variant: 'unknownRoot' },
        says: /no pair until ours is written.*: kubectl -n \S+ delete secret/,
      },
    ],
    [
      'typed',
      'other type',
      {
        pair: { secret: { type: 'example.com/pair', metadata: { name: 'typed-tls' } } },
        says: /is of type example\.com\/pair.*kubectl replace/,
      },
    ],
  ])('%s: %s', async (name, _, { pair, patch, says }) => {
    const posts = await scene.posts();
    const made = await found(scene, { ...byHand(`${name}-tls`, `${name}.example.com`), ...pair });
    const theirs = patch ? await scene.patchSecret(`${name}-tls`, patch) : made;
    await scene.applyCertificate(name, adopting(`${name}.example.com`));
    const { status } = await scene.condition(name, 'Ready', 'AdoptRefused', 'False');
    const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
    expect(stalled?.message).toMatch(says);
    expect(await scene.secret(`${name}-tls`)).toEqual(theirs);
    expect(await scene.posts()).toBe(posts);
  });

  test('an Opaque Secret that holds something else', async () => {
    const data = { password: encode('theirs') };
    const theirs = await scene.createSecret({ ...opaque('password-tls'), data });
    await scene.applyCertificate('password', adopting('password.example.com'));
    await scene.condition('password', 'Ready', 'AdoptRefused', 'False');
    expect(await scene.secret('password-tls')).toEqual(theirs);
  });

  test('a Secret of a live cert-manager Certificate, until that is deleted as the message says', async () => {
    const theirs = await found(scene, byHand('live-tls', 'live.example.com'));
    await applyManifests(scene.kube, [certManagerCertificate('live-cm', 'live-tls')]);
    await scene.applyCertificate('live', adopting('live.example.com'));
    const { status } = await scene.condition('live', 'Ready', 'AdoptRefused', 'False');
    expect(status?.conditions?.find(({ type }) => type === 'Stalled')?.message).toContain(
      `kubectl -n ${scene.namespace} delete certificates.cert-manager.io live-cm --cascade=orphan`,
    );
    expect(await scene.secret('live-tls')).toEqual(theirs);
    await scene.kube.delete(
      { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', plural: 'certificates', namespaced: true },
      { name: 'live-cm', namespace: scene.namespace },
      { signal: AbortSignal.timeout(10_000) },
    );
    clock.jump(LOOK_MS);
    await scene.settled('live');
    expect(idIn(await scene.secret('live-tls'))).toBe(idIn(theirs));
  });
});

function opaque(name: string): Found['secret'] {
  return { type: 'Opaque', metadata: { name } };
}

/** As much of cert-manager as the operator asks for. */
function certManagerCertificate(name: string, secretName: string): Manifest {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace: scene.namespace },
    spec: { secretName },
  } as Manifest;
}
