import type { Edit } from './load.ts';
import type { World } from './worlds.ts';

/** A rule of the protocol, and how it is taken away. */
export interface Mutation {
  readonly rule: string;
  readonly edits: readonly Edit[];
  /** The smallest world that misses the rule. */
  readonly world: World;
  /** How many states it took to find a promise broken. */
  readonly states: number;
  /** Why nothing is broken without it, for a rule that another one backs up. */
  readonly spare?: string;
}

/** Worlds that most rules are missed in. */
export const CALM = { start: 'new', processes: 1, crash: 0, fault: 0, user: 0, switch: 0 } as const;
export const USER = { ...CALM, user: 1 };
export const CRASH = { ...CALM, crash: 1 };
export const FAULT = { ...CALM, fault: 1 };
export const CRASH_USER = { ...CALM, crash: 1, user: 1 };
export const FAULT_USER = { ...CALM, fault: 1, user: 1 };
export const LEADERS = { ...CALM, processes: 2, switch: 2 } as const;

/** A change of one text in one file of `src/certificate`. */
export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
