import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { obtain } from '../../programs/obtain.ts';
import { processesOf } from '../../programs/process-list.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { goThatBuilds, world, type World } from './fakes.ts';

const RUNNER = fileURLToPath(new URL('obtain-runner.ts', import.meta.url));
const NOBODY = {
  url: 'http://127.0.0.1:9/kube-apiserver',
  checksumUrl: 'http://127.0.0.1:9/kube-apiserver.sha256',
};
const quiet = (): void => undefined;

describe('a program that is not in the cache', () => {
  test('is built where the download cannot be had, with progress, and nothing else stays behind', async () => {
    const at = await world(goThatBuilds('1.36.3'), NOBODY);
    const lines: string[] = [];
    expect(await obtain(at.program, at.cache, (line) => void lines.push(line), at.env)).toBe(at.cached);
    expect(await readdir(at.cache)).toEqual([basename(at.cached)]);
    expect(lines).toEqual([
      `kube-apiserver 1.36.3: download ${NOBODY.url} ...`,
      expect.stringMatching(/download .*: failed after \d+ s$/),
      'kube-apiserver 1.36.3: build from Go modules (minutes, once) ...',
      expect.stringMatching(/build from Go modules \(minutes, once\): done in \d+ s$/),
    ]);
  });

  test('is refused when what came is another version', async () => {
    const at = await world(goThatBuilds('1.36.2'));
    await expect(obtain(at.program, at.cache, quiet, at.env)).rejects.toThrow('what came is version 1.36.2');
    expect(await readdir(at.cache)).toEqual([]);
  });

  test('and cannot be had at all gives one message with what was tried and every way out', async () => {
    const at = await world('echo "no route to the module proxy" >&2; exit 1', NOBODY);
    const failure = await obtain(at.program, at.cache, quiet, at.env).catch((error: unknown) => error);
    expect((failure as Error).message.split('\n')).toEqual([
      'kube-apiserver 1.36.3 is needed and could not be had:',
      '  - KUBEBUILDER_ASSETS names no folder that has it',
      `  - the cache has no ${at.cached}`,
      expect.stringContaining(`  - download ${NOBODY.url}: connect ECONNREFUSED`),
      '  - build from Go modules (minutes, once): go build: exit code 1',
      '    no route to the module proxy',
      'Any of these helps:',
      '  - set KUBEBUILDER_ASSETS to a folder with kube-apiserver of this minor release',
      '  - let this machine reach https://dl.k8s.io and https://github.com (HTTPS_PROXY is honoured)',
      '  - install Go 1.26 or later and let it reach a module proxy (GOPROXY)',
      `  - put an executable of exactly this version at ${at.cached}`,
    ]);
    expect(await readdir(at.cache)).toEqual([]);
  });

  test('and has no Go to build it says so', async () => {
    const at = await world('');
    const env = { ...at.env, PATH: '/nonexistent' };
    await expect(obtain(at.program, at.cache, quiet, env)).rejects.toThrow(/build from Go modules.*ENOENT/s);
  });
});

describe('runs that share a cache', () => {
  test('build once when two need the same program', async () => {
    const at = await world(`sleep 1; ${goThatBuilds('1.36.3')}`);
    const runs = [startRun(at), startRun(at)];
    const said = await Promise.all(runs.map(({ stdout }) => text(stdout)));
    expect(said).toEqual([`${at.cached}\n`, `${at.cached}\n`]);
    expect(await readFile(`${at.dir}/go-calls`, 'utf8')).toBe('called\n');
    expect(await readdir(at.cache)).toHaveLength(1);
  });

  test(
    'find no half file after one was killed in the middle of a build, and build again',
    { timeout: 30_000 },
    async () => {
      const at = await world(
        `[ -e "$dir/again" ] && { ${goThatBuilds('1.36.3')}; exit; }; echo half > "$target"; sleep 600`,
      );
      const killed = startRun(at);
      await waitFor('half a file', () => halfFiles(at), { timeoutMs: 10_000 });
      killed.kill('SIGKILL');
      await waitFor('the build to end', async () => nothingOr(await processesOf(at.dir)), {
        timeoutMs: 10_000,
      });
      expect(await readdir(at.cache)).toEqual([`${basename(at.cached)}.lock`]);

      await writeFile(join(at.dir, 'again'), '');
      expect(await text(startRun(at).stdout)).toBe(`${at.cached}\n`);
      expect(await readdir(at.cache)).toEqual([basename(at.cached)]);
    },
  );
});

type Run = ChildProcess & { readonly stdout: Readable };

/** A process of its own that gets the program. */
function startRun(at: World): Run {
  const args = [RUNNER, JSON.stringify(at.program), at.cache];
  const run = spawn(process.execPath, args, { env: at.env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void run.kill('SIGKILL'));
  return run;
}

async function halfFiles({ cache }: World): Promise<string | NotYet> {
  const files = await readdir(cache, { recursive: true });
  return files.find((file) => /making-\w+\/kube-apiserver/.test(file)) ?? new NotYet(files);
}

function nothingOr(seen: readonly unknown[]): true | NotYet {
  return seen.length === 0 || new NotYet(seen);
}
