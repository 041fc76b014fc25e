import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import { startControlPlane } from '../programs/control-plane.ts';
import { bundle } from '../support/build.ts';
import { FlagError } from '../support/command-flags.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';
import { HELP, type KillFlags, readKillFlags } from './flags.ts';
import type { Ring } from './lane.ts';
import { Pool } from './pool.ts';
import {
  type Kill,
  killAt,
  killAtRandom,
  mustHave,
  oneInEachState,
  type RandomRun,
  survey,
  type Tally,
  titleOf,
  type Violation,
} from './product.ts';
import { randomFrom, sampleOf } from './random.ts';
import type { Outcome } from './run.ts';
import { REAL } from './waits.ts';

/**
 * `npm run kill`: runs the bundle between two proxies and kills it before and after every request and before every
 * piece of a watch, in every flow and variant; each time it is started again and the world must come out right.
 */

const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
/** Several may run at once, of different sources. */
const PROGRAM = `dist/kill-${process.pid}/main.js`;
const PROGRESS_EVERY = 10;
let ended = 0;
const begunMs = new Map<RandomRun, number>();

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const flags = readKillFlags(process.argv.slice(2));
  if (flags === 'help') say(HELP);
  else if ((await kill(flags)) > 0) process.exitCode = 1;
} catch (error) {
  const isUsage = error instanceof FlagError;
  process.stderr.write(`${isUsage ? error.message : inspect(error)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
// Node 24 may wait for ever for connections of the dead that are still closing.
process.exit();

/** Resolves to the number of violations. */
async function kill(flags: KillFlags): Promise<number> {
  await using stack = new AsyncDisposableStack();
  say(`seed ${flags.seed}, ${flags.lanes} lanes; building the operator and starting a control plane`);
  const pool = stack.use(new Pool(await openRing(stack), flags.lanes));
  const startMs = performance.now();
  const told = (violation: Violation): Promise<void> => tell(violation, flags.logs);
  const tally =
    flags.random > 0
      ? await killAtRandom(
          pool,
          sampleOf(repeated(flags), flags.random, randomFrom(flags.seed)),
          flags.seed,
          { onBegin: tellBegin, onEnd: tellEnd, onViolation: told },
        )
      : await killAt(pool, await chosen(pool, flags), progress, told);
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  say(
    `${tally.killed} kills in ${minutes} min, ${tally.missed} points that did not come again, ` +
      `${tally.violations.length} violations`,
  );
  return tally.violations.length;
}

async function openRing(stack: AsyncDisposableStack): Promise<Ring> {
  const program = join(import.meta.dirname, '../..', PROGRAM);
  stack.defer(() => rm(dirname(program), { recursive: true }));
  await bundle('src/main.ts', PROGRAM);
  const plane = await startControlPlane({ crds: CRDS });
  stack.defer(() => plane.stop());
  const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: plane.kubeconfigPath, env: {} }));
  stack.defer(() => kube.close());
  await applyManifests(kube, await kustomizeBuild('deploy'));
  return { plane, kube, program };
}

/** At least as many courses as random runs are asked for. */
function repeated({ courses, random }: KillFlags): KillFlags['courses'] {
  return Array.from({ length: Math.ceil(random / courses.length) }, () => courses).flat();
}

/** Every point of every course, one in each state, one of them, or a sample. */
async function chosen(
  pool: Pool,
  { courses, point, merged, sample, seed }: KillFlags,
): Promise<readonly Kill[]> {
  say(`${timeOfDay()} runs each of ${courses.length} courses once without a kill`);
  const all = await survey(pool, courses);
  if (point !== undefined) mustHave(all, point);
  const kills = courses.flatMap((course) => {
    const own = all.filter((kill) => kill.course === course);
    const apart = oneInEachState(own);
    say(`${titleOf(course)}: ${own.length} points in ${apart.length} states`);
    if (point !== undefined) return own.filter(({ number }) => number === point);
    return merged || course.waits === REAL ? apart : own;
  });
  const sampled = sample === undefined ? kills : sampleOf(kills, sample, randomFrom(seed));
  say(`${all.length} points in ${oneInEachState(all).length} states, kills at ${sampled.length}`);
  return sampled;
}

function tellBegin(run: RandomRun): void {
  begunMs.set(run, performance.now());
  const slow = run.course.waits === REAL ? ', which may take 20 minutes' : '';
  say(`${timeOfDay()} begins: ${titleOf(run.course)}, seed ${run.seed}${slow}`);
}

function tellEnd(run: RandomRun, { kills, violations }: Outcome): void {
  const seconds = Math.round((performance.now() - (begunMs.get(run) ?? 0)) / 1000);
  say(
    `${timeOfDay()} ends after ${seconds} s: ${titleOf(run.course)}, seed ${run.seed}, ${kills} kills, ` +
      `${violations.length === 0 ? 'all as it must be' : 'a violation'}`,
  );
}

function timeOfDay(): string {
  return new Date().toISOString().slice(11, 19);
}

function progress({ course, number, point }: Kill, tally: Tally): void {
  ended += 1;
  if (ended % PROGRESS_EVERY === 0)
    say(
      `${timeOfDay()} ${ended} runs (${tally.killed} kills, ` +
        `${tally.violations.length} violations): ${titleOf(course)} ${number}, ${point}`,
    );
}

async function tell(violation: Violation, logs: string | undefined): Promise<void> {
  const { repeat, point, problems } = violation;
  say(`\nVIOLATION, killed ${point}\n  npm run kill -- ${repeat}\n  ${problems.join('\n  ')}`);
  if (logs === undefined) return;
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, `${repeat.replaceAll(/[^a-z0-9]+/g, '-')}.log`), violation.logs.join('\n'));
}
