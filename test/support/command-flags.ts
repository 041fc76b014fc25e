import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { errorMessage } from '../programs/errors.ts';

/** A flag of a command that cannot be used: what to write instead. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** The values of a command's flags. Throws a FlagError that ends with the command's help. */
export function parseFlags<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
  help: string,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new FlagError(`${errorMessage(error)}\n${help}`);
  }
}

/** A whole number as a flag holds it; undefined where the flag is not given. Throws a FlagError that ends with the help. */
export function wholeNumberOf(
  flag: string,
  value: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
  help: string,
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d{1,15}$/.test(value) && number >= least && number <= most) return number;
  throw new FlagError(`--${flag} is "${value}": write a whole number from ${least} to ${most}\n${help}`);
}
