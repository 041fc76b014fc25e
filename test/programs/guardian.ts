import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { errorMessage, hasCode } from './errors.ts';
import type { Report, Request } from './guardian-messages.ts';

/**
 * The process between a runner and the programs it uses. It makes the directory, it starts the programs, and
 * when the channel to the runner closes, for whatever reason (SIGKILL included), it ends them all and removes
 * the directory. It starts them itself so that there is no moment in which only the runner knows of one.
 *
 * Run as `node guardian.ts PREFIX` with an IPC channel and in a session of its own: a Ctrl-C in the terminal
 * reaches the runner alone, which then decides.
 */

const [prefix] = process.argv.slice(2);
if (prefix === undefined || process.send === undefined) {
  throw new Error('guardian.ts is started by supervisor.ts, not by hand');
}
const dir = mkdtempSync(prefix);
const children = new Map<number, ChildProcess>();
let closing = false;

function report(message: Report): void {
  // The callback takes the error of a runner that is gone: `disconnect` follows and does the rest.
  if (process.connected) process.send?.(message, () => undefined);
}

function start(request: Extract<Request, { kind: 'start' }>): void {
  const { id } = request;
  const log = openSync(request.log, 'a');
  // A group of its own, so that the compilers that `go build` starts end with it.
  const child = spawn(request.command, request.args, {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  children.set(id, child);
  child.on('spawn', () => report({ kind: 'started', id, pid: child.pid ?? 0 }));
  child.on('error', (error) => {
    if (child.pid !== undefined) return;
    children.delete(id);
    report({ kind: 'exited', id, exit: { error: error.message } });
  });
  child.on('exit', (code, signal) => {
    // What the program itself started must not outlive it.
    signalGroup(child, 'SIGKILL');
    children.delete(id);
    report({ kind: 'exited', id, exit: { ...(code !== null && { code }), ...(signal && { signal }) } });
    if (closing) finishWhenAlone();
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

function finishWhenAlone(): void {
  if (children.size > 0) return;
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

process.on('message', (request: Request) => {
  try {
    if (request.kind === 'start') start(request);
    else signalChild(request);
  } catch (error) {
    report({ kind: 'exited', id: request.id, exit: { error: errorMessage(error) } });
  }
});

function signalChild(request: Extract<Request, { kind: 'signal' }>): void {
  const child = children.get(request.id);
  if (child !== undefined) signalGroup(child, request.signal);
}

process.on('disconnect', () => {
  closing = true;
  // Everything here is thrown away: nothing to save, so nobody is asked politely.
  for (const child of children.values()) signalGroup(child, 'SIGKILL');
  finishWhenAlone();
});
// Whoever ends the whole process tree politely must not leave the directory behind: the runner decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

report({ kind: 'ready', dir });
