import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/object.ts';
import type { Resource } from '../../src/kube/resource.ts';

/** An object as it stands in a file, with what every manifest must have. */
export interface Manifest extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeObject['metadata'] & { readonly name: string };
}

/** The objects of a YAML text, in its order. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);
}

/** The objects of a file, its path relative to the repository. */
export async function readManifests(file: string): Promise<Manifest[]> {
  return parseManifests(await readFile(new URL(`../../${file}`, import.meta.url), 'utf8'));
}

/** Namespaced kinds that we write down without a namespace, for it to be chosen when they are applied. */
const NAMESPACED = new Set([
  'Secret',
  'Ingress',
  'Gateway',
  'OriginCertificate',
  'OriginIssuer',
  'Role',
  'RoleBinding',
]);

/** How the kind of a manifest is addressed. Plurals are English ones, which holds for every kind that we use. */
function resourceOf({ apiVersion, kind, metadata }: Manifest): Resource<Manifest> {
  const plural = kind
    .toLowerCase()
    .replace(/([^aeiou])y$/, '$1ie')
    .replace(/ss$/, 'sse');
  return {
    apiVersion,
    kind,
    plural: `${plural}s`,
    namespaced: metadata.namespace !== undefined || NAMESPACED.has(kind),
  };
}

export interface ApplyOptions {
  /** For objects that name none. */
  readonly namespace?: string;
  readonly dryRun?: boolean;
}

/** Server-side applies the objects one after the other, as `kubectl apply --server-side` does, and resolves to what was stored. */
export async function applyManifests(
  client: KubeClient,
  objects: readonly Manifest[],
  { namespace, dryRun = false }: ApplyOptions = {},
): Promise<Manifest[]> {
  const stored: Manifest[] = [];
  for (const object of objects) {
    const resource = resourceOf(object);
    const metadata =
      resource.namespaced && namespace !== undefined ? { namespace, ...object.metadata } : object.metadata;
    const options = { signal: AbortSignal.timeout(10_000), fieldManager: 'kubectl', force: true, dryRun };
    stored.push(await client.apply(resource, { ...object, metadata }, options));
  }
  return stored;
}
