import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { processesOf } from '../../programs/process-list.ts';
import { Supervisor } from '../../programs/supervisor.ts';
import { NotYet, waitFor } from '../../support/wait.ts';
import { tempDir, writeScript } from './fakes.ts';

const RUNNER = fileURLToPath(new URL('supervisor-runner.ts', import.meta.url));

async function supervisor(): Promise<Supervisor> {
  const made = await Supervisor.start(join(await tempDir(), 'supervised-'));
  onTestFinished(() => made.close());
  return made;
}

describe('a supervised program', () => {
  test.each([
    ['an exit code', 'exit 7', { code: 7 }],
    ['a signal', 'kill -TERM $$', { signal: 'SIGTERM' }],
  ])('reports %s as its end, and its output is in its log', async (_what, script, exit) => {
    const at = await supervisor();
    const log = join(at.dir, 'log');
    const program = await at.run({ command: 'sh', args: ['-c', `echo out; echo err >&2; ${script}`], log });
    expect(await program.exited).toEqual(exit);
    expect(program.exit()).toEqual(exit);
    expect(await readFile(log, 'utf8')).toBe('out\nerr\n');
  });

  test('that does not exist is an error that names it', async () => {
    const at = await supervisor();
    const start = at.run({ command: '/no/such/program', args: [], log: join(at.dir, 'log') });
    await expect(start).rejects.toThrow('cannot start /no/such/program: spawn /no/such/program ENOENT');
  });

  test('takes what it started with it when it ends', async () => {
    const at = await supervisor();
    const sleep = await sleeper(at.dir);
    const program = await at.run({
      command: 'sh',
      args: ['-c', `"${sleep}" 600 & exit 0`],
      log: join(at.dir, 'log'),
    });
    await program.exited;
    expect(await gone(sleep)).toBe(true);
  });

  test('can be signalled', async () => {
    const at = await supervisor();
    const program = await at.run({ command: 'sleep', args: ['600'], log: join(at.dir, 'log') });
    program.signal('SIGINT');
    expect(await program.exited).toEqual({ signal: 'SIGINT' });
  });
});

test('closing ends every program, also one that ignores polite signals, and removes the directory', async () => {
  const at = await supervisor();
  const script = join(at.dir, 'stubborn');
  await writeScript(script, `#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 600; done\n`);
  const program = await at.run({ command: script, args: [at.dir], log: join(at.dir, 'log') });
  await at.close();
  await at.close();
  expect(await program.exited).toEqual({ error: 'the guardian process has ended' });
  expect(existsSync(at.dir)).toBe(false);
  expect(await gone(at.dir)).toBe(true);
  await expect(at.run({ command: 'true', args: [], log: '/dev/null' })).rejects.toThrow('has been stopped');
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
  'a runner ended by %s leaves no process and no directory',
  async (signal) => {
    const prefix = join(await tempDir(), 'supervised-');
    const runner = spawn(process.execPath, [RUNNER, prefix], { stdio: 'inherit' });
    onTestFinished(() => void runner.kill('SIGKILL'));
    await waitFor(
      'the programs of the runner',
      async () => {
        const running = await processesOf(prefix);
        return (
          running.filter(({ args }) => /^\S*\/sleep 600$/.test(args)).length === 2 || new NotYet(running)
        );
      },
      { timeoutMs: 10_000 },
    );
    runner.kill(signal);
    expect(await gone(prefix)).toBe(true);
    await waitFor('the directory to go', async () => nothingOr(await readdir(dirname(prefix))), {
      timeoutMs: 5_000,
    });
  },
);

test('a killed guardian is noticed, and its work is done by the runner', async () => {
  const at = await supervisor();
  const sleep = await sleeper(at.dir);
  const program = await at.run({ command: sleep, args: ['600'], log: join(at.dir, 'log') });
  const guardians = (await processesOf(dirname(at.dir))).filter(({ args }) => args.includes('guardian.ts'));
  expect(guardians).toHaveLength(1);
  for (const { pid } of guardians) process.kill(pid, 'SIGKILL');
  expect(await program.exited).toEqual({ error: 'the guardian process has ended' });
  expect(await gone(sleep)).toBe(true);
  expect(existsSync(at.dir)).toBe(false);
});

/** A `sleep` that can be found among all processes, since its path is in this folder. */
async function sleeper(dir: string): Promise<string> {
  const path = join(dir, 'sleep');
  await symlink('/bin/sleep', path);
  return path;
}

async function gone(mentioned: string): Promise<boolean> {
  const probe = async (): Promise<true | NotYet> => nothingOr(await processesOf(mentioned));
  return waitFor(`no process that mentions ${mentioned}`, probe, { timeoutMs: 10_000 });
}

function nothingOr(seen: readonly unknown[]): true | NotYet {
  return seen.length === 0 || new NotYet(seen);
}
