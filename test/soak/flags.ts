import { FlagError, parseFlags, wholeNumberOf } from '../support/command-flags.ts';

export const HELP = `npm run soak -- [--minutes M] [--seed S] [--slots N] [--real-time] [--logs DIR]
  --minutes M    how long people and faults are at it, default 5; fractions are minutes too
  --seed S       the same steps again; default: others every time
  --slots N      OriginCertificates, default 8
  --real-time    the operator's own budget, timeouts and Lease instead of short waits
  --logs DIR     writes what the replicas logged, in each of their lives, into DIR`;

const SEEDS = { least: 1, most: 9_999_999 } as const;
const SLOTS = { least: 1, most: 999 } as const;

export interface SoakFlags {
  readonly minutes: number;
  readonly seed: number;
  readonly slots: number;
  readonly realTime: boolean;
  readonly logs: string | undefined;
}

/** Throws a FlagError. */
export function readSoakFlags(args: readonly string[]): SoakFlags | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    minutes: minutesOf(values.minutes) ?? 5,
    seed: wholeNumberOf('seed', values.seed, SEEDS, HELP) ?? 1 + Math.floor(Math.random() * 1e6),
    slots: wholeNumberOf('slots', values.slots, SLOTS, HELP) ?? 8,
    realTime: values['real-time'],
    logs: values.logs,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const toggle = { type: 'boolean', default: false } as const;
  const options = { minutes: text, seed: text, slots: text, logs: text, 'real-time': toggle, help: toggle };
  return parseFlags(args, options, HELP);
}

function minutesOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) === 0)
    throw new FlagError(`--minutes is "${value}": write a number above 0, such as 5 or 0.5\n${HELP}`);
  return Number(value);
}
