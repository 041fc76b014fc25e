import { readFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { type Crd, readCrds, type Schema } from './crds.ts';

/** The TypeScript types of the CRDs, which are the source of truth; written by `npm run generate`. */
export const API_TYPES = new URL('../../src/api/v1alpha1.ts', import.meta.url);

const HEADER = `/** Generated from crds/ by \`npm run generate\`: change the CRDs, not this file. Objects as the API server returns them. */
`;

/** What the API server has filled in on every object that was read; further fields exist and are not typed here. */
function metadata(namespaced: boolean): object {
  const text = { type: 'string' };
  const texts = { type: 'object', additionalProperties: text };
  return {
    type: 'object',
    required: [
      'name',
      ...(namespaced ? ['namespace'] : []),
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
    ],
    properties: {
      name: text,
      ...(namespaced ? { namespace: text } : {}),
      uid: text,
      resourceVersion: text,
      generation: { type: 'integer' },
      creationTimestamp: text,
      deletionTimestamp: text,
      labels: texts,
      annotations: texts,
      finalizers: { type: 'array', items: text },
    },
  };
}

/** A property with a default is always there once the API server has stored the object. */
function asRead(schema: Schema): Schema {
  const properties = Object.entries(schema.properties ?? {});
  const defaulted = properties.filter(([, property]) => property.default !== undefined).map(([name]) => name);
  return {
    ...schema,
    ...(schema.items === undefined ? {} : { items: asRead(schema.items) }),
    ...(properties.length === 0
      ? {}
      : {
          required: [...new Set([...(schema.required ?? []), ...defaulted])],
          properties: Object.fromEntries(properties.map(([name, property]) => [name, asRead(property)])),
        }),
  };
}

function interfaceOf({ kind, apiVersion, namespaced, schema }: Crd): Promise<string> {
  const { spec, status, ...rest } = asRead(schema).properties ?? {};
  const root = {
    description: schema.description,
    type: 'object',
    // Not `status`, for all its default: an object that is yet to be created has none.
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: {
      ...rest,
      apiVersion: { const: apiVersion },
      kind: { const: kind },
      metadata: metadata(namespaced),
      spec,
      status,
    },
  };
  // A copy, since the library changes what it is given.
  return compile(JSON.parse(JSON.stringify(root)) as Parameters<typeof compile>[0], kind, {
    additionalProperties: false,
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { printWidth: 110, singleQuote: true },
  });
}

/** The whole text of `src/api/v1alpha1.ts` as the CRDs ask for it. */
export async function generateApiTypes(): Promise<string> {
  const interfaces = await Promise.all((await readCrds()).map(interfaceOf));
  return [HEADER, ...interfaces].join('\n');
}

/** The text that is checked in. */
export function readApiTypes(): Promise<string> {
  return readFile(API_TYPES, 'utf8');
}
