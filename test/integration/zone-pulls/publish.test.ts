import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { configMaps, secrets } from '../../../src/kube/resource.ts';
import { testNamespace } from '../../support/cluster.ts';
import { PullStage, type Theatre } from './stage.ts';
import { openTheatre } from './theatre.ts';

let theatre: Theatre & AsyncDisposable;
let stage: PullStage;

beforeAll(async () => {
  theatre = await openTheatre();
});
beforeEach(async () => {
  stage = await PullStage.open(theatre);
});
afterEach(() => stage[Symbol.asyncDispose]());
afterAll(() => theatre[Symbol.asyncDispose]());

const write = () => ({ signal: AbortSignal.timeout(10_000), fieldManager: 'test' });
const target = (kind: 'Secret' | 'ConfigMap', name = 'ca', namespace = stage.namespace) => ({
  kind,
  namespace,
  name,
});

async function map(name = 'ca') {
  return theatre.admin.get(configMaps, { name, namespace: stage.namespace }, write());
}

describe('the CA is published', () => {
  test('in Secrets and ConfigMaps, with the name of its zone and nothing else', async () => {
    await stage.apply({ mode: 'Shared', publish: [target('Secret'), target('ConfigMap')] });
    await stage.presenting();
    const pem = await stage.objects.published('ca');
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(await map()).toMatchObject({
      metadata: { annotations: { [ANNOTATION.originZone]: stage.name } },
      data: { 'ca.crt': pem },
    });
    const secret = await theatre.admin.get(secrets, target('Secret'), write());
    expect(secret).toMatchObject({
      type: 'Opaque',
      metadata: { annotations: { [ANNOTATION.originZone]: stage.name } },
    });
    expect(Object.keys(secret?.data ?? {})).toEqual(['ca.crt']);
  });

  test('again where somebody changed or deleted it, in place', async () => {
    await stage.apply({ mode: 'Shared', publish: [target('Secret'), target('ConfigMap')] });
    await stage.presenting();
    const pem = await stage.objects.published('ca');
    const { metadata } = (await map()) ?? {};
    await theatre.admin.mergePatch(
      configMaps,
      target('ConfigMap'),
      { data: { 'ca.crt': 'garbage' } },
      write(),
    );
    await theatre.admin.delete(secrets, target('Secret'), write());
    const { status } = await stage.tick();
    expect(status?.safeToDemand).toBe(false);
    await stage.presenting();
    expect(await map()).toMatchObject({ metadata: { uid: metadata?.uid }, data: { 'ca.crt': pem } });
    expect(await stage.objects.published('ca')).toBe(pem);
  });

  test('no more where it is not listed any more, and what is there stays', async () => {
    await stage.apply({ mode: 'Shared', publish: [target('Secret'), target('Secret', 'second')] });
    await stage.presenting();
    await stage.apply({ mode: 'Shared', publish: [target('Secret')] });
    await stage.tick();
    expect(await stage.objects.published('second')).toBe(await stage.objects.published('ca'));
    const told = (await stage.events()).find((event) => event.startsWith('OriginPullUnlisted'));
    expect(told).toContain(`Secret ${stage.namespace}/second is no longer kept up to date`);
  });
});

describe('the CA is not published', () => {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, string]>([
    ['into what somebody else made', {}, { 'ca.crt': 'dGhlaXJz' }, 'is there without the annotation'],
    [
      'into what another zone keeps',
      { [ANNOTATION.originZone]: 'other' },
      {},
      'holds the CA of OriginZone other',
    ],
    [
      'beside other keys',
      { [ANNOTATION.originZone]: '' },
      { 'ca.crt': '', 'api-token': 'eA==' },
      'holds other keys than ca.crt (api-token)',
    ],
  ])('%s', async (_, annotations, data, why) => {
    const own = Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [key, value || stage.name]),
    );
    const there = { metadata: { name: 'ca', namespace: stage.namespace, annotations: own }, data };
    const { metadata } = await theatre.admin.create(secrets, there, write());
    await stage.apply({ mode: 'Shared', publish: [target('Secret'), target('ConfigMap')] });
    const { status, problems } = await stage.until(
      'Presenting',
      (report) => report.status?.state === 'Presenting',
    );
    expect(status?.safeToDemand).toBe(false);
    expect(problems).toMatchObject([{ reason: 'PublishRefused' }]);
    expect(problems[0]?.message).toContain(`Secret ${stage.namespace}/ca`);
    expect(problems[0]?.message).toContain(why);
    const after = await theatre.admin.get(secrets, target('Secret'), write());
    expect(after?.metadata.resourceVersion).toBe(metadata.resourceVersion);
    expect((await map())?.data).toHaveProperty('ca.crt');
  });

  test('into an immutable ConfigMap', async () => {
    const annotations = { [ANNOTATION.originZone]: stage.name };
    const there = {
      metadata: { name: 'ca', namespace: stage.namespace, annotations },
      immutable: true,
      data: { 'ca.crt': 'old' },
    };
    await theatre.admin.create(configMaps, there, write());
    await stage.apply({ mode: 'Shared', publish: [target('ConfigMap')] });
    const { problems } = await stage.until('Presenting', (report) => report.status?.state === 'Presenting');
    expect(problems[0]?.message).toContain(`ConfigMap ${stage.namespace}/ca is immutable`);
  });

  test('into a namespace that is not there, until it is', async () => {
    const later = `${stage.namespace}-later`;
    await stage.apply({ mode: 'Shared', publish: [target('Secret', 'ca', later)] });
    const { status, problems } = await stage.until(
      'Presenting',
      (report) => report.status?.state === 'Presenting',
    );
    expect(status?.safeToDemand).toBe(false);
    expect(problems[0]).toMatchObject({ reason: 'PublishRefused', stalled: false });
    expect(problems[0]?.message).toContain(`there is no namespace ${later}`);

    const there = await testNamespace('pulls-later');
    await stage.apply({ mode: 'Shared', publish: [target('Secret', 'ca', there)] });
    await stage.presenting();
  });
});

describe('the Secret of the CA', () => {
  test('that somebody else has made under its name is not touched', async () => {
    const name = `${stage.name}-origin-pull`;
    await stage.objects.putCa(name, { certificate: 'theirs', privateKey: 'theirs' });
    await stage.apply({ mode: 'Zone' });
    const { status, problems } = await stage.tick();
    expect(status?.state).toBe('SecretNotManaged');
    expect(problems[0]?.message).toContain(`Secret ${name} in namespace originca-system is of type Opaque`);
    expect(await stage.changes()).toEqual([]);
  });

  test.each<[string, { certificate: string; privateKey: string } | undefined, string, string]>([
    ['is missing', undefined, 'CaSecretMissing', 'There is no Secret'],
    [
      'holds garbage',
      { certificate: 'x', privateKey: 'y' },
      'CaSecretInvalid',
      'has no certificate in PEM under tls.crt',
    ],
  ])('that is given but %s is told', async (_, ca, reason, why) => {
    const name = `${stage.name}-ca`;
    if (ca) await stage.objects.putCa(name, ca);
    await stage.apply({ mode: 'Zone', caSecretRef: { name } });
    const { status, problems } = await stage.tick();
    expect(status?.state).toBe(reason);
    expect(problems[0]).toMatchObject({ reason, stalled: true });
    expect(problems[0]?.message).toContain(why);
    expect(await stage.changes()).toEqual([]);
  });
});
