import { FlagError, parseFlags } from '../support/command-flags.ts';

export const HELP = `npm run soak -- [--minutes M] [--seed S] [--slots N] [--real-time] [--logs DIR]
  --minutes M    how long people and faults are at it, default 5; fractions are minutes too
  --seed S       the same steps again; default: others every time
  --slots N      OriginCertificates, default 8
  --real-time    the operator's own budget, timeouts and Lease instead of short waits
  --logs DIR     writes what the replicas logged, in each of their lives, into DIR`;

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
    minutes: numberOf('minutes', values.minutes, /^\d{1,4}(\.\d{1,3})?$/) ?? 5,
    seed: numberOf('seed', values.seed, /^[1-9]\d{0,6}$/) ?? 1 + Math.floor(Math.random() * 1e6),
    slots: numberOf('slots', values.slots, /^[1-9]\d{0,2}$/) ?? 8,
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

function numberOf(flag: string, value: string | undefined, form: RegExp): number | undefined {
  if (value === undefined) return undefined;
  if (!form.test(value) || Number(value) === 0)
    throw new FlagError(`--${flag} is "${value}", which is no number that it takes\n${HELP}`);
  return Number(value);
}
