import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir, exists, inCache } from './cache.ts';
import { controlPlanePrograms, type Program, type ProgramName } from './catalog.ts';
import { errorMessage, hasCode } from './errors.ts';
import { obtain } from './obtain.ts';
import type { Progress } from './progress.ts';
import { askVersion, minorOf } from './version.ts';

/**
 * Paths of the programs of a control plane. Each program is looked for by itself, in this order:
 *
 * 1. `KUBEBUILDER_ASSETS`, a folder that the user named. A program there must be of the same minor release; one
 *    that is not, or does not run, is an error, since somebody meant it to be used. One that is absent is not:
 *    the usual archives have no kube-controller-manager.
 * 2. Our cache outside the repository, in exactly our version.
 * 3. The official download, checked against its published checksum.
 * 4. A build from Go modules.
 *
 * What 3 and 4 get is put into the cache. Throws one message that tells what was tried and all ways out.
 */
export async function findControlPlane(
  version: string,
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Readonly<Record<ProgramName, string>>> {
  const programs = controlPlanePrograms(version);
  const found = await findPrograms(programs, progress, env);
  return Object.fromEntries(found) as Record<ProgramName, string>;
}

/** The same for any programs: pairs of name and path, in the order asked for. */
export async function findPrograms(
  programs: readonly Program[],
  progress: Progress,
  env: NodeJS.ProcessEnv,
): Promise<[string, string][]> {
  const cache = cacheDir(env);
  const located = await Promise.all(programs.map((program) => locate(program, cache, progress, env)));
  const paths: [string, string][] = [];
  for (const [index, program] of programs.entries()) {
    // One after the other: they share most of what has to be compiled.
    paths.push([program.name, located[index] ?? (await obtain(program, cache, progress, env))]);
  }
  return paths;
}

async function locate(
  program: Program,
  cache: string,
  progress: Progress,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const assets = env['KUBEBUILDER_ASSETS'];
  return (assets && (await inAssets(program, assets))) || inCache(program, cache, progress);
}

async function inAssets(program: Program, folder: string): Promise<string | undefined> {
  const wanted = minorOf(program.version);
  const remedy =
    `point KUBEBUILDER_ASSETS to a folder with ${program.name} ${wanted}, choose another release with ` +
    'KUBERNETES_VERSION, or unset KUBEBUILDER_ASSETS to have it downloaded or built';
  if (!(await isFolder(folder))) throw new Error(`KUBEBUILDER_ASSETS=${folder} is not a folder: ${remedy}`);
  const path = join(folder, program.name);
  if (!(await exists(path))) return undefined;
  const version = await askVersion(path, program.versionArgument).catch((error: unknown) => {
    throw new Error(`${path} (from KUBEBUILDER_ASSETS) is of no use: ${errorMessage(error)}; ${remedy}`);
  });
  if (minorOf(version) === wanted) return path;
  throw new Error(`${path} (from KUBEBUILDER_ASSETS) is version ${version}, not ${wanted}: ${remedy}`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false;
    throw error;
  }
}
