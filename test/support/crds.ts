import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** The part of an OpenAPI v3 schema that the CRDs use. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
  readonly 'x-kubernetes-list-type'?: string;
}

/** A CEL rule: `message` is what a person reads when `rule` is false. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** CEL that makes the message, where it names what is wrong. */
  readonly messageExpression?: string;
  readonly fieldPath?: string;
}

/** What a CRD file says of one kind. */
export interface Crd {
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly apiVersion: string;
  readonly schema: Schema;
}

interface CrdFile {
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly [
      { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } },
    ];
  };
}

const FOLDER = new URL('../../crds/', import.meta.url);
const FILES = [
  'origincertificates.yaml',
  'originissuers.yaml',
  'clusteroriginissuers.yaml',
  'originzones.yaml',
] as const;

/** The kinds of `crds/`, certificates first. */
export async function readCrds(): Promise<Crd[]> {
  return Promise.all(FILES.map(readCrd));
}

async function readCrd(file: string): Promise<Crd> {
  const { spec } = parse(await readFile(new URL(file, FOLDER), 'utf8')) as CrdFile;
  const [version] = spec.versions;
  return {
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
    apiVersion: `${spec.group}/${version.name}`,
    schema: version.schema.openAPIV3Schema,
  };
}

/** The schema at a path of properties; throws where there is none, so that a test cannot pass on nothing. */
export function property(schema: Schema | undefined, ...path: string[]): Schema {
  const found = path.reduce<Schema | undefined>((at, name) => at?.properties?.[name], schema);
  if (found === undefined) throw new Error(`the schema has no property ${path.join('.')}`);
  return found;
}
