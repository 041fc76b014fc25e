import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a program ended and what it wrote. */
export interface Ended {
  /** Null when a signal ended it, or when there is no such program. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], cwd = process.cwd()): Promise<Ended> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  try {
    await once(child, 'close');
  } catch (error) {
    return { ...texts, code: null, stderr: String(error) };
  }
  return { ...texts, code: child.exitCode };
}
