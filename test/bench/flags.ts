import { FlagError, parseFlags } from '../support/command-flags.ts';

export const HELP = `npm run bench -- [--quick] [--certificates N] [--delay MS] [--soak] [--zones N] [--profile DIR]
npm run bench -- --scale [--certificates N] [--namespaces N] [--secrets N] [--minutes N] [--profile DIR]
  --quick            200 certificates only
  --certificates N   N certificates instead of 200 and 1,000; bounds are judged from 200
  --delay MS         a Cloudflare that takes MS for a certificate instead of 0 and 150
  --zones N          only the requests of N zones at rest, in simulated time
  --soak             also with --quick or --certificates: in the end 5 minutes of a reflector under faults
  --scale            only what 10,000 certificates in 200 namespaces beside 20,000 unrelated Secrets cost at rest, at
                     a restart, in a scrape and under a revoked token; Linux only
  --minutes N        how long it is watched under the revoked token, 8 by default
  --profile DIR      writes CPU profiles of the operator into DIR
`;

export type BenchFlags = ReturnType<typeof parse>;

/** Throws a FlagError that ends with the help. */
export function readBenchFlags(args: readonly string[]): BenchFlags {
  const values = parse(args);
  for (const name of ['certificates', 'namespaces', 'secrets', 'minutes', 'zones', 'delay'] as const) {
    const value = values[name];
    if (value !== undefined && !/^\d{1,5}$/.test(value))
      throw new FlagError(`--${name} is "${value}": write a whole number from 0 to 99999\n${HELP}`);
  }
  for (const name of ['certificates', 'namespaces', 'zones'] as const)
    if (Number(values[name] ?? 1) === 0)
      throw new FlagError(`--${name} is 0: write a number from 1\n${HELP}`);
  if (values.scale && values.zones !== undefined)
    throw new FlagError(`--scale and --zones are two measurements: give only one of them\n${HELP}`);
  return values;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const toggle = { type: 'boolean', default: false } as const;
  const toggles = { help: toggle, quick: toggle, soak: toggle, scale: toggle };
  const numbers = {
    certificates: text,
    delay: text,
    zones: text,
    namespaces: text,
    secrets: text,
    minutes: text,
  };
  return parseFlags(args, { ...toggles, ...numbers, profile: text }, HELP);
}
