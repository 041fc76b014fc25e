import { FlagError, parseFlags } from '../support/command-flags.ts';
import type { Mutation } from './mutation.ts';
import { MUTATIONS } from './mutations.ts';
import { FULL, SMALL } from './worlds.ts';

/** What `--help` prints, and what stands under every complaint. */
export const HELP = `npm run explore -- [--small] [--worlds A-B] [--mutations [--rule TEXT]]
  --small        the bound that npm test explores
  --worlds A-B   only the A-th to the B-th world, such as 9-18, 9- or 9: all of them take hours
  --mutations    take away the rules of the protocol one by one: each time a promise must break
  --rule TEXT    only the rules whose words contain TEXT, with the shortest trace
`;
/** Of the rules that are there, so many are told to who names none of them. */
const TOLD = 3;

/** The command line, read. */
export interface ExploreFlags {
  readonly small: boolean;
  /** First and last, counted from 1. */
  readonly worlds: readonly [first: number, last: number];
  /** The rules to take away, where that is asked for. */
  readonly mutations: readonly Mutation[] | undefined;
  /** Shows how the promises break. */
  readonly withTrace: boolean;
}

/** Throws a FlagError that ends with the help. */
export function readExploreFlags(args: readonly string[]): ExploreFlags | 'help' {
  const { help, small, worlds, mutations, rule } = parse(args);
  if (help) return 'help';
  if (rule !== undefined && !mutations) throw new FlagError(`--rule needs --mutations\n${HELP}`);
  return {
    small,
    worlds: rangeOf(worlds, (small ? SMALL : FULL).length),
    mutations: mutations ? rulesWith(rule ?? '') : undefined,
    withTrace: rule !== undefined,
  };
}

function parse(args: readonly string[]) {
  const toggle = { type: 'boolean', default: false } as const;
  const range = { type: 'string', default: '1-' } as const;
  const options = {
    help: toggle,
    small: toggle,
    mutations: toggle,
    worlds: range,
    rule: { type: 'string' },
  } as const;
  return parseFlags(args, options, HELP);
}

/** Without a last one: to the end. */
function rangeOf(text: string, count: number): readonly [number, number] {
  const [, from = '0', dash, to] = /^(\d+)(?:(-)(\d*))?$/.exec(text) ?? [];
  const first = Number(from);
  const last = dash === undefined ? first : Number(to || count);
  if (first >= 1 && last >= first && last <= count) return [first, last];
  throw new FlagError(
    `--worlds is "${text}": write a range within the ${count} worlds, such as 2-3, 2- or 2\n${HELP}`,
  );
}

function rulesWith(text: string): readonly Mutation[] {
  const found = MUTATIONS.filter(({ rule }) => rule.includes(text));
  if (found.length > 0) return found;
  const some = MUTATIONS.slice(0, TOLD).map(({ rule }) => `"${rule}"`);
  throw new FlagError(
    `--rule is "${text}": no rule has these words; write a part of one, such as ${some.join(', ')}\n${HELP}`,
  );
}
