import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotYet, waitFor } from '../support/wait.ts';

const MAIN = fileURLToPath(new URL('../demo/main.ts', import.meta.url));
/** Alone it takes a fifth of this. */
const LIMIT_MS = 200_000;

/** Everything that the demo makes is made in here. */
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-demo-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TMPDIR: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  return { child, texts, ended: once(child, 'close').then(() => child.exitCode) };
}

/** The guardians of programs that are ended by force remove their directories a moment later. */
async function nothingIsLeft(): Promise<void> {
  await waitFor(
    'the directories of the demo to be removed',
    async () => {
      const left = await readdir(dir);
      return left.length === 0 || new NotYet(left);
    },
    { timeoutMs: 10_000 },
  );
}

describe('the demo', () => {
  test(
    'shows the whole road and ends by itself where there is no terminal',
    { timeout: LIMIT_MS },
    async () => {
      const { texts, ended } = start();
      expect({ code: await ended, ...texts }).toMatchObject({ code: 0, stderr: '' });
      const { stdout } = texts;
      expect(stdout).not.toContain('\u001b');
      const inOrder = [
        /^1\. A Kubernetes control plane/m,
        /✗ 526: mode strict:[^✓]*Fake Certificate/,
        /✓ ready [\d.]+ s after its start/,
        /example-com +True +Issued +example-com-tls +\d{4}-/,
        /example-com-tls +kubernetes\.io\/tls +2 /,
        /✓ 200: the origin showed certificate \d+/,
        /✓ \d{3,} handshakes, 0 failed/,
        /✓ 200 through Cloudflare with the new certificate/,
        /Issuing: CloudflareUnavailable/,
        /✓ asked for once, made once/,
        /example\.com +example\.com +Enforce +strict +True +True +AllVerified/,
        /the mode went flexible → full → strict/,
        /✓ flexible → full → strict: full at once/,
        /OriginsVerified: False 1 of 1 origin/,
        /✗ 526, an alarm/,
        /✓ \d{4,} visits during 3 renewals, every one answered with 200/,
        /originca_certificate_issuance_total\{outcome="issued"\} 6/,
        /originca_certificate_issuance_total\{outcome="recovered"\} 1/,
        /^That was all, in \d+ s\.$/m,
      ];
      const positions = inOrder.map((line) => stdout.search(line));
      expect(inOrder.filter((_line, i) => positions[i] === -1)).toEqual([]);
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
      await nothingIsLeft();
    },
  );

  test('leaves nothing behind when it is broken off half way', { timeout: LIMIT_MS }, async () => {
    const { child, texts, ended } = start();
    await waitFor('the operator to run', () => texts.stdout.includes('✓ ready') || new NotYet(texts), {
      timeoutMs: 60_000,
    });
    child.kill('SIGTERM');
    expect(await ended).toBe(130);
    await nothingIsLeft();
  });

  test.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ['argument', ['--fast'], {}, /^Unknown option '--fast'; npm run demo: .*\n$/],
    ['release of Kubernetes', [], { KUBERNETES_VERSION: '1.9' }, /^.*1\.9.*\n$/],
  ])('refuses a wrong %s in one sentence, with exit code 2', async (_what, args, env, sentence) => {
    const { texts, ended } = start(args, env);
    expect(await ended).toBe(2);
    expect(texts.stderr).toMatch(sentence);
    expect(texts.stdout).toBe('');
  });
});
