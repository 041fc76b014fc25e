import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { type IssuanceNeed, issuanceNeed } from '../../../src/certificate/need.ts';
import { pendingSecret } from '../../../src/certificate/pending.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, lookedAt, signedPair, text } from './pairs.ts';

let scene: Scene;
let operator: RunningOperator;
/** Nothing is posted for what is planted: its waits may pass at once. */
const clock = new JumpClock();

beforeAll(async () => {
  scene = await Scene.start('guard');
  await scene.createIssuer();
  operator = await scene.startOperator({ clock });
});

afterAll(() => scene[Symbol.asyncDispose]());

interface Plant {
  readonly name: string;
  readonly uid: string;
  readonly need?: IssuanceNeed;
  /** PEM; a fresh one unless given. */
  readonly key?: string;
  readonly revoke?: readonly string[];
  readonly postedAt?: string;
  readonly certificate?: string;
}

/** What a tenant who may write Secrets can put where the operator keeps an unfinished issuance. */
async function plant({ name, uid, revoke = [], postedAt = '', ...rest }: Plant): Promise<Secret> {
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const spec = {
    secretName: '',
    hostnames: ['example.com'],
    issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' },
  };
  const need = rest.need ?? issuanceNeed({ suspend: false, ...spec } as Parameters<typeof issuanceNeed>[0]);
  const secret = pendingSecret({
    namespace: scene.namespace,
    certificateName: name,
    certificateUid: uid,
    privateKeyPem: rest.key ?? privateKeyPem,
    csr: await createCsr(keys, DEFAULT_KEY, need.hostnames),
    need,
    issuerUid: '',
    requests: { renew: '', rekey: '' },
    replaces: '',
    postedAt,
  });
  const annotations = { ...secret.metadata.annotations, [ANNOTATION.revoke]: revoke.join(',') };
  const data = { ...secret.data, ...(rest.certificate && { 'tls.crt': rest.certificate }) };
  return scene.createSecret({ ...secret, metadata: { ...secret.metadata, annotations }, data });
}

async function gone(): Promise<void> {
  await waitFor(
    'the planted Secret dealt with',
    async () => {
      clock.jump(500);
      const left = await scene.pendings();
      return left.length === 0 || new NotYet(left.map(({ metadata }) => metadata));
    },
    { timeoutMs: 15_000 },
  );
}

/** Those of these certificates that are revoked. */
async function revoked(ids: readonly string[]): Promise<string[]> {
  const live = new Set((await scene.issued()).map(({ id }) => id));
  return ids.filter((id) => !live.has(id));
}

describe('a planted pending Secret', () => {
  test('with the id of the certificate that serves revokes nothing', async () => {
    const id = await issued(scene, 'victim');
    const uid = (await scene.certificate('victim'))?.metadata.uid ?? '';
    await plant({ name: 'victim', uid, revoke: [id] });
    await gone();
    await lookedAt(scene, 'victim');
    expect(await revoked([id])).toEqual([]);
    expect(idIn(await scene.secret('victim-tls'))).toBe(id);
  });

  test('with the id of a certificate that serves elsewhere revokes nothing, whoever it claims to be of', async () => {
    const { id } = await signedPair(scene, { hostnames: ['example.com'] });
    await plant({ name: 'nobody', uid: randomUUID(), revoke: [id] });
    await gone();
    expect(await revoked([id])).toEqual([]);
  });

  test('with the very key of one that serves revokes nothing', async () => {
    const id = await issued(scene, 'copied');
    const key = text(await scene.secret('copied-tls'), 'tls.key');
    await plant({ name: 'nobody', uid: randomUUID(), key, revoke: [id] });
    await gone();
    await plant({ name: 'nobody', uid: randomUUID(), key, postedAt: new Date().toISOString() });
    await gone();
    expect(await revoked([id])).toEqual([]);
  });

  test('with nothing in it is cleared away, and its certificate goes on', async () => {
    const id = await issued(scene, 'empty');
    const uid = (await scene.certificate('empty'))?.metadata.uid ?? '';
    await scene.createSecret({
      metadata: {
        name: `originca-pending-${uid}`,
        labels: { 'originca.dev/managed': 'pending' },
        annotations: { [ANNOTATION.certificate]: 'empty', [ANNOTATION.certificateUid]: uid },
      },
      type: 'originca.dev/pending',
    });
    await gone();
    expect(await revoked([id])).toEqual([]);
  });

  test('does not get past allow: it is searched for, and never posted', async () => {
    await scene.createIssuer({ allow: [{ hostnames: ['example.com'] }] }, 'narrow');
    const issuerRef = { kind: 'OriginIssuer', name: 'narrow' } as const;
    const hostnames = ['secret.example.com'];
    const posts = await scene.posts();
    const certificate = await scene.applyCertificate('narrow', { hostnames, issuerRef });
    await scene.condition('narrow', 'Issuing', 'HostnameNotAllowed', 'False');
    await plant({
      name: 'narrow',
      uid: certificate.metadata.uid,
      need: { hostnames, algorithm: 'ECDSA', size: 256, validityDays: 90, issuer: issuerRef },
      postedAt: new Date().toISOString(),
    });
    await waitFor(
      'the search to find nothing',
      async () => {
        clock.jump(500);
        const [planted] = await scene.pendings();
        const postedAt = planted?.metadata.annotations?.[ANNOTATION.postedAt];
        return postedAt === '' || new NotYet(planted?.metadata.annotations);
      },
      { timeoutMs: 15_000 },
    );
    await scene.condition('narrow', 'Issuing', 'HostnameNotAllowed', 'False');
    expect(await scene.posts()).toBe(posts);
    await scene.deleteCertificate('narrow');
    await gone();
  });
});

describe('planted annotations', () => {
  test('of a target never lead to a revocation', async () => {
    const { id: other } = await signedPair(scene, { hostnames: ['example.com'] });
    const id = await issued(scene, 'noted');
    await scene.patchSecret('noted-tls', {
      metadata: {
        annotations: {
          [ANNOTATION.certificateId]: other,
          [ANNOTATION.previousCertificateId]: other,
          [ANNOTATION.issuedFor]: randomUUID(),
        },
      },
    });
    await lookedAt(scene, 'noted');
    await scene.applyCertificate('noted', {}, { [ANNOTATION.renewRequestedAt]: 'now' });
    await waitFor('the renewal', async () => idIn(await scene.secret('noted-tls')) !== id, {
      timeoutMs: 10_000,
    });
    await scene.settled('noted');
    expect(await revoked([id, other])).toEqual([]);
    expect(operator.logs.filter((line) => line.includes('"Revoked"'))).toEqual([]);
  });
});
