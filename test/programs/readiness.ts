import { waitFor } from '../support/wait.ts';
import { readLogTail } from './log-tail.ts';
import type { StartOptions, Supervised, Supervisor } from './supervisor.ts';

/** A program ended before it was ready. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  /** Somebody else took one of its ports meanwhile: worth another try. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}

const READY_MS = 60_000;

/**
 * Starts a program and resolves once `probe` is true. Throws StartFailure with the end of its log when it ends
 * before, and waitFor's error when it runs but does not become ready.
 */
export async function startReady(
  supervisor: Supervisor,
  name: string,
  options: StartOptions,
  probe: (signal: AbortSignal) => Promise<boolean>,
  timeoutMs = READY_MS,
): Promise<Supervised> {
  const program = await supervisor.run(options);
  const ended = new AbortController();
  void program.exited.then(() => ended.abort());
  try {
    await waitFor(`${name} to be ready`, probe, {
      timeoutMs,
      intervalMs: 25,
      signal: ended.signal,
    });
  } catch (error) {
    const exit = program.exit();
    const log = await readLogTail(options.log);
    if (exit === undefined) {
      program.signal('SIGKILL');
      throw new Error(`${name} runs but is not ready; the end of its log:\n${log}`, { cause: error });
    }
    const how = exit.error ?? `exit code ${exit.code ?? exit.signal ?? 'unknown'}`;
    throw new StartFailure(
      `${name} ended before it was ready (${how}); the end of its log:\n${log}`,
      log.includes('address already in use'),
    );
  }
  return program;
}
