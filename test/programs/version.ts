import { execFile, type ExecFileException } from 'node:child_process';

const TIMEOUT_MS = 20_000;

/**
 * Runs the program with `argument` and resolves to what it says, such as `1.36.3`. Throws a sentence when it
 * cannot be run or says nothing of the kind.
 */
export async function askVersion(path: string, argument = '--version'): Promise<string> {
  const said = await outputOf(path, argument);
  const version = versionIn(said);
  if (version === undefined) throw new Error(`it tells no version but '${said.trim().slice(0, 100)}'`);
  return version;
}

function outputOf(path: string, argument: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, [argument], { timeout: TIMEOUT_MS }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`it cannot be run with ${argument} (${reason(error)})`, { cause: error }));
    });
  });
}

function reason({ code, signal }: ExecFileException): string {
  if (typeof code === 'string') return code;
  return typeof code === 'number' ? `exit code ${code}` : `ended by ${signal ?? 'something'}`;
}

/** The first version in a text: `Kubernetes v1.36.3` and `etcd Version: 3.6.16` both name one. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.])v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)/.exec(text)?.[1];
}

/** `1.36` of `1.36.3`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
