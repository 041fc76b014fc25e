import { errorMessage } from './errors.ts';
import { outputOf } from './output.ts';

/**
 * Runs the program with `argument` and resolves to what it says, such as `1.36.3`. Throws a sentence when it
 * cannot be run or says nothing of the kind.
 */
export async function askVersion(path: string, argument = '--version'): Promise<string> {
  const said = await outputOf(path, [argument]).catch((error: unknown) => {
    throw new Error(`it cannot be run with ${argument} (${errorMessage(error)})`, { cause: error });
  });
  const version = versionIn(said);
  if (version === undefined) throw new Error(`it tells no version but '${said.trim().slice(0, 100)}'`);
  return version;
}

/** The first version in a text: `Kubernetes v1.36.3` and `etcd Version: 3.6.16` both name one. */
export function versionIn(text: string): string | undefined {
  return /(?<![\w.])v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)(?![\w.])/.exec(text)?.[1];
}

/** `1.36` of `1.36.3`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
