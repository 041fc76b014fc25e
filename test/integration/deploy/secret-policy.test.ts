import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ANNOTATION,
  FINALIZER,
  MANAGED_LABEL,
  ORIGIN_PULL_SECRET_TYPE,
  PENDING_SECRET_PREFIX,
  PENDING_SECRET_TYPE,
} from '../../../src/api/names.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ConfigMap, Secret } from '../../../src/kube/object.ts';
import { configMaps, secrets } from '../../../src/kube/resource.ts';
import { originCertificates } from '../../../src/resources.ts';
import { testNamespace } from '../../support/cluster.ts';
import { kubeClient, OPERATOR_ACCOUNT } from '../../support/kube-clients.ts';
import { kustomizeBuild } from '../../support/kustomize.ts';
import { applyManifests } from '../../support/manifests.ts';
import { waitFor } from '../../support/wait.ts';

let admin: KubeClient;
let operator: KubeClient;
let namespace: string;

const options = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'originca-certificate' });

function secret(name: string, type: string, annotations: Record<string, string> = {}): Secret {
  const data = type === 'kubernetes.io/tls' ? { 'tls.crt': '', 'tls.key': '' } : {};
  return { metadata: { name, namespace, annotations }, type, data };
}

const ours = { [ANNOTATION.certificate]: 'shop' };
const forZone = { [ANNOTATION.originZone]: 'example.com' };
const tls = 'kubernetes.io/tls';
const CERTIFICATE = {
  secretName: 'shop-tls',
  hostnames: ['example.com'],
  issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' },
};
const notPublished = (name: string): string =>
  `origin-ca-operator writes Opaque Secrets only with the annotation originca.dev/origin-zone and no key but ca.crt, or the pair of one that it has taken over (existingSecret: Adopt), and ${name} is none; where it was, put its annotation originca.dev/adopted: "true" back, or delete it`;

function publishedSecret(annotations: Record<string, string> = forZone, data = { 'ca.crt': 'Q0E=' }): Secret {
  return { ...secret('ca', 'Opaque', annotations), data };
}

function publishedMap(annotations: Record<string, string> = forZone, data = { 'ca.crt': 'CA' }): ConfigMap {
  return { metadata: { name: 'ca', namespace, annotations }, data };
}
const pendingSecret = (): Secret => secret(`${PENDING_SECRET_PREFIX}1`, PENDING_SECRET_TYPE);

/** A policy takes effect some moments after it was stored. */
async function policyInForce(): Promise<void> {
  const probe = { ...secret('probe', 'Opaque'), metadata: { name: 'probe', namespace } };
  await waitFor(
    'the policy to refuse an Opaque Secret of the operator',
    async () => {
      const refused = await operator.create(secrets, probe, { ...options(), dryRun: true }).then(
        () => false,
        (error: unknown) => String(error).includes('origin-ca-operator-secrets'),
      );
      return refused;
    },
    { timeoutMs: 30_000 },
  );
}

beforeAll(async () => {
  admin = await kubeClient();
  await applyManifests(admin, await kustomizeBuild('deploy'));
  operator = await kubeClient({ serviceAccount: OPERATOR_ACCOUNT });
  namespace = await testNamespace('policy');
  await policyInForce();
});

afterAll(async () => {
  await Promise.all([admin.close(), operator.close()]);
});

beforeEach(async () => {
  namespace = await testNamespace('policy');
});

/** The end of the message, which is what the policy says. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  const message = await attempt.then(
    () => 'was allowed',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return message.replace(/^.* denied request: /, '');
}

describe("the operator's account", () => {
  test('makes a TLS Secret for an OriginCertificate and changes it', async () => {
    await operator.apply(secrets, secret('shop-tls', tls, ours), options());
    const label = { metadata: { labels: { [MANAGED_LABEL]: 'released' } } };
    const changed = await operator.mergePatch(secrets, { name: 'shop-tls', namespace }, label, options());
    expect(changed.metadata.labels).toEqual({ [MANAGED_LABEL]: 'released' });
  });

  test('makes, changes and deletes a pending Secret', async () => {
    const { metadata } = await operator.create(secrets, pendingSecret(), options());
    const ref = { name: metadata.name ?? '', namespace };
    await operator.mergePatch(
      secrets,
      ref,
      { metadata: { annotations: { [ANNOTATION.postedAt]: '1' } } },
      options(),
    );
    expect(await operator.delete(secrets, ref, options())).toBe('deleted');
  });

  test('reads any Secret, since an API token has no mark of ours', async () => {
    await admin.create(secrets, secret('cloudflare', 'Opaque'), options());
    expect(await operator.get(secrets, { name: 'cloudflare', namespace }, options())).toMatchObject({
      type: 'Opaque',
    });
  });

  test('cannot make a Secret of another type, whatever it claims to be', async () => {
    const attempt = operator.apply(secrets, secret('token', 'example.com/token', ours), options());
    expect(await refusal(attempt)).toBe(
      'origin-ca-operator writes only Secrets of type kubernetes.io/tls, originca.dev/pending, originca.dev/origin-pull, Opaque, and token is of type example.com/token',
    );
  });

  test('cannot make an Opaque Secret for an OriginCertificate', async () => {
    const attempt = operator.apply(secrets, secret('token', 'Opaque', ours), options());
    expect(await refusal(attempt)).toBe(notPublished('token'));
  });

  test('cannot make a TLS Secret that it keeps for nobody', async () => {
    const attempt = operator.apply(secrets, secret('shop-tls', tls), options());
    expect(await refusal(attempt)).toBe(
      'origin-ca-operator writes only TLS Secrets that it keeps for an OriginCertificate, and shop-tls has no annotation originca.dev/certificate',
    );
  });

  test('cannot make a pending Secret under a name that is not reserved', async () => {
    const attempt = operator.create(secrets, secret('shop', PENDING_SECRET_TYPE), options());
    expect(await refusal(attempt)).toBe(
      'origin-ca-operator writes Secrets of type originca.dev/pending only under names that begin with originca-pending-, and shop does not',
    );
  });

  test("cannot take over somebody else's TLS Secret, even by force", async () => {
    await admin.create(secrets, secret('theirs', tls), options());
    const attempt = operator.apply(secrets, secret('theirs', tls, ours), { ...options(), force: true });
    expect(await refusal(attempt)).toBe(
      'origin-ca-operator writes only TLS Secrets that it keeps for an OriginCertificate, and theirs has no annotation originca.dev/certificate',
    );
  });

  test.each<[string, Record<string, string>]>([
    ['an API token', {}],
    ['an API token on which a tenant has planted our annotation', ours],
    ['an API token on which a tenant has planted the annotation of a zone', forZone],
  ])('cannot change %s', async (_, annotations) => {
    await admin.create(secrets, secret('cloudflare', 'Opaque', annotations), options());
    const patch = { stringData: { 'api-token': 'x' } };
    const attempt = operator.mergePatch(secrets, { name: 'cloudflare', namespace }, patch, options());
    expect(await refusal(attempt)).toBe(notPublished('cloudflare'));
  });

  test.each<[string, string, Record<string, string>]>([
    ['a Secret that serves', tls, ours],
    ['an API token', 'Opaque', {}],
    ['a pending Secret that is not named so', PENDING_SECRET_TYPE, {}],
    ['a CA that origins read', 'Opaque', forZone],
    ['the CA of origin pulls', ORIGIN_PULL_SECRET_TYPE, forZone],
  ])('cannot delete %s', async (_, type, annotations) => {
    await admin.create(secrets, secret('shop', type, annotations), options());
    expect(await refusal(operator.delete(secrets, { name: 'shop', namespace }, options()))).toBe(
      'origin-ca-operator deletes only its own originca-pending-* Secrets and TLS Secrets that their OriginCertificate owns, and shop is none',
    );
  });

  /** A TLS Secret with an owner that exists: the garbage collector would delete it otherwise. */
  async function owned(ownerName: string, kind: string, annotations: Record<string, string>) {
    const made = { metadata: { name: ownerName, namespace }, spec: CERTIFICATE };
    const { metadata: of } = await admin.create(originCertificates, made as never, options());
    const { metadata, ...rest } = secret('shop-tls', tls, annotations);
    const owner = { apiVersion: 'originca.dev/v1alpha1', kind, name: ownerName, uid: of.uid };
    return admin.create(secrets, { ...rest, metadata: { ...metadata, ownerReferences: [owner] } }, options());
  }

  test('deletes a TLS Secret that its OriginCertificate owns, as it was read', async () => {
    const { metadata } = await owned('shop', 'OriginCertificate', ours);
    const { uid = '', resourceVersion = '' } = metadata;
    const ref = { name: 'shop-tls', namespace };
    expect(await operator.delete(secrets, ref, { ...options(), uid, resourceVersion })).toBe('deleted');
  });

  test.each<[string, string, string, Record<string, string>]>([
    ['that another owns', 'other', 'OriginCertificate', ours],
    ['that an object of another kind owns', 'shop', 'Deployment', ours],
    ['that was there before', 'shop', 'OriginCertificate', { ...ours, [ANNOTATION.adopted]: 'true' }],
  ])('cannot delete a TLS Secret %s', async (_, ownerName, kind, annotations) => {
    await owned(ownerName, kind, annotations);
    const attempt = operator.delete(secrets, { name: 'shop-tls', namespace }, options());
    expect(await refusal(attempt)).toMatch(/^origin-ca-operator deletes only/);
  });
});

describe("the operator's account and a Secret that was there before", () => {
  const taken = { ...ours, [ANNOTATION.adopted]: 'true' };
  const pair = { 'tls.crt': 'MQ==', 'tls.key': 'MQ==' };
  const next = { 'tls.crt': 'Mg==', 'tls.key': 'Mg==', 'tls-combined.pem': 'Mg==' };
  const change = (patch: object): Promise<string> =>
    refusal(operator.mergePatch(secrets, { name: 'theirs', namespace }, patch, options()));
  const there = (type: string, data: object, annotations = {}) =>
    admin.create(secrets, { ...secret('theirs', type, annotations), data: { ...data } }, options());

  test.each([tls, 'Opaque'])('puts its name on it (%s) and changes the pair after that', async (type) => {
    await there(type, { ...pair, 'theirs.txt': 'MQ==' });
    expect(await change({ metadata: { annotations: taken } })).toBe('was allowed');
    expect(await change({ data: next })).toBe('was allowed');
    expect(await change({ data: { 'tls-combined.pem': null } })).toBe('was allowed');
  });

  test.each<[string, string, Record<string, string>, object]>([
    ['and changes the pair at once', tls, pair, { metadata: { annotations: taken }, data: next }],
    ['and changes an Opaque pair at once', 'Opaque', pair, { metadata: { annotations: taken }, data: next }],
    ['without saying that it was there before', tls, pair, { metadata: { annotations: ours } }],
    ['that holds no pair', 'Opaque', { 'api-token': 'MQ==' }, { metadata: { annotations: taken } }],
    ['that holds nothing', 'Opaque', {}, { metadata: { annotations: taken } }],
    ['that publishes a CA', 'Opaque', { 'ca.crt': 'MQ==' }, { metadata: { annotations: taken } }],
  ])('cannot put its name on one %s', async (_, type, data, patch) => {
    await there(type, data);
    expect(await change(patch)).toMatch(/^origin-ca-operator writes .*theirs/);
  });

  test.each<[string, Record<string, string>, object, Record<string, string>]>([
    ['what else it holds', { ...pair, 'theirs.txt': 'MQ==' }, { 'theirs.txt': 'Mg==' }, taken],
    ['and remove what else it holds', { ...pair, 'theirs.txt': 'MQ==' }, { 'theirs.txt': null }, taken],
    ['and remove the pair', pair, { 'tls.key': null }, taken],
    ['and add to it', pair, { 'more.txt': 'Mg==' }, taken],
    ['where it was not taken over', pair, next, ours],
    [
      'where a tenant has planted the notes on an API token',
      { 'api-token': 'MQ==' },
      { 'api-token': 'Mg==' },
      taken,
    ],
  ])('cannot change an Opaque one, %s', async (_, data, changed, annotations) => {
    await there('Opaque', data, annotations);
    expect(await change({ data: changed })).toBe(notPublished('theirs'));
  });

  test('cannot give it an owner, with whom it would be deleted', async () => {
    await there(tls, pair, taken);
    const owner = { apiVersion: 'originca.dev/v1alpha1', kind: 'OriginCertificate', name: 'a', uid: 'u' };
    expect(await change({ metadata: { ownerReferences: [owner] } })).toBe(
      'origin-ca-operator gives no owner to a Secret that was there before (originca.dev/adopted), and theirs is one',
    );
  });

  test('cannot delete it', async () => {
    await there('Opaque', pair, taken);
    expect(await refusal(operator.delete(secrets, { name: 'theirs', namespace }, options()))).toMatch(
      /^origin-ca-operator deletes only/,
    );
  });
});

describe("the operator's account and an OriginCertificate", () => {
  const patch = (body: object) =>
    operator.mergePatch(originCertificates, { name: 'shop', namespace }, body, options());

  beforeEach(async () => {
    const made = {
      metadata: { name: 'shop', namespace, finalizers: ['example.com/theirs'] },
      spec: CERTIFICATE,
    };
    await admin.create(originCertificates, made as never, options());
  });
  afterEach(async () => {
    const ref = { name: 'shop', namespace };
    await admin.mergePatch(originCertificates, ref, { metadata: { finalizers: [] } }, options());
  });

  test('puts its finalizer on it and takes it off', async () => {
    const both = ['example.com/theirs', FINALIZER];
    expect((await patch({ metadata: { finalizers: both } })).metadata.finalizers).toEqual(both);
    const theirs = ['example.com/theirs'];
    expect((await patch({ metadata: { finalizers: theirs } })).metadata.finalizers).toEqual(theirs);
  });

  test.each<[string, object]>([
    ['its spec', { spec: { suspend: true } }],
    ['its annotations', { metadata: { annotations: { a: 'b' } } }],
    ['its labels', { metadata: { labels: { a: 'b' } } }],
    ['the finalizers of others', { metadata: { finalizers: [FINALIZER] } }],
  ])('cannot change %s', async (_, body) => {
    expect(await refusal(patch(body))).toBe(
      'origin-ca-operator changes nothing of an OriginCertificate but its status and the finalizer originca.dev/revoke, and shop would be another',
    );
  });
});

describe("the operator's account and what it publishes", () => {
  test('makes a Secret with a CA for a zone and changes it', async () => {
    await operator.apply(secrets, publishedSecret(), options());
    const changed = await operator.apply(
      secrets,
      publishedSecret(forZone, { 'ca.crt': 'bmV4dA==' }),
      options(),
    );
    expect(changed.data).toEqual({ 'ca.crt': 'bmV4dA==' });
  });

  test('makes a ConfigMap with a CA for a zone and changes it', async () => {
    await operator.apply(configMaps, publishedMap(), options());
    const changed = await operator.apply(configMaps, publishedMap(forZone, { 'ca.crt': 'next' }), options());
    expect(changed.data).toEqual({ 'ca.crt': 'next' });
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['for no zone', {}, { 'ca.crt': 'Q0E=' }],
    ['with another key', forZone, { 'ca.crt': 'Q0E=', 'api-token': 'Q0E=' }],
  ])('cannot make a Secret or a ConfigMap %s', async (_, annotations, data) => {
    const published = data as { 'ca.crt': string };
    const secretTried = operator.apply(secrets, publishedSecret(annotations, published), options());
    expect(await refusal(secretTried)).toBe(notPublished('ca'));
    const mapTried = operator.apply(configMaps, publishedMap(annotations, published), options());
    expect(await refusal(mapTried)).toBe(
      'origin-ca-operator writes ConfigMaps only with the annotation originca.dev/origin-zone and no key but ca.crt, and ca is none',
    );
  });

  test("cannot take over somebody else's Secret or ConfigMap, even by force", async () => {
    await admin.create(secrets, publishedSecret({}), options());
    await admin.create(configMaps, publishedMap({}), options());
    const force = { ...options(), force: true };
    expect(await refusal(operator.apply(secrets, publishedSecret(), force))).toBe(notPublished('ca'));
    expect(await refusal(operator.apply(configMaps, publishedMap(), force))).toMatch(/and ca is none$/);
  });

  test('has no right to delete a ConfigMap', async () => {
    await admin.create(configMaps, publishedMap(), options());
    const attempt = operator.delete(configMaps, { name: 'ca', namespace }, options());
    expect(await refusal(attempt)).toMatch(/cannot delete resource "configmaps"/);
  });
});

describe("the operator's account and the CA of origin pulls", () => {
  const where = 'originca-system';
  let name: string;
  const pullSecret = (parts: Partial<Secret['metadata']> = {}): Secret => ({
    metadata: { name, namespace: where, annotations: forZone, ...parts },
    type: ORIGIN_PULL_SECRET_TYPE,
    data: { 'ca.crt': 'Q0E=', 'ca.key': 'S0VZ' },
  });
  const refused = (refusedName: string): string =>
    `origin-ca-operator writes Secrets of type originca.dev/origin-pull only in its own namespace, under names that end in -origin-pull and with the annotation originca.dev/origin-zone, and ${refusedName} is none`;

  beforeEach(() => {
    name = `${namespace}-origin-pull`;
  });
  afterEach(async () => {
    await admin.delete(secrets, { name, namespace: where }, options());
  });

  test('makes it in its own namespace and changes it', async () => {
    await operator.create(secrets, pullSecret(), options());
    const leaf = { data: { 'tls.crt': 'TEVBRg==' } };
    const changed = await operator.mergePatch(secrets, { name, namespace: where }, leaf, options());
    expect(changed.data).toEqual({ 'ca.crt': 'Q0E=', 'ca.key': 'S0VZ', 'tls.crt': 'TEVBRg==' });
  });

  test.each<[string, () => Secret]>([
    ['in another namespace', () => pullSecret({ namespace })],
    ['under another name', () => pullSecret({ name: `${namespace}-other` })],
    ['for no zone', () => pullSecret({ annotations: {} })],
  ])('cannot make it %s', async (_, wanted) => {
    const tried = wanted();
    expect(await refusal(operator.create(secrets, tried, options()))).toBe(
      refused(tried.metadata.name ?? ''),
    );
  });
});

test('people are not held to the policy', async () => {
  await admin.create(secrets, secret('token', 'Opaque'), options());
  expect(await admin.delete(secrets, { name: 'token', namespace }, options())).toBe('deleted');
});
