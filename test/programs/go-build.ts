import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GoBuild, thisSystem } from './catalog.ts';
import { readLogTail } from './log-tail.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * Builds a program at `target` from Go modules. Which ones, down to their checksums, is pinned by our go.mod and
 * go.sum; `-mod=readonly` refuses anything else. Throws the end of Go's output when it fails.
 */
export async function buildFromModules(
  supervisor: Supervisor,
  { moduleDir, package: main, ldflags, tags = '' }: GoBuild,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { os, arch } = thisSystem();
  const log = join(supervisor.dir, 'go.log');
  const go = await supervisor.run({
    command: 'go',
    args: ['build', '-mod=readonly', '-trimpath', '-tags', tags, '-ldflags', ldflags, '-o', target, main],
    cwd: moduleDir,
    // No C compiler needed; temporary files go where the guardian removes them; no workspace of somebody else.
    env: { ...env, CGO_ENABLED: '0', GOTMPDIR: supervisor.dir, GOWORK: 'off', GOOS: os, GOARCH: arch },
    log,
  });
  const { code, signal, error } = await go.exited;
  if (code === 0) return;
  const how = error ?? (code === undefined ? `ended by ${signal ?? 'something'}` : `exit code ${code}`);
  throw new Error(`go build: ${how}\n${await readLogTail(log)}`);
}

/** The oldest Go that builds it, as its go.mod says. */
export async function goVersionOf({ moduleDir }: GoBuild): Promise<string> {
  const text = await readFile(join(moduleDir, 'go.mod'), 'utf8');
  return /^go (\d+\.\d+)/m.exec(text)?.[1] ?? 'of a recent release';
}
