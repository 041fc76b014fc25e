import { parseArgs } from 'node:util';
import { errorMessage } from '../programs/errors.ts';
import { loadProtocol } from './load.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';
import { Runner } from './runner.ts';
import { explore, type Findings } from './search.ts';
import { begin, FULL, SMALL, titleOf, type World } from './worlds.ts';

/**
 * `npm run explore`: drives the certificate's decide and act, as they stand in src, through every state of a small
 * world, and holds the design's promises against each. With `--mutations` it takes the rules away one by one, and each
 * time a promise must break.
 */

const HELP = `npm run explore -- [--small] [--worlds A-B] [--mutations [--rule TEXT]]
  --small        the bound that npm test explores
  --worlds A-B   only the A-th to the B-th world, such as 9-18, 9- or 9: all of them take hours
  --mutations    take away the rules of the protocol one by one: each time a promise must break
  --rule TEXT    only the rules whose words contain TEXT, with the shortest trace
`;
const STATES = 5_000_000;

try {
  const { small, worlds, mutations, rule } = readFlags();
  const isGood = mutations || rule !== undefined ? await missRules(rule) : await exploreAll(worlds, small);
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  process.stderr.write(`The exploration did not come to its end: ${errorMessage(error)}\n`);
  process.exitCode = 1;
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        small: { type: 'boolean', default: false },
        worlds: { type: 'string', default: '1-' },
        mutations: { type: 'boolean', default: false },
        rule: { type: 'string' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    return { ...values, worlds: rangeOf(values.worlds, (values.small ? SMALL : FULL).length) };
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n${HELP}`);
    process.exit(2);
  }
}

/** First and last, counted from 1; without a last one: to the end. */
function rangeOf(text: string, count: number): readonly [number, number] {
  const [, from = '0', dash, to] = /^(\d+)(?:(-)(\d*))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = dash === undefined ? first : Number(to || count);
  if (first < 1 || last < first || last > count)
    throw new Error(`--worlds ${text} is no range within the ${count} worlds, such as 2-3, 2- or 2`);
  return [first, last];
}

async function exploreAll([first, last]: readonly [number, number], small: boolean): Promise<boolean> {
  const protocol = await loadProtocol();
  const worlds = small ? SMALL : FULL;
  let states = 0;
  for (const [index, world] of [...worlds.entries()].slice(first - 1, last)) {
    const began = performance.now();
    const runner = new Runner(protocol);
    const { state, rules } = await begin(world, runner);
    const found = await explore(runner, rules, state, { first: 'deepest', states: STATES });
    states += found.states;
    const number = `${index + 1}/${worlds.length}`.padStart(5);
    console.log(`${number} ${lineOf(titleOf(world), found, performance.now() - began)}`);
    if (found.violation === undefined) continue;
    await showShortest(world, runner, found);
    return false;
  }
  console.log(`No promise is broken in ${states.toLocaleString('en')} states.`);
  return true;
}

function lineOf(title: string, { states, depth, rests, complete }: Findings, ms: number): string {
  const seen = `${states.toLocaleString('en').padStart(9)} states, ${String(depth).padStart(4)} deep`;
  const ends = `${rests.toLocaleString('en').padStart(6)} at rest`;
  return `${title.padEnd(44)} ${seen}, ${ends}, ${(ms / 1000).toFixed(0).padStart(4)} s${complete ? '' : ', not all'}`;
}

/** The search that sees everything goes deep; a person wants the shortest way. */
async function showShortest(world: World, runner: Runner, found: Findings): Promise<void> {
  const { state, rules } = await begin(world, runner);
  const again = await explore(runner, rules, state, { first: 'nearest', states: STATES });
  const { broken, trace } = again.violation ?? found.violation ?? { broken: '', trace: [] };
  console.log(`BROKEN: ${broken}\n${trace.map((step, index) => `${index + 1}. ${step}`).join('\n')}`);
}

async function missRules(text: string | undefined): Promise<boolean> {
  const chosen = MUTATIONS.filter(({ rule }) => rule.includes(text ?? ''));
  if (chosen.length === 0) throw new Error(`--rule ${text ?? ''}: no rule has these words`);
  let isGood = true;
  for (const mutation of chosen) isGood = (await isMissed(mutation, text !== undefined)) && isGood;
  return isGood;
}

/** Whether a promise breaks without the rule, or the table says that another rule stands behind it. */
async function isMissed({ rule, edits, world, spare }: Mutation, withTrace: boolean): Promise<boolean> {
  const runner = new Runner(await loadProtocol(edits));
  const { state, rules } = await begin(world, runner);
  const { states, violation } = await explore(runner, rules, state, { first: 'nearest', states: STATES });
  const missed = violation?.broken ?? spare ?? 'NOT FOUND';
  console.log(`${rule}\n  without it, ${titleOf(world)}, ${states.toLocaleString('en')} states: ${missed}`);
  if (withTrace)
    console.log(violation?.trace.map((step, index) => `  ${index + 1}. ${step}`).join('\n') ?? '');
  return (violation === undefined) === (spare !== undefined);
}
