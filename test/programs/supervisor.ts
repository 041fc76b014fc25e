import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasCode } from './errors.ts';
import type { Exit, Report, Request } from './guardian-messages.ts';

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** File that receives stdout and stderr. */
  readonly log: string;
  /** Default: the supervisor's directory. */
  readonly cwd?: string;
  /** Default: the runner's own environment. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A program that the guardian runs for us. */
export interface Supervised {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Set once it has ended. */
  exit(): Exit | undefined;
  signal(signal: NodeJS.Signals): void;
}

/** A program whose end has not been reported yet. */
interface Running {
  pid: number | undefined;
  readonly started: PromiseWithResolvers<number>;
  readonly ended: PromiseWithResolvers<Exit>;
}

/**
 * Starts programs and owns a directory through a guardian process, so that neither outlives this process, however
 * it ends.
 */
export class Supervisor {
  /** Made by the guardian, removed by it at the end. */
  readonly dir: string;
  readonly #guardian: ChildProcess;
  readonly #running = new Map<number, Running>();
  #nextId = 1;

  /** `prefix`: absolute path that the name of the directory begins with; its parent must exist. */
  static async start(prefix: string): Promise<Supervisor> {
    const guardian = fork(fileURLToPath(new URL('guardian.ts', import.meta.url)), [prefix], {
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const failed = once(guardian, 'exit').then(([code]) => {
      throw new Error(`the guardian process ended (exit code ${String(code)}): is ${prefix}* writable?`);
    });
    const ready = once(guardian, 'message') as Promise<[Report]>;
    const [report] = await Promise.race([ready, failed]);
    if (report.kind !== 'ready') throw new Error(`the guardian process began with ${report.kind}`);
    return new Supervisor(guardian, report.dir);
  }

  private constructor(guardian: ChildProcess, dir: string) {
    this.dir = dir;
    this.#guardian = guardian;
    guardian.on('message', (report: Report) => this.#take(report));
    guardian.on('exit', (code) => this.#ended(code === 0));
  }

  /** Rejects when the program cannot be started at all; how it ends is told by `exited`. */
  async run(options: StartOptions): Promise<Supervised> {
    const { command, args, log, cwd = this.dir, env = process.env } = options;
    const id = this.#nextId++;
    const running: Running = {
      pid: undefined,
      started: Promise.withResolvers(),
      ended: Promise.withResolvers(),
    };
    this.#send({ kind: 'start', id, command, args, log, cwd, env });
    this.#running.set(id, running);

    let exit: Exit | undefined;
    const exited = running.ended.promise.then((ended) => (exit = ended));
    const started = await Promise.race([running.started.promise, exited]);
    if (typeof started !== 'number')
      throw new Error(`cannot start ${command}: ${started.error ?? 'it ended'}`);
    const signal = (name: NodeJS.Signals): void => this.#send({ kind: 'signal', id, signal: name });
    return { pid: started, exited, exit: () => exit, signal };
  }

  /** Ends every program, removes the directory, and resolves when both are gone. Idempotent. */
  async close(): Promise<void> {
    if (this.#guardian.exitCode !== null || this.#guardian.signalCode !== null) return;
    const gone = once(this.#guardian, 'exit');
    if (this.#guardian.connected) this.#guardian.disconnect();
    await gone;
  }

  #send(request: Request): void {
    if (!this.#guardian.connected) throw new Error('what this program belonged to has been stopped');
    this.#guardian.send(request);
  }

  #take(report: Report): void {
    if (report.kind === 'ready') return;
    const running = this.#running.get(report.id);
    if (running === undefined) return;
    if (report.kind === 'started') {
      running.pid = report.pid;
      running.started.resolve(report.pid);
    } else {
      this.#running.delete(report.id);
      running.ended.resolve(report.exit);
    }
  }

  /** When somebody killed the guardian, its work is done from this side. */
  #ended(cleanly: boolean): void {
    for (const [id, { pid }] of this.#running) {
      if (pid !== undefined && !cleanly) killGroup(pid);
      this.#take({ kind: 'exited', id, exit: { error: 'the guardian process has ended' } });
    }
    if (!cleanly) rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Ends a program and everything that it started. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
