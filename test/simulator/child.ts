import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Addresses } from './protocol.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;

/** A simulator process and where it listens. */
export interface Child {
  readonly process: ChildProcess;
  readonly addresses: Addresses;
}

/** Starts the program and waits for its line of JSON. It ends when we do: then its standard input closes. */
export async function spawnSimulator(args: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [MAIN, '--json', '--until-stdin-closes', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  let ready = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (ready) process.stderr.write(text);
    else errors.push(text);
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the simulator ended with ${String(code)} before it was ready: ${errors.join('')}`);
  });
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  try {
    const firstLine = once(createInterface(child.stdout), 'line', { signal: timeout });
    const [line]: readonly string[] = await Promise.race([firstLine, failed]);
    ready = true;
    failed.catch(() => undefined); // From now on its end is stopChild's matter.
    // The parse boundary: our own program printed it.
    return { process: child, addresses: JSON.parse(line ?? '') as Addresses };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Lets the program end by itself; kills it when it does not. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
  }, STOP_TIMEOUT_MS);
  child.stdin?.end();
  await ended;
  clearTimeout(timer);
}
