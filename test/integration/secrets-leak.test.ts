import { createPrivateKey } from 'node:crypto';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANNOTATION } from '../../src/api/names.ts';
import type { KubeObject, Secret } from '../../src/kube/object.ts';
import { events, secrets } from '../../src/kube/resource.ts';
import { originCertificates, originIssuers } from '../../src/resources.ts';
import { applyManifests, type Manifest } from '../support/manifests.ts';
import type { CertificateVariant } from '../simulator/protocol.ts';
import { type RunningOperator, Scene } from '../support/scene.ts';
import { NotYet, waitFor } from '../support/wait.ts';

const TOKEN = 'PlantedTokenOne-0123456789abcdefghijklmnop';
const REFUSED_TOKEN = 'PlantedTokenTwo-0123456789abcdefghijklmnop';

let scene: Scene;
let operator: RunningOperator;
/** Every private key that was in a Secret of the namespace at any time, as `data` held it. */
const keys = new Set<string>();
const watching = new AbortController();
let watched: Promise<void>;

const signal = (): AbortSignal => AbortSignal.timeout(20_000);

beforeAll(async () => {
  scene = await Scene.start('leak');
  watched = collectKeys();
  await scene.simulator.seedToken({ value: TOKEN });
  await scene.simulator.seedToken({ value: REFUSED_TOKEN, status: 'disabled' });
  operator = await scene.startOperator({ flags: ['--log-level=trace'] });
});

afterAll(async () => {
  watching.abort();
  await watched;
  await removePolicy();
  await scene[Symbol.asyncDispose]();
});

async function collectKeys(): Promise<void> {
  const { namespace, kube } = scene;
  const { resourceVersion } = await kube.list(secrets, { namespace, signal: signal() });
  const options = { namespace, resourceVersion, timeoutSeconds: 600, signal: watching.signal };
  try {
    for await (const event of kube.watch(secrets, options)) {
      if (event.type === 'BOOKMARK') continue;
      const key = event.object.data?.['tls.key'];
      if (key) keys.add(key);
    }
  } catch (error) {
    if (!watching.signal.aborted) throw error;
  }
}

/** Refuses one Secret with a message that quotes its private key, as a careless policy may. */
function carelessPolicy(): Manifest[] {
  const name = `leak-${scene.namespace}`;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const key = "(has(object.data) && 'tls.key' in object.data ? string(object.data['tls.key']) : '')";
  const policy = {
    failurePolicy: 'Fail',
    matchConstraints: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': scene.namespace } },
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] },
      ],
    },
    matchConditions: [{ name: 'one', expression: "object.metadata.name == 'quoted-tls'" }],
    validations: [{ expression: `${key} == ''`, messageExpression: `'this key is not welcome: ' + ${key}` }],
  };
  const binding = { policyName: name, validationActions: ['Deny'] };
  return [
    { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec: policy } as Manifest,
    { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name }, spec: binding } as Manifest,
  ];
}

async function removePolicy(): Promise<void> {
  for (const { apiVersion, kind, metadata } of carelessPolicy().toReversed()) {
    const plural = kind.endsWith('y') ? `${kind.slice(0, -1).toLowerCase()}ies` : `${kind.toLowerCase()}s`;
    await scene.kube.delete({ apiVersion, kind, plural, namespaced: false }, metadata, { signal: signal() });
  }
}

/** Waits until the API server refuses as the policy says, which takes it a moment. */
async function untilPolicyRefuses(): Promise<void> {
  const data = { 'tls.key': Buffer.from('a key').toString('base64'), 'tls.crt': '' };
  const probe = {
    metadata: { name: 'quoted-tls', namespace: scene.namespace },
    type: 'kubernetes.io/tls',
    data,
  };
  await waitFor(
    'the policy to refuse',
    async () => {
      const options = { signal: signal(), fieldManager: 'test', dryRun: true };
      return scene.kube.create(secrets, probe, options).then(
        () => new NotYet('it let the Secret pass'),
        (error: Error) => error.message.includes('not welcome') || error.message.includes('denied'),
      );
    },
    { timeoutMs: 20_000 },
  );
}

async function putQuota(hard: string | undefined): Promise<void> {
  const metadata = { name: 'no-more', namespace: scene.namespace };
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', namespaced: true };
  if (hard === undefined) await scene.kube.delete(quota, metadata, { signal: signal() });
  else
    await applyManifests(scene.kube, [
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata,
        spec: { hard: { 'count/secrets': hard } },
      } as Manifest,
    ]);
}

/** Everything that the operator has said, by where it said it. Secrets without their data. */
async function said(): Promise<ReadonlyMap<string, string>> {
  const { namespace, kube } = scene;
  const all = (resource: Parameters<typeof kube.listAll>[0]): Promise<KubeObject[]> =>
    kube.listAll(resource, { namespace, signal: signal() });
  const withoutData = (secret: Secret): Secret => ({ ...secret, data: {} });
  const { body } = await request(`http://127.0.0.1:${operator.metricsPort}/metrics`);
  return new Map([
    ['logs', operator.logs.join('')],
    ['events', JSON.stringify(await all(events))],
    ['certificates', JSON.stringify(await all(originCertificates))],
    ['issuers', JSON.stringify(await all(originIssuers))],
    ['metadata of Secrets', JSON.stringify((await all(secrets)).map(withoutData))],
    ['metrics', await body.text()],
  ]);
}

/** Every way in which a private key could stand in a text; each is enough to know it. */
function spellings(data: string): readonly string[] {
  const pem = Buffer.from(data, 'base64').toString();
  const lines = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const { d = '' } = key.export({ format: 'jwk' });
  return [...lines, data, data.slice(60, 160), der.toString('base64'), der.toString('hex'), d];
}

async function issueAndRenew(): Promise<void> {
  await scene.putToken(`${TOKEN}\n`);
  await scene.apply(originIssuers, {
    metadata: { name: 'cloudflare', namespace: scene.namespace },
    spec: { apiTokenSecretRef: { name: 'cloudflare' } },
  });
  await scene.applyCertificate('good', { additionalOutputs: ['CombinedPEM'] });
  await scene.settled('good');
  const before = keys.size;
  await scene.applyCertificate(
    'good',
    { additionalOutputs: ['CombinedPEM'] },
    { [ANNOTATION.renewRequestedAt]: '1' },
  );
  await waitFor('a key of its own for the renewal', () => keys.size > before, { timeoutMs: 15_000 });
  await scene.settled('good');
  await scene.applyCertificate('rsa', { privateKey: { algorithm: 'RSA', size: 2048 } });
  await scene.settled('rsa');
}

async function loseAnswers(): Promise<void> {
  await scene.simulator.inject({ operation: 'createCertificate', resetAfter: true });
  await scene.applyCertificate('lost');
  await scene.settled('lost');
  await scene.simulator.inject({ operation: 'createCertificate', storedButFails: true });
  await scene.applyCertificate('failed');
  await scene.settled('failed');
}

async function answerWrongly(certificate: CertificateVariant): Promise<void> {
  await scene.simulator.inject({ operation: 'createCertificate', hostname: 'bad.example.com', certificate });
  const name = `bad-${certificate.toLowerCase()}`;
  await scene.applyCertificate(name, { hostnames: ['bad.example.com'] });
  await waitFor(
    'a failure in the status, or a good certificate after it',
    async () => {
      const { status } = (await scene.certificate(name)) ?? {};
      return status?.failure !== undefined || status?.certificate !== undefined || new NotYet(status);
    },
    { timeoutMs: 20_000 },
  );
  await scene.simulator.clearFaults();
}

/** Cloudflare quotes no token; a proxy on the way might. */
async function refuseQuotingTheToken(): Promise<void> {
  const message = `Invalid header: Bearer ${TOKEN}, token ${TOKEN}`;
  await scene.simulator.inject({ operation: 'createCertificate', status: 400, code: 1011, message });
  await scene.applyCertificate('refused', { hostnames: ['refused.example.com'] });
  await scene.condition('refused', 'Ready', 'RequestRejected', 'False');
}

async function refuseAToken(): Promise<void> {
  await scene.putToken(REFUSED_TOKEN, 'refused');
  await scene.apply(originIssuers, {
    metadata: { name: 'refused', namespace: scene.namespace },
    spec: { apiTokenSecretRef: { name: 'refused' } },
  });
  await scene.applyCertificate('unlucky', { issuerRef: { kind: 'OriginIssuer', name: 'refused' } });
  await waitFor(
    'the certificate to repeat why',
    async () => {
      const { status } = (await scene.certificate('unlucky')) ?? {};
      return JSON.stringify(status).includes('is disabled') || new NotYet(status);
    },
    { timeoutMs: 15_000 },
  );
}

/** By quota, and by a policy that quotes the private key. */
async function refuseSecrets(): Promise<void> {
  await putQuota('0');
  await scene.applyCertificate('crowded');
  await scene.condition('crowded', 'Ready', 'SecretWriteRefused', 'False');
  await putQuota(undefined);
  await applyManifests(scene.kube, carelessPolicy());
  await untilPolicyRefuses();
  await scene.applyCertificate('quoted');
  await scene.condition('quoted', 'Ready', 'SecretWriteRefused', 'False');
}

const WRONG_ANSWERS = ['otherKey', 'otherHostnames', 'garbage'] as const;

test('no log line, event, status or metric holds a token or a private key, in good weather or bad', async () => {
  await issueAndRenew();
  await loseAnswers();
  for (const variant of WRONG_ANSWERS) await answerWrongly(variant);
  await refuseQuotingTheToken();
  await refuseAToken();
  await refuseSecrets();

  expect(keys.size).toBeGreaterThanOrEqual(10);
  const needles = [TOKEN, REFUSED_TOKEN].flatMap((token) => [token, Buffer.from(token).toString('base64')]);
  for (const data of keys) needles.push(...spellings(data));
  const texts = await said();
  const found = [...texts].flatMap(([where, text]) =>
    needles.filter((needle) => text.includes(needle)).map((needle) => `${where}: ${needle}`),
  );
  expect(found).toEqual([]);
  expect([...texts].filter(([, text]) => text.length < 100)).toEqual([]);

  // The last net of the log is for mistakes: nothing may depend on it. The token was taken out of the answer itself.
  const caught = operator.logs.filter(
    (line) => line.includes('[redacted]') && !line.includes('Invalid header'),
  );
  expect(caught).toEqual([]);

  // The search itself works: where keys and tokens are, it finds them.
  const { namespace, kube } = scene;
  const stored = JSON.stringify(await kube.listAll(secrets, { namespace, signal: signal() }));
  const there = [...keys].filter((data) => spellings(data).some((needle) => stored.includes(needle)));
  expect(there.length).toBeGreaterThanOrEqual(5);
  expect(stored).toContain(Buffer.from(REFUSED_TOKEN).toString('base64'));
}, 120_000);
