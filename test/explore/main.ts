import { errorMessage } from '../programs/errors.ts';
import { FlagError } from '../support/command-flags.ts';
import { type ExploreFlags, HELP, readExploreFlags } from './flags.ts';
import { loadProtocol } from './load.ts';
import type { Mutation } from './mutation.ts';
import { Runner } from './runner.ts';
import { explore, type Findings } from './search.ts';
import { begin, FULL, SMALL, titleOf, type World } from './worlds.ts';

/**
 * `npm run explore`: drives the certificate's decide and act, as they stand in src, through every state of a small
 * world, and holds the design's promises against each. With `--mutations` it takes the rules away one by one, and each
 * time a promise must break.
 *
 * How it works, in the order in which to read it:
 * 1. state.ts: one moment of the world as plain data, and calls.ts: the requests that pass to and fro in it.
 * 2. moves.ts: all that can happen next. A request is answered, or goes wrong (faults.ts); a process dies; a late request
 *    arrives (effects.ts, with api-server.ts and cloudflare.ts behind it); time passes; a person does something (deeds.ts).
 * 3. live-pass.ts: the real protocol (load.ts) in surroundings where every request is a question to the explorer
 *    (context.ts). runner.ts goes back to any moment of a pass by playing it again.
 * 4. promises.ts, promises-at-rest.ts and leaving.ts: what must never be seen.
 * 5. search.ts visits every state once; worlds.ts says from where, and how much trouble may happen on the way.
 * 6. mutations.ts: each rule of the protocol, how it is taken away, and the smallest world that misses it.
 */

const STATES = 5_000_000;

try {
  const flags = readExploreFlags(process.argv.slice(2));
  if (flags === 'help') process.stdout.write(HELP);
  else if (!(await (flags.mutations ? missRules(flags.mutations, flags.withTrace) : exploreAll(flags))))
    process.exitCode = 1;
} catch (error) {
  const isUsage = error instanceof FlagError;
  const why = errorMessage(error);
  process.stderr.write(isUsage ? `${why}\n` : `The exploration did not come to its end: ${why}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

async function exploreAll({ worlds: [first, last], small }: ExploreFlags): Promise<boolean> {
  const protocol = await loadProtocol();
  const worlds = small ? SMALL : FULL;
  let states = 0;
  for (const [index, world] of [...worlds.entries()].slice(first - 1, last)) {
    const began = performance.now();
    const runner = new Runner(protocol);
    const { state, people } = await begin(world, runner);
    const found = await explore(runner, people, state, { first: 'deepest', states: STATES });
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
  const { state, people } = await begin(world, runner);
  const again = await explore(runner, people, state, { first: 'nearest', states: STATES });
  const { broken, trace } = again.violation ?? found.violation ?? { broken: '', trace: [] };
  console.log(`BROKEN: ${broken}\n${trace.map((step, index) => `${index + 1}. ${step}`).join('\n')}`);
}

async function missRules(chosen: readonly Mutation[], withTrace: boolean): Promise<boolean> {
  let isGood = true;
  for (const mutation of chosen) isGood = (await isMissed(mutation, withTrace)) && isGood;
  return isGood;
}

/** Whether a promise breaks without the rule, or the table says that another rule stands behind it. */
async function isMissed({ rule, edits, world, spare }: Mutation, withTrace: boolean): Promise<boolean> {
  const runner = new Runner(await loadProtocol(edits));
  const { state, people } = await begin(world, runner);
  const { states, violation } = await explore(runner, people, state, { first: 'nearest', states: STATES });
  const missed = violation?.broken ?? spare ?? 'NOT FOUND';
  console.log(`${rule}\n  without it, ${titleOf(world)}, ${states.toLocaleString('en')} states: ${missed}`);
  if (withTrace)
    console.log(violation?.trace.map((step, index) => `  ${index + 1}. ${step}`).join('\n') ?? '');
  return (violation === undefined) === (spare !== undefined);
}
