import { execFile, type ExecFileException } from 'node:child_process';

/** What a command did other than end with exit code 0 in time: `exit code 3`, `ended by SIGKILL`, `ENOENT`. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** What a short-lived command writes to stdout. Throws CommandFailure. */
export function outputOf(command: string, args: readonly string[], timeoutMs = 20_000): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new CommandFailure(reason(error), { cause: error }));
    });
  });
}

function reason({ code, signal }: ExecFileException): string {
  if (typeof code === 'string') return code;
  return typeof code === 'number' ? `exit code ${code}` : `ended by ${signal ?? 'something'}`;
}
