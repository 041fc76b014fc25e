import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { clusterOriginIssuers, originCertificates, originIssuers } from '../../../src/resources.ts';
import { testNamespace } from '../../support/cluster.ts';
import { kubeClient } from '../../support/kube-clients.ts';
import { Refusals, shown } from '../../support/refusals.ts';

let client: KubeClient;
let refusals: Refusals;

beforeAll(async () => {
  client = await kubeClient();
  refusals = new Refusals(client, await testNamespace('refusals'));
});

afterAll(async () => {
  await client.close();
});

const label64 = `${'a'.repeat(64)}.com`;
const name254 = `${'a.'.repeat(126)}co`;
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `h${i}.example.com`);

describe('an OriginCertificate', () => {
  const good = { secretName: 'tls', hostnames: ['example.com'], issuerRef: { name: 'cloudflare' } };
  const hostnameIs = (name: string, what: string): [object, string] => [
    { hostnames: [name] },
    `spec.hostnames[0]: Invalid value: "${name}": ${what}`,
  ];
  const star = 'has a * elsewhere than as its whole first label: only *.example.com is possible';
  const noDuration = 'is no duration: write hours, minutes and seconds, such as 720h or 1h30m';
  const ours = (key: string): string =>
    `Invalid value: has the key ${key}, which is under originca.dev/: those belong to the operator, leave it out`;
  const tracking = (key: string): string =>
    `Invalid value: has the key ${key}, by which GitOps tools track what they applied: such a tool would delete the Secret, leave it out`;

  test.each<[object, string]>([
    hostnameIs('1.2.3.4', 'is an IP address: only DNS names are possible'),
    hostnameIs('2001:db8::1', 'is an IP address or carries a port: only DNS names are possible'),
    hostnameIs('https://a.example.com', 'is a URL: write the host alone, as in example.com'),
    hostnameIs('*.com', 'has too few labels: at least two are needed, as in example.com or *.example.com'),
    hostnameIs('a.*.b.com', star),
    hostnameIs('**.x.com', star),
    hostnameIs('Example.com', 'has upper-case letters: write it in lower case'),
    hostnameIs('example.com.', 'ends with a dot: leave the dot out'),
    hostnameIs('bücher.example', 'is not ASCII: write its xn-- form'),
    hostnameIs(
      'my_host.com',
      'has a character that no hostname has: only letters, digits, hyphens and dots are possible',
    ),
    hostnameIs(label64, 'has a label of more than 63 characters: shorten it'),
    hostnameIs('', 'spec.hostnames[0] in body should be at least 1 chars long'),
    [{ hostnames: [name254] }, 'spec.hostnames[0]: Too long: may not be more than 253 bytes'],
    [{ hostnames: ['a.com', 'b.com', 'a.com'] }, 'spec.hostnames[2]: Duplicate value: "a.com"'],
    [{ hostnames: names(101) }, 'spec.hostnames: Too many: 101: must have at most 100 items'],
    [
      { hostnames: [] },
      'spec.hostnames: Invalid value: 0: spec.hostnames in body should have at least 1 items',
    ],
    [
      { validityDays: 60 },
      'spec.validityDays: Unsupported value: 60: supported values: "7", "30", "90", "365", "730", "1095", "5475"',
    ],
    [
      { validityDays: 7, renewBefore: '168h' },
      'spec.renewBefore: Invalid value: is 168h, which is not shorter than the time that the certificate is valid (validityDays): write less, or leave it out for a third of that',
    ],
    [
      { existingSecret: 'Take' },
      'spec.existingSecret: Unsupported value: "Take": supported values: "Refuse", "Adopt"',
    ],
    [
      { secretDeletionPolicy: 'Orphan' },
      'spec.secretDeletionPolicy: Unsupported value: "Orphan": supported values: "Retain", "Delete"',
    ],
    [
      { revocation: { superseded: 'Delete' } },
      'spec.revocation.superseded: Unsupported value: "Delete": supported values: "Retain", "Revoke"',
    ],
    [
      { revocation: { superseded: 'Revoke', gracePeriod: '1d' } },
      'spec.revocation.gracePeriod: Invalid value: "1d": is no duration: write hours, minutes and seconds, such as 24h or 1h30m',
    ],
    [
      { revocation: { onDelete: 'Revoke' } },
      'spec.revocation.onDelete: Invalid value: is Revoke, which needs secretDeletionPolicy: Delete, so that no Secret is left with a revoked certificate',
    ],
    [{ renewBefore: '1 month' }, `spec.renewBefore: Invalid value: "1 month": ${noDuration}`],
    [{ renewBefore: '1d' }, `spec.renewBefore: Invalid value: "1d": ${noDuration}`],
    [{ renewBefore: '-5h' }, `spec.renewBefore: Invalid value: "-5h": ${noDuration}`],
    [
      { renewBefore: '0s' },
      'spec.renewBefore: Invalid value: "0s": must be more than 0s, so that a certificate is renewed before it expires',
    ],
    [
      { privateKey: { algorithm: 'RSA', size: 1024 } },
      'spec.privateKey.size: Unsupported value: 1024: supported values: "256", "384", "2048", "3072", "4096"',
    ],
    [
      { privateKey: { algorithm: 'RSA', size: 256 } },
      'spec.privateKey.size: Invalid value: is 256, but an RSA key has 2048, 3072 or 4096 bits: write one of these, or leave size out for 2048',
    ],
    [
      { privateKey: { algorithm: 'ECDSA', size: 2048 } },
      'spec.privateKey.size: Invalid value: is 2048, but an ECDSA key has 256 or 384 bits: write one of these, or leave size out for 256',
    ],
    [{ privateKey: { size: 384 } }, 'spec.privateKey.algorithm: Required value'],
    [
      { secretName: '' },
      'spec.secretName: Invalid value: "": spec.secretName in body should be at least 1 chars long',
    ],
    [
      { secretName: 'originca-pending-1' },
      'spec.secretName: Invalid value: "originca-pending-1": is reserved: Secrets that begin with originca-pending- hold issuances that are not finished; write another name',
    ],
    [
      { secretName: 'My_Secret' },
      'spec.secretName: Invalid value: "My_Secret": is no name that a Secret can have: only lower-case letters, digits, inner hyphens and inner dots are possible',
    ],
    [
      { secretTemplate: { labels: { 'originca.dev/managed': 'no' } } },
      `spec.secretTemplate.labels: ${ours('originca.dev/managed')}`,
    ],
    [
      { secretTemplate: { annotations: { 'originca.dev/need': '{}' } } },
      `spec.secretTemplate.annotations: ${ours('originca.dev/need')}`,
    ],
    [
      { secretTemplate: { labels: { 'app.kubernetes.io/instance': 'a' } } },
      `spec.secretTemplate.labels: ${tracking('app.kubernetes.io/instance')}`,
    ],
    [
      { secretTemplate: { annotations: { 'argocd.argoproj.io/tracking-id': 'a' } } },
      `spec.secretTemplate.annotations: ${tracking('argocd.argoproj.io/tracking-id')}`,
    ],
    [
      { secretTemplate: { labels: { 'a b': 'c' } } },
      'spec.secretTemplate.labels: Invalid value: has the key a b, which is none for a label or annotation: write name or example.com/name, the name of 63 characters at most',
    ],
    [
      { secretTemplate: { labels: { team: 'a b' } } },
      'spec.secretTemplate.labels[team]: Invalid value: "a b": is no value that a label can have: only letters, digits and inner -, _ and . are possible',
    ],
    [
      { additionalOutputs: ['JKS'] },
      'spec.additionalOutputs[0]: Unsupported value: "JKS": supported values: "CombinedPEM", "CABundle"',
    ],
    [
      { issuerRef: { kind: 'Issuer', name: 'a' } },
      'spec.issuerRef.kind: Unsupported value: "Issuer": supported values: "OriginIssuer", "ClusterOriginIssuer"',
    ],
    [{ issuerRef: {} }, 'spec.issuerRef.name: Required value'],
  ])('with %j is refused in one sentence', async (change, sentence) => {
    expect(await refusals.of(originCertificates, { ...good, ...change })).toEqual([shown(sentence)]);
  });

  test('with several mistakes is told all of them', async () => {
    const refusal = await refusals.of(originCertificates, {
      ...good,
      hostnames: ['Example.com.', 'ok.com', '*.com'],
    });
    expect(refusal).toEqual(
      [
        'spec.hostnames[0]: Invalid value: "Example.com.": has upper-case letters: write it in lower case',
        'spec.hostnames[0]: Invalid value: "Example.com.": ends with a dot: leave the dot out',
        'spec.hostnames[2]: Invalid value: "*.com": has too few labels: at least two are needed, as in example.com or *.example.com',
      ].map(shown),
    );
  });

  const longest = (i: number): string =>
    `${String(i).padStart(3, '0')}${'a'.repeat(60)}.${'b.'.repeat(93)}com`;

  test.each<[string, object]>([
    [
      'an international name in its xn-- form',
      { hostnames: ['xn--bcher-kva.example', '*.xn--bcher-kva.example'] },
    ],
    ['a wildcard of two labels', { hostnames: ['*.example.com', 'example.com'] }],
    ['100 names of 253 characters', { hostnames: Array.from({ length: 100 }, (_, i) => longest(i)) }],
    ['every kind of key', { privateKey: { algorithm: 'RSA', size: 4096 } }],
    ['a key without a size', { privateKey: { algorithm: 'RSA' } }],
    ['a renewBefore just below the validity', { validityDays: 7, renewBefore: '167h59m59s' }],
    [
      'all outputs and a template',
      {
        additionalOutputs: ['CombinedPEM', 'CABundle'],
        secretTemplate: {
          labels: { 'app.kubernetes.io/part-of': 'shop' },
          annotations: { 'example.com/note': 'any text: ü' },
        },
      },
    ],
    ['a ClusterOriginIssuer', { issuerRef: { kind: 'ClusterOriginIssuer', name: 'all' } }],
  ])('with %s is taken', async (_, change) => {
    const { spec } = await refusals.tryCreate(originCertificates, { ...good, ...change });
    expect(spec).toMatchObject(change);
  });

  test('has its defaults filled in, and none where an issuer has a say', async () => {
    const created = await refusals.tryCreate(originCertificates, good);
    expect(created.spec).toEqual({
      ...good,
      issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' },
      suspend: false,
    });
    expect(created).toMatchObject({ status: { observedGeneration: -1 } });
  });
});

describe('an issuer', () => {
  const token = { apiTokenSecretRef: { name: 'cloudflare' } };

  test.each<[object, string]>([
    [{ apiTokenSecretRef: undefined }, 'spec.apiTokenSecretRef: Required value'],
    [
      { apiTokenSecretRef: { name: 'a', key: 'a b' } },
      'spec.apiTokenSecretRef.key: Invalid value: "a b": is no key that a Secret can have: only letters, digits and -, _ and . are possible',
    ],
    [
      { defaults: { validityDays: 60 } },
      'spec.defaults.validityDays: Unsupported value: 60: supported values: "7", "30", "90", "365", "730", "1095", "5475"',
    ],
    [
      { defaults: { privateKey: { algorithm: 'RSA', size: 384 } } },
      'spec.defaults.privateKey.size: Invalid value: is 384, but an RSA key has 2048, 3072 or 4096 bits: write one of these, or leave size out for 2048',
    ],
    [{ allow: [] }, 'spec.allow: Invalid value: 0: spec.allow in body should have at least 1 items'],
    [
      { allow: [{ hostnames: ['*'] }] },
      'spec.allow[0].hostnames[0]: Invalid value: "*": has a * elsewhere than as its whole first label: only *.example.com is possible',
    ],
  ])('of a namespace with %j is refused in one sentence', async (change, sentence) => {
    expect(await refusals.of(originIssuers, { ...token, ...change })).toContain(shown(sentence));
  });

  const allow = (namespaceSelector: object | undefined): object => ({
    allow: [{ namespaceSelector, hostnames: ['example.com'] }],
  });

  test.each<[object, string]>([
    [{}, 'spec.allow: Required value'],
    [allow(undefined), 'spec.allow[0].namespaceSelector: Required value'],
    [
      allow({ matchExpressions: [{ key: 'team', operator: 'In' }] }),
      'spec.allow[0].namespaceSelector.matchExpressions[0].values: Invalid value: is empty, but operator In needs values: write some, or use Exists or DoesNotExist',
    ],
    [
      allow({ matchExpressions: [{ key: 'team', operator: 'Exists', values: ['a'] }] }),
      'spec.allow[0].namespaceSelector.matchExpressions[0].values: Invalid value: has values, but operator Exists takes none: leave them out, or use In or NotIn',
    ],
  ])('of the cluster with %j is refused in one sentence', async (change, sentence) => {
    expect(await refusals.of(clusterOriginIssuers, { ...token, ...change })).toEqual([shown(sentence)]);
  });

  test('has its defaults filled in', async () => {
    const created = await refusals.tryCreate(originIssuers, token);
    expect(created.spec).toEqual({ apiTokenSecretRef: { name: 'cloudflare', key: 'api-token' } });
    expect(created).toMatchObject({ status: { observedGeneration: -1 } });
  });

  test('of the cluster may be open to all', async () => {
    const created = await refusals.tryCreate(clusterOriginIssuers, { ...token, ...allow({}) });
    expect(created.spec).toMatchObject({ allow: [{ namespaceSelector: {}, hostnames: ['example.com'] }] });
  });
});
