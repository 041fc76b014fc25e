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
