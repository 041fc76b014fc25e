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

/** The smallest world: one object, one process, nothing goes wrong. */
export const CALM = { start: 'new', processes: 1, crash: 0, fault: 0, user: 0, switch: 0 } as const;
/** One person does one thing. */
export const USER = { ...CALM, user: 1 };
/** The process dies once. */
export const CRASH = { ...CALM, crash: 1 };
/** One request goes wrong. */
export const FAULT = { ...CALM, fault: 1 };
/** A crash and a deed. */
export const CRASH_USER = { ...CALM, crash: 1, user: 1 };
/** A fault and a deed. */
export const FAULT_USER = { ...CALM, fault: 1, user: 1 };
/** Two processes lead, and take turns twice. */
export const LEADERS = { ...CALM, processes: 2, switch: 2 } as const;

/** A change of one text in one file of `src/certificate`. */
export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
