import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { outputOf } from '../../programs/output.ts';
import { usageOf } from '../../programs/usage.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** For a process to start, on a machine that does much else. */
const START_MS = 60_000;
const USAGE = 'npm run x: does it; no flags';

test.each<[readonly string[], ReturnType<typeof usageOf>]>([
  [[], undefined],
  [['--help'], { exitCode: 0, text: USAGE }],
  [['-h'], { exitCode: 0, text: USAGE }],
  [['--fast'], { exitCode: 2, text: `Unknown option '--fast'; ${USAGE}` }],
])('a command without flags answers %j', (args, expected) => {
  expect(usageOf(args, USAGE)).toEqual(expected);
});

test.each(['build', 'generate', 'demo', 'control-plane'])(
  'npm run %s -- --help says in one line what it does, and does nothing',
  { timeout: START_MS },
  async (command) => {
    const { scripts } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const [, file = ''] = scripts[command]?.split(' ') ?? [];
    const said = await outputOf(process.execPath, [`${ROOT}${file}`, '--help'], START_MS);
    expect(said).toMatch(new RegExp(`^npm run ${command}: .*no flags.*\n$`));
  },
);
