import { parseArgs } from 'node:util';
import { errorMessage } from './errors.ts';

/** What a command says instead of working, and the code with which it ends. */
export interface Ending {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

/** For a command that takes no flags: its usage where that is asked for, and a complaint about anything else. */
export function usageOf(args: readonly string[], usage: string): Ending | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    return values.help ? { exitCode: 0, text: usage } : undefined;
  } catch (error) {
    return { exitCode: 2, text: `${errorMessage(error)}; ${usage}` };
  }
}

/** Says such an ending. Returns the exit code; undefined where the command is to work. */
export function sayUsage(args: readonly string[], usage: string): number | undefined {
  const ending = usageOf(args, usage);
  if (ending === undefined) return undefined;
  (ending.exitCode === 0 ? process.stdout : process.stderr).write(`${ending.text}\n`);
  return ending.exitCode;
}
