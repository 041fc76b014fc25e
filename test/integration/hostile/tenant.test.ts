import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { issuanceNeed } from '../../../src/certificate/need.ts';
import { pendingSecret } from '../../../src/certificate/pending.ts';
import type { KubeObject } from '../../../src/kube/object.ts';
import { namespaces, type Resource, secrets } from '../../../src/kube/resource.ts';
import { createCsr } from '../../../src/pki/csr.ts';
import { DEFAULT_KEY, generateKey } from '../../../src/pki/keys.ts';
import {
  clusterOriginIssuers,
  originCertificates,
  originIssuers,
  originZones,
} from '../../../src/resources.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import { refusedBy, said } from '../../support/tenant.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, text } from '../certificate/pairs.ts';
import { untilReady } from '../issuer/issuers.ts';
import { NAMES, Stage } from './stage.ts';

const clock = new JumpClock();
let stage: Stage;
/** Ids of the victim's certificates: for a name that is theirs alone, and for one that mallory may ask for too. */
let own: string;
let both: string;

const ingresses: Resource<KubeObject> = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  plural: 'ingresses',
  namespaced: true,
};
const write = () => ({ signal: AbortSignal.timeout(15_000), fieldManager: 'mallory', force: true });
const read = () => ({ signal: AbortSignal.timeout(15_000) });

beforeAll(async () => {
  stage = await Stage.start([], clock);
  const { scene, issuerRef } = stage;
  await scene.applyCertificate('shop', { hostnames: [NAMES.victim], issuerRef });
  await scene.applyCertificate('both', { hostnames: [NAMES.both], issuerRef });
  await scene.settled('shop');
  await scene.settled('both');
  own = idIn(await scene.secret('shop-tls'));
  both = idIn(await scene.secret('both-tls'));
});

afterAll(() => stage[Symbol.asyncDispose]());

/** That the victim's certificates serve as before, and are not revoked. */
async function expectUntouched(): Promise<void> {
  const { scene } = stage;
  const live = new Set((await scene.issued()).map(({ id }) => id));
  expect([own, both].filter((id) => !live.has(id))).toEqual([]);
  expect(idIn(await scene.secret('shop-tls'))).toBe(own);
  expect(idIn(await scene.secret('both-tls'))).toBe(both);
  const ready = (await scene.certificate('shop'))?.status?.conditions?.find(({ type }) => type === 'Ready');
  expect(ready?.status).toBe('True');
}

describe('whoever may edit one namespace', () => {
  test('is kept by the API server from everything else, status and addresses of the own objects included', async () => {
    const { mallory, scene, shared } = stage;
    const { kube, namespace } = mallory;
    await stage.ask('own', { hostnames: [NAMES.mallory] });
    await kube.apply(
      ingresses,
      {
        metadata: { name: 'web', namespace },
        spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } },
      } as KubeObject,
      write(),
    );
    const victim = { name: 'shop-tls', namespace: scene.namespace };
    const status = { ...write(), subresource: 'status' } as const;
    const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    const address = { status: { loadBalancer: { ingress: [{ ip: '169.254.169.254' }] } } };
    const attempts = [
      kube.get(secrets, victim, read()),
      kube.mergePatch(secrets, victim, { data: {} }, write()),
      kube.listAll(secrets, read()),
      kube.mergePatch(
        originCertificates,
        { name: 'shop', namespace: scene.namespace },
        { spec: { suspend: true } },
        write(),
      ),
      kube.mergePatch(clusterOriginIssuers, { name: shared }, { spec: { allow: [] } }, write()),
      kube.create(originZones, { metadata: { name: `x-${shared}` } } as never, write()),
      kube.mergePatch(namespaces, { name: namespace }, { metadata: { labels: { team: 'web' } } }, write()),
      kube.mergePatch(originCertificates, { name: 'own', namespace }, ready, status),
      kube.mergePatch(originIssuers, { name: 'own', namespace }, ready, status),
      kube.mergePatch(ingresses, { name: 'web', namespace }, address, status),
    ];
    expect(await Promise.all(attempts.map(refusedBy))).toEqual(attempts.map(() => 'Forbidden'));
  });

  test('forges no status: what stands beside a spec as if it were one is left out', async () => {
    const { kube, namespace } = stage.mallory;
    const forged = {
      metadata: { name: 'forged', namespace },
      spec: { secretName: 'forged-tls', hostnames: [NAMES.victim], issuerRef: stage.issuerRef },
      status: {
        observedGeneration: 1,
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'Issued',
            message: '',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
        superseded: [{ id: own, supersededAt: '2026-01-01T00:00:00Z', revoke: 'Superseded' }],
      },
    };
    await kube.create(originCertificates, forged as never, write());
    await said(kube, { name: 'forged', namespace }, 'HostnameNotAllowed');
    await kube.mergePatch(
      originCertificates,
      { name: 'forged', namespace },
      { status: forged.status },
      write(),
    );
    const seen = await kube.get(originCertificates, { name: 'forged', namespace }, read());
    expect(seen?.status).not.toHaveProperty('superseded');
    await expectUntouched();
  });

  test('has no Secret of another namespace read as a token, however it is named', async () => {
    const { kube, namespace } = stage.mallory;
    const { operatorNamespace, scene } = stage;
    const names = [
      'cluster-token',
      `${operatorNamespace}/cluster-token`,
      `../../${operatorNamespace}/secrets/cluster-token`,
      `..%2f..%2f${operatorNamespace}%2fsecrets%2fcluster-token`,
      '..',
      '.',
    ];
    for (const [index, name] of names.entries()) {
      const issuer = { name: `thief-${index}`, namespace };
      const apiTokenSecretRef = { name, namespace: operatorNamespace };
      const made = { metadata: issuer, spec: { apiTokenSecretRef } };
      const stored = await kube.create(originIssuers, made as never, write());
      // There is no such field.
      expect(stored.spec.apiTokenSecretRef).not.toHaveProperty('namespace');
      const found = await untilReady(() => scene.kube.get(originIssuers, issuer, read()), {
        status: 'False',
        reason: 'CredentialsMissing',
      });
      expect(found.status?.conditions?.[0]?.message).toContain(`in namespace ${namespace}`);
      expect(found.status).not.toHaveProperty('zones');
    }
  });

  test('uses no issuer of another namespace, however it is named', async () => {
    const { kube, namespace } = stage.mallory;
    await stage.scene.createIssuer();
    const elsewhere = { kind: 'OriginIssuer', name: 'cloudflare', namespace: stage.scene.namespace } as const;
    await expect(stage.ask('elsewhere', { issuerRef: elsewhere })).rejects.toThrow(
      'issuerRef.namespace: field not declared',
    );
    for (const [index, name] of [
      'cloudflare',
      `${stage.scene.namespace}/cloudflare`,
      '../cloudflare',
    ].entries()) {
      const issuerRef = { kind: 'OriginIssuer', name } as const;
      await stage.ask(`borrowed-${index}`, { hostnames: [NAMES.victim], issuerRef });
      expect(await said(kube, { name: `borrowed-${index}`, namespace }, 'IssuerNotFound')).toContain(
        `in namespace ${namespace}`,
      );
    }
  });

  test.each([
    ['of another', [NAMES.victim]],
    ['of another beside an own one', [NAMES.mallory, NAMES.victim]],
    ['that cover those of others', ['*.example.com']],
    ['below one that is own as a name alone, and above', ['example.com']],
    ['that end like an own one', [`x${NAMES.mallory}`]],
  ])('has no certificate for names %s', async (what, hostnames) => {
    const posts = await stage.scene.posts();
    const name = `not-${what.replace(/\W+/g, '-').slice(0, 40)}`.replace(/-$/, '');
    await stage.ask(name, { hostnames: [...hostnames] });
    const message = await said(
      stage.mallory.kube,
      { name, namespace: stage.mallory.namespace },
      'HostnameNotAllowed',
    );
    expect(message).toMatch(/is allowed to (nobody|namespaces with labels)/);
    expect(await stage.scene.posts()).toBe(posts);
  });
});

/** What mallory can put where the operator keeps an unfinished issuance. */
async function plantPending(change: {
  readonly uid: string;
  readonly certificateName: string;
  readonly hostnames: readonly string[];
  readonly revoke?: string;
  readonly postedAt?: string;
  readonly certificate?: string;
}): Promise<void> {
  const { keys, privateKeyPem } = await generateKey(DEFAULT_KEY);
  const { hostnames, uid, certificateName, revoke = '', postedAt = '', certificate } = change;
  const spec = { secretName: '', hostnames: [...hostnames], issuerRef: stage.issuerRef, suspend: false };
  const secret = pendingSecret({
    namespace: stage.mallory.namespace,
    certificateName,
    certificateUid: uid,
    privateKeyPem,
    csr: await createCsr(keys, DEFAULT_KEY, hostnames),
    need: issuanceNeed(spec as Parameters<typeof issuanceNeed>[0]),
    issuerUid: '',
    requests: { renew: '', rekey: '' },
    replaces: '',
    postedAt,
  });
  const annotations = { ...secret.metadata.annotations, [ANNOTATION.revoke]: revoke };
  const data = { ...secret.data, ...(certificate !== undefined && { 'tls.crt': certificate }) };
  await stage.plant({ ...secret, metadata: { ...secret.metadata, annotations }, data });
}

/** Waits until the operator has dealt with all pending Secrets of mallory's. */
async function cleared(): Promise<void> {
  const { kube, namespace } = stage.mallory;
  await waitFor(
    'the planted Secrets dealt with',
    async () => {
      clock.jump(500);
      const all = await kube.listAll(secrets, { namespace, ...read() });
      const left = all.filter(({ type }) => type === 'originca.dev/pending');
      return left.length === 0 || new NotYet(left.map(({ metadata }) => metadata));
    },
    { timeoutMs: 30_000 },
  );
}

describe('what is planted in one namespace', () => {
  test('as an unfinished issuance of an object of another revokes and takes over nothing', async () => {
    const { scene } = stage;
    const uidOf = async (name: string): Promise<string> =>
      (await scene.certificate(name))?.metadata.uid ?? '';
    const postedAt = new Date().toISOString();
    const shop = { certificateName: 'shop', hostnames: [NAMES.victim] };
    await plantPending({ ...shop, uid: await uidOf('shop'), revoke: own });
    await plantPending({
      certificateName: 'both',
      hostnames: [NAMES.both],
      uid: await uidOf('both'),
      revoke: both,
    });
    await plantPending({ ...shop, uid: randomUUID(), postedAt });
    const certificate = (await scene.secret('shop-tls'))?.data?.['tls.crt'] ?? '';
    await plantPending({ ...shop, uid: randomUUID(), postedAt, certificate });
    await cleared();
    await expectUntouched();
  });

  test('as a certificate that was replaced revokes nothing, also where the name may be asked for', async () => {
    const { kube, namespace } = stage.mallory;
    const revocation = { superseded: 'Revoke', gracePeriod: '0s' } as const;
    const spec = { hostnames: [NAMES.both], revocation };
    const { metadata } = await stage.ask('heir', spec);
    await said(kube, { name: 'heir', namespace }, 'Issued');
    const first = idIn(await stage.secretOfMallory('heir-tls'));
    const annotations = {
      [ANNOTATION.certificateId]: both,
      [ANNOTATION.previousCertificateId]: both,
      [ANNOTATION.issuedFor]: metadata.uid,
    };
    await kube.mergePatch(secrets, { name: 'heir-tls', namespace }, { metadata: { annotations } }, write());
    await stage.ask('heir', spec, { [ANNOTATION.renewRequestedAt]: 'now' });
    await waitFor(
      'its own certificate revoked',
      async () => {
        clock.jump(500);
        const live = (await stage.scene.issued()).map(({ id }) => id);
        return !live.includes(first) || new NotYet(live);
      },
      { timeoutMs: 30_000 },
    );
    await expectUntouched();
  });

  test('as a copy of what another serves revokes nothing when it is deleted', async () => {
    const { kube, namespace } = stage.mallory;
    const certificate = (await stage.scene.secret('both-tls'))?.data?.['tls.crt'] ?? '';
    const { privateKeyPem } = await generateKey(DEFAULT_KEY);
    const { metadata } = await stage.ask('copy', {
      hostnames: [NAMES.both],
      secretDeletionPolicy: 'Delete',
      revocation: { onDelete: 'Revoke' },
      suspend: true,
    });
    await stage.plant({
      metadata: {
        name: 'copy-tls',
        labels: { 'originca.dev/managed': 'true' },
        annotations: {
          [ANNOTATION.certificate]: 'copy',
          [ANNOTATION.certificateId]: both,
          [ANNOTATION.issuedFor]: metadata.uid,
        },
      },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': certificate, 'tls.key': Buffer.from(privateKeyPem).toString('base64') },
    });
    await said(kube, { name: 'copy', namespace }, 'InvalidKeyPair');
    await kube.delete(originCertificates, { name: 'copy', namespace }, read());
    await waitFor(
      'the object gone',
      async () => {
        clock.jump(500);
        const left = await kube.get(originCertificates, { name: 'copy', namespace }, read());
        return left === undefined || new NotYet(left.metadata);
      },
      { timeoutMs: 30_000 },
    );
    await expectUntouched();
  });

  test('in the name of an object of another is no claim to its Secret', async () => {
    const { kube, namespace } = stage.mallory;
    await stage.ask('shop', { secretName: 'shop-tls', hostnames: [NAMES.mallory] });
    await said(kube, { name: 'shop', namespace }, 'Issued');
    expect(idIn(await stage.secretOfMallory('shop-tls'))).not.toBe(own);
    for (const secretName of [`${stage.scene.namespace}/shop-tls`, '../shop-tls', 'originca-pending-x', '.'])
      expect(await refusedBy(stage.ask('path', { secretName }))).toBe('Invalid');
    await expectUntouched();
  });

  test('as text speaks in no log line of its own', async () => {
    const line = '\n{"level":"error","msg":"all is lost"}\u001b[31m\u2028';
    await stage.plant({
      metadata: {
        name: `originca-pending-${randomUUID()}`,
        labels: { 'originca.dev/managed': 'pending' },
        annotations: {
          [ANNOTATION.certificate]: `x${line}`,
          [ANNOTATION.certificateUid]: `x${line}`,
          [ANNOTATION.need]: JSON.stringify({ hostnames: [`x${line}`], issuer: stage.issuerRef }),
        },
      },
      type: 'originca.dev/pending',
    });
    await stage.ask('told', { hostnames: [NAMES.mallory] }, { [ANNOTATION.holdUntil]: `x${line}` });
    await said(
      stage.mallory.kube,
      { name: 'told', namespace: stage.mallory.namespace },
      'HoldUntilInvalid',
      'Issuing',
    );
    const { logs } = stage.operator;
    expect(
      logs.map((each) => JSON.parse(each) as { msg?: string }).filter(({ msg }) => msg === 'all is lost'),
    ).toEqual([]);
    // oxlint-disable-next-line no-control-regex -- the point is that there is none
    expect(logs.filter((each) => /[\u0000-\u0009\u000b-\u001f]|\n./.test(each))).toEqual([]);
  });
});

test('all this time the certificates of the other tenant were as they had been', async () => {
  await expectUntouched();
  expect(text(await stage.scene.secret('shop-tls'), 'tls.crt')).toContain('BEGIN CERTIFICATE');
});
