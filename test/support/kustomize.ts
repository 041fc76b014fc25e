import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kustomize } from '../programs/catalog.ts';
import { findPrograms } from '../programs/find.ts';
import { type Progress, toStderr } from '../programs/progress.ts';
import { type Manifest, parseManifests } from './manifests.ts';
import { outputOf } from './output-of.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The objects that `kubectl kustomize` makes of a folder, its path relative to the repository. Needs no kubectl:
 * kustomize is found, downloaded or built as the control plane's programs are.
 */
export async function kustomizeBuild(folder: string, progress: Progress = toStderr): Promise<Manifest[]> {
  const [[, program] = ['', '']] = await findPrograms([kustomize()], progress, process.env);
  return parseManifests(await outputOf(program, ['build', join(ROOT, folder)]));
}
