import { parseArgs } from 'node:util';
import { errorMessage } from '../programs/errors.ts';
import { FLOWS } from './flows.ts';
import type { Course } from './run.ts';
import { ALL_VARIANTS, nameOf } from './variant.ts';

export const HELP = `npm run kill -- [--flow F] [--variant V] [--point N] [--sample N] [--random N] [--seed S] [--lanes L] [--logs DIR]
  --flow F      only this flow: ${FLOWS.map(({ name }) => name).join(', ')}
  --variant V   only in these surroundings, such as 2-late-early: zones, signing, listing
  --point N     only at this point of each course
  --sample N    only at so many points, which the seed chooses
  --random N    instead of all that: N runs with up to four kills each at points that the seed chooses
  --seed S      default: another one every time
  --lanes L     runs at once, default 4
  --logs DIR    writes what the operator logged in each run that went wrong into DIR`;

export interface KillFlags {
  readonly courses: readonly Course[];
  readonly point: number | undefined;
  readonly sample: number | undefined;
  /** 0: not at random. */
  readonly random: number;
  readonly seed: number;
  readonly lanes: number;
  readonly logs: string | undefined;
}

/** A flag that cannot be used: what to write instead. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/** Throws a FlagError. */
export function readKillFlags(args: readonly string[]): KillFlags | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    courses: coursesOf(values.flow, values.variant),
    point: numberOf('point', values.point),
    sample: numberOf('sample', values.sample),
    random: numberOf('random', values.random) ?? 0,
    seed: numberOf('seed', values.seed) ?? Math.floor(Math.random() * 1e6),
    lanes: numberOf('lanes', values.lanes) ?? 4,
    logs: values.logs,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const named = { flow: text, variant: text, logs: text };
  const numbers = { point: text, sample: text, random: text, seed: text, lanes: text };
  try {
    const help = { type: 'boolean', default: false } as const;
    return parseArgs({ args: [...args], options: { ...named, ...numbers, help } }).values;
  } catch (error) {
    throw new FlagError(`${errorMessage(error)}\n${HELP}`);
  }
}

function coursesOf(flowName: string | undefined, variantName: string | undefined): readonly Course[] {
  const courses = FLOWS.filter(({ name }) => flowName === undefined || name === flowName).flatMap((flow) =>
    (flow.variants ?? ALL_VARIANTS)
      .filter((variant) => variantName === undefined || nameOf(variant) === variantName)
      .map((variant) => ({ flow, variant })),
  );
  if (courses.length === 0) throw new FlagError(`There is no such flow and variant.\n${HELP}`);
  return courses;
}

function numberOf(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(value))
    throw new FlagError(`--${flag} is "${value}": write a whole number from 1\n${HELP}`);
  return Number(value);
}
