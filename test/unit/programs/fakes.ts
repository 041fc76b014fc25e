import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Program } from '../../programs/catalog.ts';

/** An empty folder, removed after the test. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'originca-programs-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** What a program of this version looks like to whoever asks for its version. */
export function scriptOfVersion(version: string): string {
  return `#!/bin/sh\necho "Kubernetes v${version}"\n`;
}

export async function writeScript(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

export interface World {
  readonly dir: string;
  /** XDG_CACHE_HOME and PATH with our `go` first. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the program belongs in the cache. */
  readonly cached: string;
  readonly cache: string;
  readonly program: Program;
}

/**
 * A cache, a program that no network has, and a `go` that is this shell script. The script finds the folder
 * in $dir and the path to build in $target; each call adds a line to `go-calls` in the folder.
 */
export async function world(go: string, download?: Program['download']): Promise<World> {
  const dir = await tempDir();
  const bin = join(dir, 'bin');
  await mkdir(bin);
  const prelude = `#!/bin/sh\ndir=${dir}\necho called >> $dir/go-calls\nwhile [ "$1" != -o ]; do shift; done\ntarget=$2\n`;
  await writeScript(join(bin, 'go'), `${prelude}${go}\n`);
  await writeFile(join(dir, 'go.mod'), 'module fake\n\ngo 1.26.0\n');
  const cache = join(dir, 'cache', 'origin-ca-operator', 'programs');
  const system = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  return {
    dir,
    env: {
      ...process.env,
      KUBEBUILDER_ASSETS: undefined,
      XDG_CACHE_HOME: join(dir, 'cache'),
      PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    },
    cache,
    cached: join(cache, `kube-apiserver-1.36.3-${system}`),
    program: {
      name: 'kube-apiserver',
      version: '1.36.3',
      ...(download && { download }),
      go: { moduleDir: dir, package: 'example.test/fake', ldflags: '' },
    },
  };
}

/** The script of a `go` that builds a program of this version. */
export function goThatBuilds(version: string): string {
  return `printf '#!/bin/sh\\necho Kubernetes v${version}\\n' > "$target"`;
}
