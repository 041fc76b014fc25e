import { FlagError, parseFlags, wholeNumberOf } from '../support/command-flags.ts';

export const HELP = `npm run bench -- [--quick] [--certificates N] [--delay MS] [--soak] [--zones N] [--profile DIR]
npm run bench -- --scale [--certificates N] [--namespaces N] [--secrets N] [--minutes N] [--profile DIR]
  --quick            200 certificates only
  --certificates N   N certificates instead of 200 and 1,000; bounds are judged from 200
  --delay MS         a Cloudflare that takes MS for a certificate instead of 0 and 150
  --zones N          only the requests of N zones at rest, in 6 hours of simulated time, 1 hour with --quick
  --soak             also with --quick or --certificates: in the end 5 minutes of a reflector under faults
  --scale            only what 10,000 certificates in 200 namespaces beside 20,000 unrelated Secrets cost at rest, at
                     a restart, in a scrape and under a revoked token; Linux only
  --minutes N        how long it is watched under the revoked token, 8 by default
  --profile DIR      writes CPU profiles of the operator into DIR
`;

const MOST = 99_999;

export type BenchFlags = ReturnType<typeof parse>;

/** Throws a FlagError that ends with the help. */
export function readBenchFlags(args: readonly string[]): BenchFlags {
  const values = parse(args);
  for (const name of ['certificates', 'namespaces', 'zones'] as const)
    wholeNumberOf(name, values[name], { least: 1, most: MOST }, HELP);
  for (const name of ['secrets', 'minutes', 'delay'] as const)
    wholeNumberOf(name, values[name], { least: 0, most: MOST }, HELP);
  const problem = values.scale ? besideScale(values) : (withoutScale(values) ?? besideZones(values));
  if (problem !== undefined) throw new FlagError(`${problem}\n${HELP}`);
  return values;
}

/** What would be ignored, and people would wait half an hour for it. */
function besideScale({ quick, delay, soak, zones }: BenchFlags): string | undefined {
  if (quick)
    return '--scale takes no --quick: for a smaller --scale write --certificates 200 --secrets 500 --minutes 1';
  if (delay !== undefined) return '--scale takes no --delay: its Cloudflare answers at once';
  const other = zones !== undefined ? '--zones' : soak ? '--soak' : undefined;
  return other && `--scale and ${other} are two measurements: give only one of them`;
}

/** Zones are measured in simulated time, without certificates and without an operator as a process. */
function besideZones({ zones, certificates, delay, soak, profile, quick }: BenchFlags): string | undefined {
  if (zones === undefined) {
    const isBoth = quick && certificates !== undefined;
    return isBoth ? '--quick is --certificates 200: give only one of them' : undefined;
  }
  if (soak) return '--zones and --soak are two measurements: give only one of them';
  const given = { certificates, delay, profile };
  const lone = (['certificates', 'delay', 'profile'] as const).find((name) => given[name] !== undefined);
  return lone && `--zones measures nothing that --${lone} is for: leave out one of the two`;
}

function withoutScale(values: BenchFlags): string | undefined {
  const lone = (['namespaces', 'secrets', 'minutes'] as const).find((name) => values[name] !== undefined);
  return lone && `--${lone} needs --scale`;
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
