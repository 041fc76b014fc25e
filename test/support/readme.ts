import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { flagTable } from '../../src/config.ts';

/** README.md of the repository. */
export const README = new URL('../../README.md', import.meta.url);

export function readReadme(): Promise<string> {
  return readFile(README, 'utf8');
}

/** The README's text with the table of flags as the code has it between the marks `flags` and `/flags`. */
export async function withFlags(readme: string): Promise<string> {
  const table = await format(flagsInMarkdown(), { ...(await resolveConfig(README)), parser: 'markdown' });
  const marked = /(?<=<!-- flags -->\n).*(?=<!-- \/flags -->)/s;
  if (!marked.test(readme)) throw new Error('README.md has no marks <!-- flags --> and <!-- /flags -->');
  // A function, since `$` in a replacement text has a meaning.
  return readme.replace(marked, () => `\n${table}\n`);
}

function flagsInMarkdown(): string {
  const rows = flagTable().map(({ flag, fallback, meaning }) => [
    code(flag),
    fallback === '' ? '' : code(fallback),
    meaning,
  ]);
  const header = [
    ['flag', 'default', 'meaning'],
    ['-', '-', '-'],
  ];
  return [...header, ...rows].map((cells) => `| ${cells.map(escape).join(' | ')} |\n`).join('');
}

function code(text: string): string {
  return `\`${text}\``;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}
