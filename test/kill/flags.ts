import { FlagError, parseFlags, wholeNumberOf } from '../support/command-flags.ts';
import { COURSES, REAL_COURSES } from './courses.ts';
import { FLOWS } from './flows.ts';
import type { Course } from './run.ts';
import { nameOf } from './variant.ts';
import { SCALED, scaledWaits } from './waits.ts';

export const HELP = `npm run kill -- [--flow F] [--variant V] [--point N] [--merged] [--shard I/N] [--real] [--scale K] [--sample N] [--random N] [--seed S] [--lanes L] [--logs DIR]
  --flow F      only this flow: ${FLOWS.map(({ name }) => name).join(', ')}
  --variant V   only in these surroundings, such as 2-late-early: zones, signing, listing
  --point N     only at this point of each course
  --merged      only once in each state of the two servers: what else the operator knows dies with it
  --shard I/N   only the I-th of N parts of all courses
  --real        only the flows with POST timeout, settle and leases as they are by default, always merged
  --scale K     waits K times as long, for a machine that does much else, such as 3; not those of --real
  --sample N    only at so many points, which the seed chooses
  --random N    instead of all that: N runs with up to four kills each at points that the seed chooses;
                some of them with waits as they are by default, which takes up to 20 minutes: --flow leaves those out
  --seed S      what --random and --sample choose by; default: another one every time
  --lanes L     runs at once, default 4
  --logs DIR    writes what the operator logged in each run that went wrong into DIR`;

const NUMBERS = { least: 1, most: 9_999_999 } as const;

export interface KillFlags {
  readonly courses: readonly Course[];
  readonly point: number | undefined;
  readonly merged: boolean;
  readonly sample: number | undefined;
  /** 0: not at random. */
  readonly random: number;
  readonly seed: number;
  readonly lanes: number;
  readonly logs: string | undefined;
}

/** Throws a FlagError. */
export function readKillFlags(args: readonly string[]): KillFlags | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const problem = withoutEffect(values);
  if (problem !== undefined) throw new FlagError(`${problem}\n${HELP}`);
  return {
    courses: coursesOf(values),
    point: numberOf('point', values.point),
    merged: values.merged,
    sample: numberOf('sample', values.sample),
    random: numberOf('random', values.random) ?? 0,
    seed: numberOf('seed', values.seed) ?? Math.floor(Math.random() * 1e6),
    lanes: numberOf('lanes', values.lanes) ?? 4,
    logs: values.logs,
  };
}

/** What would be ignored, in a run of hours. */
function withoutEffect(values: ReturnType<typeof parse>): string | undefined {
  const { random, sample, point, merged, real, scale, seed } = values;
  if (random !== undefined) {
    if (point !== undefined)
      return '--random chooses its own points: leave out --point, or leave out --random to kill at that point';
    if (merged) return '--random kills in states as they come: leave out --merged, or leave out --random';
    if (sample !== undefined) return '--random and --sample are two ways to choose: give only one of them';
  }
  if (point !== undefined && merged)
    return '--point names where to kill: leave out --merged, which would choose others';
  if (real && scale !== undefined)
    return '--real takes no --scale: its waits are those that the operator has by default';
  if (seed !== undefined && random === undefined && sample === undefined)
    return '--seed chooses for --random and --sample: give one of them too, or leave out --seed';
  return undefined;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const named = { flow: text, variant: text, shard: text, logs: text };
  const numbers = { point: text, scale: text, sample: text, random: text, seed: text, lanes: text };
  const flag = { type: 'boolean', default: false } as const;
  return parseFlags(args, { ...named, ...numbers, merged: flag, real: flag, help: flag }, HELP);
}

/** All of them where none is named, those with real waits at the end. Throws a FlagError that says which there are. */
function coursesOf({ flow, variant, shard, real, scale }: ReturnType<typeof parse>): readonly Course[] {
  const isAll = flow === undefined && variant === undefined && !real;
  const from = isAll ? [...COURSES, ...REAL_COURSES] : real ? REAL_COURSES : COURSES;
  const ofFlow = withName(from, 'flow', flow, (course) => course.flow.name);
  const where = flow === undefined ? '' : `, which is all that --flow ${flow} has`;
  const named = withName(ofFlow, 'variant', variant, (course) => nameOf(course.variant), where);
  const courses = shard === undefined ? named : partOf(named, shard);
  const waits = scaledWaits(numberOf('scale', scale) ?? 1);
  return courses.map((course) => (course.waits === SCALED ? { ...course, waits } : course));
}

function withName(
  courses: readonly Course[],
  flag: 'flow' | 'variant',
  name: string | undefined,
  nameIn: (course: Course) => string,
  where = '',
): readonly Course[] {
  const found = courses.filter((course) => name === undefined || nameIn(course) === name);
  if (found.length > 0) return found;
  const names = [...new Set(courses.map(nameIn))];
  const one = names.length === 1 ? '' : 'one of ';
  throw new FlagError(`--${flag} is "${name}": write ${one}${names.join(', ')}${where}\n${HELP}`);
}

function partOf(courses: readonly Course[], shard: string): readonly Course[] {
  const [, part, parts] = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(shard) ?? [];
  if (part === undefined || Number(part) > Number(parts))
    throw new FlagError(`--shard is "${shard}": write one such as 1/8\n${HELP}`);
  const chosen = courses.filter((_, index) => index % Number(parts) === Number(part) - 1);
  if (chosen.length === 0)
    throw new FlagError(
      `--shard is "${shard}": the courses chosen are only ${courses.length}; write 1/${courses.length} or fewer parts\n${HELP}`,
    );
  return chosen;
}

function numberOf(flag: string, value: string | undefined): number | undefined {
  return wholeNumberOf(flag, value, NUMBERS, HELP);
}
