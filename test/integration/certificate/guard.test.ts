import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { type IssuanceNeed, issuanceNeed } from '../../../src/certificate/need.ts';
import { pendingSecret } from '../../../src/certificate/pending.ts';
import type { Secret } from '../../../src/kube/object.ts';
import { originCertificates } from '../../../src/resources.ts';
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

describe('with superseded Revoke and no grace', () => {
  const revocation = { superseded: 'Revoke', gracePeriod: '0s' } as const;
  let asked = 0;

  async function renew(name: string, annotation: string = ANNOTATION.renewRequestedAt): Promise<void> {
    const certificateOf = async () => text(await scene.secret(`${name}-tls`), 'tls.crt');
    const before = await certificateOf();
    await scene.applyCertificate(name, { revocation }, { [annotation]: String(++asked) });
    await waitFor('the renewal', async () => (await certificateOf()) !== before, { timeoutMs: 10_000 });
    await scene.settled(name);
  }

  /** What an admin, or a backup that restores it, may write into a status. */
  async function forge(name: string, id: string, change: object = {}): Promise<void> {
    const certificate = await scene.certificate(name);
    const entry = {
      id,
      supersededAt: '2026-01-01T00:00:00Z',
      revoke: 'Superseded',
      issuedFor: certificate?.metadata.uid,
      ...change,
    };
    const options = {
      signal: AbortSignal.timeout(10_000),
      fieldManager: 'forger',
      subresource: 'status',
    } as const;
    const ref = { name, namespace: scene.namespace };
    const superseded = [entry, ...(certificate?.status?.superseded ?? [])];
    await scene.kube.mergePatch(originCertificates, ref, { status: { superseded } }, options);
  }

  /** The operator has come to a word on the id: it is kept, or is no more in the list. */
  async function judged(name: string, id: string): Promise<void> {
    await waitFor(
      `a word on certificate ${id}`,
      async () => {
        const { status } = (await scene.certificate(name)) ?? {};
        const entry = status?.superseded?.find((each) => each.id === id);
        const isTold = operator.logs.some((line) => line.includes(id) && line.includes('not revoked'));
        return entry?.revoke === undefined || entry.keptBecause !== undefined || isTold || new NotYet(entry);
      },
      { timeoutMs: 15_000 },
    );
    await lookedAt(scene, name);
  }

  test('a planted tls.crt without its key is replaced and never revoked', async () => {
    await issued(scene, 'keyless', { revocation });
    const { id, data } = await signedPair(scene, { hostnames: ['example.com'] });
    await scene.patchSecret('keyless-tls', { data: { 'tls.crt': data['tls.crt'] } });
    await waitFor('another pair', async () => idOrNone(await scene.secret('keyless-tls')) !== id, {
      timeoutMs: 10_000,
    });
    await scene.settled('keyless');
    await lookedAt(scene, 'keyless');
    expect(await revoked([id])).toEqual([]);
  });

  test.each([ANNOTATION.renewRequestedAt, ANNOTATION.rekeyRequestedAt])(
    'planted notes on a Secret lead to no other revocation than that of its own certificate (%s)',
    async (annotation) => {
      const name = `notes-${++asked}`;
      const { id: other } = await signedPair(scene, { hostnames: ['example.com'] });
      await issued(scene, name, { revocation });
      const annotations = { [ANNOTATION.certificateId]: other, [ANNOTATION.previousCertificateId]: other };
      await scene.patchSecret(`${name}-tls`, { metadata: { annotations } });
      await lookedAt(scene, name);
      await renew(name, annotation);
      await lookedAt(scene, name);
      expect(await revoked([other])).toEqual([]);
    },
  );

  test('a forged status with the id that serves this object, or another of the namespace, revokes nothing', async () => {
    const own = await issued(scene, 'own', { revocation });
    const neighbour = await issued(scene, 'neighbour');
    await forge('own', own);
    await judged('own', own);
    await forge('own', neighbour);
    await judged('own', neighbour);
    expect(await revoked([own, neighbour])).toEqual([]);
  });

  test("a forged status with the id of another tenant's certificate revokes nothing", async () => {
    await scene.createIssuer({ allow: [{ hostnames: ['mine.example.com'] }] }, 'mine');
    const issuerRef = { kind: 'OriginIssuer', name: 'mine' } as const;
    await issued(scene, 'tenant', { revocation, issuerRef, hostnames: ['mine.example.com'] });
    const { id } = await signedPair(scene, { hostnames: ['theirs.example.com'] });
    await forge('tenant', id, { issuerRef });
    await judged('tenant', id);
    expect(await revoked([id])).toEqual([]);
    const kept = (await scene.certificate('tenant'))?.status?.superseded?.find((each) => each.id === id);
    expect(kept?.keptBecause).toContain('theirs.example.com');
  });

  test('a restored status of an object that is gone revokes nothing', async () => {
    await issued(scene, 'restored', { revocation });
    const { id } = await signedPair(scene, { hostnames: ['example.com'] });
    await forge('restored', id, { issuedFor: randomUUID() });
    await judged('restored', id);
    expect(await revoked([id])).toEqual([]);
  });

  test('a status cannot name a path instead of an id', async () => {
    await issued(scene, 'path', { revocation });
    await forge('path', '../zones');
    await lookedAt(scene, 'path');
    const asked = await scene.simulator.requests({ operation: 'revokeCertificate' });
    expect(JSON.stringify(asked)).not.toContain('zones');
  });
});

function idOrNone(secret: Secret | undefined): string | undefined {
  try {
    return idIn(secret);
  } catch {
    return undefined; // Certificate and key do not match while the planted one lies there.
  }
}
