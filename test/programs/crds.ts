import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { NotYet, waitFor } from '../support/wait.ts';
import type { AdminClient } from './admin-client.ts';
import { hasCode } from './errors.ts';

interface Crd {
  readonly kind?: string;
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const ESTABLISHED_MS = 15_000;

/**
 * Applies every CustomResourceDefinition in the folder's `*.yaml` files and waits until it is served. Other
 * objects in them are left out; a folder that is not there has none. Resolves to their names.
 */
export async function applyCrds(admin: AdminClient, folder: string): Promise<string[]> {
  const crds = await readCrds(folder);
  await Promise.all(crds.map((crd) => admin.apply(`${PATH}/${crd.metadata.name}`, crd)));
  await Promise.all(crds.map((crd) => established(admin, crd.metadata.name)));
  return crds.map((crd) => crd.metadata.name);
}

async function readCrds(folder: string): Promise<Crd[]> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  const texts = await Promise.all(
    files.filter((file) => file.endsWith('.yaml')).map((file) => readFile(join(folder, file), 'utf8')),
  );
  const objects = texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS() as Crd | null);
  return objects.filter((object): object is Crd => object?.kind === 'CustomResourceDefinition');
}

async function established(admin: AdminClient, name: string): Promise<void> {
  await waitFor(
    `CustomResourceDefinition ${name} to be established`,
    async (signal) => {
      const crd = (await admin.call({ method: 'GET', path: `${PATH}/${name}`, signal })) as Crd;
      const conditions = crd.status?.conditions ?? [];
      const done = conditions.some(({ type, status }) => type === 'Established' && status === 'True');
      return done || new NotYet(conditions);
    },
    { timeoutMs: ESTABLISHED_MS },
  );
}
