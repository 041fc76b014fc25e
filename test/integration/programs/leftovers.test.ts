import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { processesOf } from '../../programs/process-list.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
/** Long enough for a control plane on a busy machine. */
const UP = { timeoutMs: 60_000 };
const GONE = { timeoutMs: 15_000 };

interface Run {
  readonly child: ChildProcess;
  /** Where the control plane of the run must have its directory, alone. */
  readonly temp: string;
  readonly said: () => string;
}

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const temp = await mkdtemp(join(tmpdir(), 'originca-leftovers-'));
  const options = { cwd: ROOT, env: { ...process.env, ...env, TMPDIR: temp } };
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(temp, { recursive: true, force: true });
  });
  return { child, temp, said: () => said };
}

/** Waits until the run's kube-controller-manager, the last of the three, is there. */
async function up({ temp, said }: Run): Promise<void> {
  const probe = async (): Promise<boolean | NotYet> => {
    const running = await processesOf(temp);
    return running.some(({ args }) => args.includes('kube-controller-manager')) || new NotYet(said());
  };
  await waitFor('the control plane of the run', probe, UP);
}

/** Everything of the run that is still there when time is up. */
async function leftovers({ temp }: Run): Promise<unknown[]> {
  const look = async (): Promise<unknown[]> => [
    ...(await processesOf(temp)),
    ...(await readdir(temp)).filter((name) => name.startsWith('originca-')),
  ];
  const none = async (): Promise<true | NotYet> => {
    const seen = await look();
    return seen.length === 0 || new NotYet(seen);
  };
  await waitFor('nothing to be left', none, GONE);
  return look();
}

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'npm run control-plane prints a kubeconfig, and leaves nothing behind when ended by %s',
  async (signal) => {
    const run = await start(['test/programs/main.ts'], { npm_lifecycle_event: undefined });
    const hint = (): boolean | NotYet => run.said().includes('Ctrl-C ends it') || new NotYet(run.said());
    await waitFor('its hint', hint, UP);
    const [line] = run.said().split('\n');
    expect(line).toMatch(new RegExp(`^${run.temp}/originca-control-plane-\\w+/kubeconfig$`));
    const exit = once(run.child, 'exit');
    run.child.kill(signal);
    expect(await exit).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null]);
    expect(await leftovers(run)).toEqual([]);
  },
);

test('a vitest run that is killed in the middle leaves nothing behind', async () => {
  const file = 'test/integration/programs/control-plane.test.ts';
  const run = await start([VITEST, 'run', '--project', 'integration', file]);
  await up(run);
  run.child.kill('SIGKILL');
  expect(await leftovers(run)).toEqual([]);
});

test.each([
  ['a wrong argument', ['test/programs/main.ts', '--port=1'], {}, "Unknown option '--port'"],
  [
    'a wrong KUBERNETES_VERSION',
    ['test/programs/main.ts'],
    { KUBERNETES_VERSION: '1.20' },
    'KUBERNETES_VERSION=1.20',
  ],
])(
  'npm run control-plane refuses %s in one sentence, with exit code 2',
  async (_what, args, env, sentence) => {
    const run = await start(args, env);
    expect(await once(run.child, 'exit')).toEqual([2, null]);
    expect(run.said().trimEnd().split('\n')).toEqual([expect.stringContaining(sentence)]);
  },
);
