import { readFile } from 'node:fs/promises';

/** Enough of a log to see why a program ended. */
const LINES = 15;

/** The last lines of a log. */
export async function readLogTail(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.slice(-LINES).join('\n');
}
