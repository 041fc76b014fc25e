import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATION, VELERO_EXCLUDE_LABEL } from '../../../src/api/names.ts';
import type { OriginCertificate, OriginIssuer } from '../../../src/api/v1alpha1.ts';
import type { KubeObject, Secret } from '../../../src/kube/object.ts';
import { namespaces, secrets } from '../../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../../src/resources.ts';
import type { RunningOperator } from '../../support/scene-operator.ts';
import { Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { idIn, issued, lookedAt, postUnderWay, replaced } from './pairs.ts';

/** What a backup tool takes of a namespace. */
interface Backup {
  readonly secrets: readonly Secret[];
  readonly issuers: readonly OriginIssuer[];
  readonly certificates: readonly OriginCertificate[];
}

/** Everything that could be revoked after a restore would be. */
const REVOKES = { revocation: { superseded: 'Revoke', gracePeriod: '0s' } } as const;
const HOSTNAME = 'restored.example.com';
const SPEC = { hostnames: [HOSTNAME], ...REVOKES };

let scene: Scene;
let operator: RunningOperator;

beforeAll(async () => {
  scene = await Scene.start('restore');
});
beforeEach(async () => {
  await scene.createIssuer();
  operator = await scene.startOperator();
});
afterEach(async () => {
  await operator.stop();
  await scene.deleteCertificate('web');
  await scene.deleteSecret('web-tls');
});
afterAll(() => scene[Symbol.asyncDispose]());

const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const options = () => ({ signal: signal(), fieldManager: 'restore' });

async function backUp(): Promise<Backup> {
  const all = { namespace: scene.namespace, signal: signal() };
  const kept = await scene.kube.listAll(secrets, all);
  return {
    secrets: kept.filter(({ metadata }) => metadata.labels?.[VELERO_EXCLUDE_LABEL] !== 'true'),
    issuers: await scene.kube.listAll(originIssuers, all),
    certificates: await scene.kube.listAll(originCertificates, all),
  };
}

/** The namespace goes with all that is in it, under the operator's eyes, and comes back empty. */
async function loseNamespace(): Promise<void> {
  const name = scene.namespace;
  await scene.kube.delete(namespaces, { name }, options());
  await waitFor(
    'the namespace to be gone',
    async () => {
      const left = await scene.kube.get(namespaces, { name }, { signal: signal() });
      return left === undefined || new NotYet(left.metadata);
    },
    { timeoutMs: 60_000, intervalMs: 250 },
  );
  await scene.kube.create(namespaces, { metadata: { name } }, options());
}

async function restoreSecrets(backup: Backup, names = backup.secrets.map(nameOf)): Promise<void> {
  for (const secret of backup.secrets.filter((each) => names.includes(nameOf(each))))
    await scene.createSecret(withoutIdentity(secret));
}

/** As most tools do it: without status. */
async function restoreObjects({ issuers, certificates }: Backup): Promise<void> {
  for (const { status: _, ...issuer } of issuers)
    await scene.kube.create(originIssuers, withoutIdentity(issuer), options());
  for (const { status: _, ...certificate } of certificates)
    await scene.kube.create(originCertificates, withoutIdentity(certificate), options());
}

function withoutIdentity<T extends KubeObject>(object: T): T {
  const { name, namespace, labels, annotations } = object.metadata;
  return { ...object, metadata: { name, namespace, labels, annotations } };
}

const nameOf = ({ metadata }: Secret): string => metadata.name ?? '';

async function isInForce(id: string): Promise<boolean> {
  return (await scene.issued()).some((certificate) => certificate.id === id);
}

/** A certificate that was renewed on request, so that its object bears the annotation. Resolves to its id. */
async function renewedOnce(): Promise<string> {
  const first = await issued(scene, 'web', SPEC);
  await scene.applyCertificate('web', SPEC, { [ANNOTATION.renewRequestedAt]: 'once' });
  return replaced(scene, 'web', first);
}

describe('a namespace that is deleted and restored with new uids and without status', () => {
  test('Secrets first, gets nothing issued and nothing revoked', async () => {
    const id = await renewedOnce();
    const backup = await backUp();
    await loseNamespace();
    const posts = await scene.posts();
    await restoreSecrets(backup);
    await restoreObjects(backup);
    const { metadata, status } = await scene.settled('web');
    await lookedAt(scene, 'web');
    expect(metadata.uid).not.toBe(backup.certificates[0]?.metadata.uid);
    expect(status?.certificate?.id).toBe(id);
    expect(idIn(await scene.secret('web-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts);
    expect(await isInForce(id)).toBe(true);
  });

  test('objects first, gets nothing issued as long as the token is missing with the other Secrets', async () => {
    const id = await renewedOnce();
    const backup = await backUp();
    await loseNamespace();
    const posts = await scene.posts();
    await restoreObjects(backup);
    await scene.condition('web', 'Ready', 'IssuerNotReady', 'False');
    await restoreSecrets(backup, ['web-tls']);
    await scene.settled('web');
    await restoreSecrets(backup, ['cloudflare']);
    await lookedAt(scene, 'web');
    expect(idIn(await scene.secret('web-tls'))).toBe(id);
    expect(await scene.posts()).toBe(posts);
    expect(await isInForce(id)).toBe(true);
  });

  test('objects and token first, keeps the pair that comes while another is asked for, and revokes the other', async () => {
    const id = await renewedOnce();
    const backup = await backUp();
    await loseNamespace();
    const others = new Set((await scene.issued()).map((certificate) => certificate.id));
    await restoreSecrets(backup, ['cloudflare']);
    await postUnderWay(scene, HOSTNAME, () => restoreObjects(backup));
    await restoreSecrets(backup, ['web-tls']);
    await scene.settled('web');
    await lookedAt(scene, 'web');
    expect(idIn(await scene.secret('web-tls'))).toBe(id);
    const left = (await scene.issued()).filter((certificate) => !others.has(certificate.id));
    expect(left).toEqual([]);
    expect(await isInForce(id)).toBe(true);
  });
});

test('a restored certificate is replaced when it is asked for, and what it replaced is not revoked', async () => {
  const id = await renewedOnce();
  const backup = await backUp();
  await loseNamespace();
  await restoreSecrets(backup);
  await restoreObjects(backup);
  await scene.settled('web');
  await scene.applyCertificate('web', SPEC, { [ANNOTATION.renewRequestedAt]: 'twice' });
  const renewed = await replaced(scene, 'web', id);
  await lookedAt(scene, 'web');
  expect(await isInForce(renewed)).toBe(true);
  // It was issued for the object that was lost, and who else has its Secret nobody knows.
  expect(await isInForce(id)).toBe(true);
});
