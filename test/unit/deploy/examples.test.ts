import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { covers } from '../../../src/api/hostname.ts';
import { violations } from '../../support/crd-rules.ts';
import { readCrds, type Schema } from '../../support/crds.ts';
import { type Manifest, parseManifests, readManifests } from '../../support/manifests.ts';
import { readReadme } from '../../support/readme.ts';

const crds = await readCrds();

/** Unknown fields are refused, as kubectl refuses them. */
function closed(schema: Schema): object {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, child]) => [name, closed(child)]),
      ),
      additionalProperties: false,
    }),
    ...(items && { items: closed(items) }),
    ...(additionalProperties && { additionalProperties: closed(additionalProperties) }),
  };
}

/** What is wrong with an object of one of our kinds; empty for objects of others. */
function mistakes(object: Manifest): string[] {
  if (!object.apiVersion.startsWith('originca.dev/')) return [];
  const crd = crds.find(({ kind }) => kind === object.kind);
  if (crd === undefined) return [`there is no kind ${object.kind}`];
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
    closed(crd.schema),
  );
  validate(object);
  return [
    ...(object.apiVersion === crd.apiVersion
      ? []
      : [`apiVersion ${object.apiVersion} is not ${crd.apiVersion}`]),
    ...(validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`),
    ...violations(crd.schema, object),
  ];
}

/** The objects of all YAML blocks of a Markdown text. */
function blocks(markdown: string): Manifest[] {
  return [...markdown.matchAll(/^```ya?ml\n(.*?)^```/gms)]
    .flatMap(([, text = '']) => parseManifests(text))
    .filter((object) => typeof object.apiVersion === 'string' && typeof object.kind === 'string');
}

describe('the examples', () => {
  test.each([
    ['issuer', 'OriginIssuer'],
    ['certificate', 'OriginCertificate'],
    ['zone', 'OriginZone'],
  ])('%s.yaml fits the schema', async (name, kind) => {
    const objects = await readManifests(`deploy/examples/${name}.yaml`);
    expect(objects.map((object) => object.kind)).toContain(kind);
    expect(objects.flatMap(mistakes)).toEqual([]);
  });

  test('of the README fit the schema, and show every kind', async () => {
    const objects = blocks(await readReadme());
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(crds.map(({ kind }) => kind)));
    expect(objects.flatMap(mistakes)).toEqual([]);
  });

  test('that do not fit are found out', () => {
    const spec = {
      secretName: 'a',
      hostnames: ['*.com'],
      issuerRef: { name: 'b' },
      secretname: 'b',
    };
    const object = {
      apiVersion: 'originca.dev/v1alpha1',
      kind: 'OriginCertificate',
      metadata: { name: 'a' },
      spec,
    };
    expect(mistakes(object)).toEqual([
      '/spec must NOT have additional properties',
      'spec.hostnames[0]: has too few labels: at least two are needed, as in example.com or *.example.com',
    ]);
  });
});

interface Certificate extends Manifest {
  readonly spec: {
    readonly secretName: string;
    readonly hostnames: readonly string[];
    readonly issuerRef: { readonly name: string };
  };
}

interface Ingress extends Manifest {
  readonly spec: {
    readonly tls: readonly { readonly secretName: string; readonly hosts: readonly string[] }[];
    readonly rules: readonly { readonly host: string }[];
  };
}

interface Gateway extends Manifest {
  readonly spec: {
    readonly listeners: readonly {
      readonly hostname: string;
      readonly tls: { readonly certificateRefs: readonly { readonly name: string }[] };
    }[];
  };
}

describe('the examples fit together', async () => {
  const [certificate] = (await readManifests('deploy/examples/certificate.yaml')) as [Certificate];
  const { secretName, hostnames, issuerRef } = certificate.spec;
  const certified = (host: string): boolean =>
    hostnames.includes(host) || hostnames.some((name) => name.startsWith('*.') && covers(name, host));

  test('the certificate names the issuer, and the issuer its token', async () => {
    const [token, issuer] = await readManifests('deploy/examples/issuer.yaml');
    expect(issuer?.metadata.name).toBe(issuerRef.name);
    expect(issuer).toMatchObject({ spec: { apiTokenSecretRef: { name: token?.metadata.name } } });
    expect(token).toMatchObject({
      kind: 'Secret',
      stringData: { 'api-token': expect.any(String) as string },
    });
  });

  test('the Ingress names the Secret, and only hosts that the certificate is for', async () => {
    const [ingress] = (await readManifests('deploy/examples/ingress-nginx.yaml')) as [Ingress];
    const { tls, rules } = ingress.spec;
    expect(tls.map((entry) => entry.secretName)).toEqual([secretName]);
    const hosts = tls.flatMap((entry) => entry.hosts);
    expect(hosts.filter((host) => !certified(host))).toEqual([]);
    expect(rules.map(({ host }) => host)).toEqual(hosts);
  });

  test('the Gateway names the Secret, and only hosts that the certificate is for', async () => {
    const [gateway] = (await readManifests('deploy/examples/gateway.yaml')) as [Gateway];
    const { listeners } = gateway.spec;
    expect(listeners.flatMap(({ tls }) => tls.certificateRefs)).toEqual([{ name: secretName }]);
    expect(listeners.filter(({ hostname }) => !certified(hostname))).toEqual([]);
  });
});
