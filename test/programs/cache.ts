import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Program, thisSystem } from './catalog.ts';
import { errorMessage, hasCode } from './errors.ts';
import type { Progress } from './progress.ts';
import { askVersion } from './version.ts';

/**
 * The folder of programs that were downloaded or built, shared by every checkout and run of this user. Below
 * XDG_CACHE_HOME where that is set to an absolute path, as its specification demands.
 */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'];
  const home = base && isAbsolute(base) ? base : join(homedir(), '.cache');
  return join(home, 'origin-ca-operator', 'programs');
}

/** Where a program is, or would be, in the cache. */
export function cachedPath(cache: string, program: Pick<Program, 'name' | 'version'>): string {
  const { os, arch } = thisSystem();
  return join(cache, `${program.name}-${program.version}-${os}-${arch}`);
}

/**
 * The path of a program in the cache; undefined when there is none, or when it does not run or is another version,
 * which is then reported: whoever gets it anew replaces it, since the cache is ours alone.
 */
export async function inCache(
  program: Program,
  cache: string,
  progress: Progress,
): Promise<string | undefined> {
  const path = cachedPath(cache, program);
  if (!(await exists(path))) return undefined;
  try {
    const version = await askVersion(path, program.versionArgument);
    if (version === program.version) return path;
    progress(`${path} is refused: it is version ${version}, not ${program.version}; getting it anew`);
  } catch (error) {
    progress(`${path} is refused: ${errorMessage(error)}; getting it anew`);
  }
  return undefined;
}

/** Whether there is anything at this path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
