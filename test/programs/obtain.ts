import { chmod, glob, mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cachedPath, inCache } from './cache.ts';
import type { Program } from './catalog.ts';
import { download } from './download.ts';
import { errorMessage } from './errors.ts';
import { buildFromModules, goVersionOf } from './go-build.ts';
import { withLock } from './lock.ts';
import { type Progress, withProgress } from './progress.ts';
import { Supervisor } from './supervisor.ts';
import { askVersion } from './version.ts';

/**
 * Downloads or builds a program into the cache and resolves to its path. One run at a time does it, others wait
 * and take what it got. The work is done in a folder that disappears with it, however this process ends; only a
 * program that told the right version is moved into the cache, in one step.
 */
export async function obtain(
  program: Program,
  cache: string,
  progress: Progress,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const path = cachedPath(cache, program);
  await mkdir(cache, { recursive: true });
  const onWait = (): void =>
    progress(`waiting for another run that is getting ${program.name} ${program.version} (${path}.lock)`);
  return withLock(
    `${path}.lock`,
    async () => {
      const ready = await inCache(program, cache, () => undefined);
      if (ready !== undefined) return ready;
      await removeLeftovers(path);
      await make(program, path, progress, env);
      return path;
    },
    { onWait },
  );
}

/** Folders of a run whose guardian was killed too. Whoever holds the lock is the only one at work. */
async function removeLeftovers(path: string): Promise<void> {
  for await (const folder of glob(`${path}.making-*`)) await rm(folder, { recursive: true, force: true });
}

interface Way {
  /** Completes "kube-apiserver 1.36.3: ...". */
  readonly what: string;
  /** Puts the program at `target` in the supervisor's folder. */
  run(supervisor: Supervisor, target: string): Promise<void>;
}

async function make(
  program: Program,
  path: string,
  progress: Progress,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { name, version } = program;
  const failures: string[] = [];
  for (const way of waysTo(program, env)) {
    const supervisor = await Supervisor.start(`${path}.making-`);
    try {
      const target = join(supervisor.dir, basename(path));
      await withProgress(progress, `${name} ${version}: ${way.what}`, () => way.run(supervisor, target));
      await chmod(target, 0o755);
      const said = await askVersion(target, program.versionArgument);
      if (said !== version) throw new Error(`what came is version ${said}`);
      await rename(target, path);
      return;
    } catch (error) {
      failures.push(`${way.what}: ${errorMessage(error)}`);
    } finally {
      await supervisor.close();
    }
  }
  throw new Error(await noneWorked(program, path, failures));
}

function waysTo({ download: source, go }: Program, env: NodeJS.ProcessEnv): Way[] {
  const build: Way = {
    what: 'build from Go modules (minutes, once)',
    run: (supervisor, target) => buildFromModules(supervisor, go, target, env),
  };
  if (source === undefined) return [build];
  return [
    { what: `download ${source.url}`, run: (supervisor, target) => download(supervisor, source, target) },
    build,
  ];
}

async function noneWorked({ name, version, go }: Program, path: string, failures: string[]): Promise<string> {
  return [
    `${name} ${version} is needed and could not be had:`,
    '  - KUBEBUILDER_ASSETS names no folder that has it',
    `  - the cache has no ${path}`,
    ...failures.map((failure) => `  - ${failure.replaceAll('\n', '\n    ')}`),
    'Any of these helps:',
    `  - set KUBEBUILDER_ASSETS to a folder with ${name} of this minor release`,
    '  - let this machine reach https://dl.k8s.io and https://github.com (HTTPS_PROXY is honoured)',
    `  - install Go ${await goVersionOf(go)} or later and let it reach a module proxy (GOPROXY)`,
    `  - put an executable of exactly this version at ${path}`,
  ].join('\n');
}
