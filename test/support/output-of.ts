import { execFile } from 'node:child_process';

const MAX_BYTES = 1 << 24;

/** What a program prints. Throws its complaint when it cannot be run or does not end well. */
export function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: MAX_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }),
        );
    });
  });
}
