import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Simulator } from '../../simulator/client.ts';
import type { Addresses } from '../../simulator/protocol.ts';
import { waitFor } from '../../support/wait.ts';
import { run } from './run.ts';

const MAIN = fileURLToPath(new URL('../../simulator/main.ts', import.meta.url));
const SOON = { timeoutMs: 20_000 };

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // No such process.
  }
}

async function addressesOf(child: ChildProcess): Promise<Addresses> {
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return JSON.parse(line) as Addresses;
}

test.each([
  [['--port', 'many'], '--port is "many"; it must be a port number from 0 (any free one) to 65535.\n'],
  [['--prot', '1'], "Unknown option '--prot'; --help lists the flags.\n"],
])('wrong flags %j end with 2 and one sentence', async (args, sentence) => {
  expect(await run(process.execPath, [MAIN, ...args])).toEqual({ code: 2, stderr: sentence, stdout: '' });
});

test('a port that is taken ends with 1 and one sentence', async () => {
  await using simulator = await Simulator.start();
  const { port } = new URL(simulator.apiUrl);
  expect(await run(process.execPath, [MAIN, '--port', port])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The simulator cannot listen: .*EADDRINUSE.*; choose other ports\.\n$/),
  });
});

test('shows a person its addresses and what to try, and ends with 0 on Ctrl-C', async () => {
  // Its input is tied to us only so that it never outlives a run that is broken off.
  const child = spawn(process.execPath, [MAIN, '--until-stdin-closes'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await waitFor('the whole greeting', () => text.includes('lists all commands'), SOON);
  const control = /^ +control +(http:\S+)$/m.exec(text)?.[1];
  const caFile = /^ +its TLS CA +(\S+)$/m.exec(text)?.[1] ?? '';
  const api = /^ +API +(https:\S+)$/m.exec(text)?.[1];
  const roots = /^ +Origin CA roots +(\S+)$/m.exec(text)?.[1];
  expect(text).toContain(`\n  export CONTROL=${control} API=${api} CA=${caFile} ROOTS=${roots}\n`);
  const { stdout } = await run('curl', ['-s', `${control}/seed-zone`, '-d', '{"name":"example.com"}']);
  expect(JSON.parse(stdout)).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect(existsSync(caFile)).toBe(true);
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(caFile)).toBe(false);
});

test('leaves no process and no directory behind when stopped', async () => {
  const simulator = await Simulator.start();
  const { dir, pid = 0 } = simulator;
  expect([existsSync(dir), alive(pid)]).toEqual([true, true]);
  await simulator.stop();
  expect([existsSync(dir), alive(pid)]).toEqual([false, false]);
});

test('ends when its parent is killed, and takes its directory with it', async () => {
  const clientUrl = new URL('../../simulator/client.ts', import.meta.url).href;
  const script = `const { Simulator } = await import(${JSON.stringify(clientUrl)});
    const simulator = await Simulator.start();
    console.log(JSON.stringify({ dir: simulator.dir, pid: simulator.pid }));
    process.stdin.once('end', () => process.exit()).resume();`;
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { dir, pid } = (await addressesOf(parent)) as unknown as { dir: string; pid: number };
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await waitFor('the orphan to end', () => !alive(pid), SOON);
  expect(existsSync(dir)).toBe(false);
});

describe('leaves no directory behind', () => {
  let parentDir: string;
  beforeEach(async () => {
    parentDir = await mkdtemp(join(tmpdir(), 'simulator-process-'));
  });
  afterEach(() => rm(parentDir, { recursive: true, force: true }));

  function spawnIn(): ChildProcess {
    return spawn(process.execPath, [MAIN, '--json', '--until-stdin-closes'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: parentDir },
    });
  }

  test.each<[string, (child: ChildProcess) => Promise<void>]>([
    [
      'when its parent goes while it starts',
      async (child) => {
        child.stdout!.destroy();
        child.stdin!.destroy();
      },
    ],
    [
      'when it is interrupted twice, as npm does',
      async (child) => {
        await addressesOf(child);
        child.kill('SIGINT');
        child.kill('SIGINT');
      },
    ],
    [
      'when it is told to end as soon as its directory is there',
      async (child) => {
        await waitFor('its directory', async () => (await readdir(parentDir)).length, {
          ...SOON,
          intervalMs: 1,
        });
        child.kill('SIGTERM');
      },
    ],
  ])('%s', async (_when, end) => {
    const child = spawnIn();
    const ended = once(child, 'exit');
    await end(child);
    expect(await ended).toEqual([0, null]);
    expect(await readdir(parentDir)).toEqual([]);
  });
});

test('starts two at once without meeting', async () => {
  await using first = await Simulator.start();
  await using second = await Simulator.start();
  await first.seedZone({ name: 'example.com' });
  const root = (url: string): string => new URL(url).host;
  expect(root(first.apiUrl)).not.toBe(root(second.apiUrl));
  expect(first.dir).not.toBe(second.dir);
});
