import { ISSUERS } from './context.ts';
import { type HandMade, withHandMade } from './hand-made.ts';
import type { People } from './moves.ts';
import { isAtRest, moves } from './moves.ts';
import type { Runner } from './runner.ts';
import { keysOf } from './secrets.ts';
import { type Asks, type Budget, newProcess, type State } from './state.ts';
import { created, HOSTNAMES } from './wishes.ts';

const START = Date.UTC(2026, 0, 1);
const NOTHING: Budget = { crash: 0, fault: 0, user: 0, switch: 0 };

/** Who is there. Absent: one process, one object that asks for nothing special. */
export interface Setting {
  /** Processes that all believe to lead. */
  readonly processes?: number;
  /** Objects that name one Secret, with hostnames of their own. */
  readonly objects?: readonly string[];
  readonly asks?: Asks;
  /** The Secret is there already. */
  readonly hand?: HandMade | undefined;
}

/** A world with objects that were just made. */
export function firstIssuance(
  left: Budget,
  { processes = 1, objects = ['web'], asks = {}, hand }: Setting = {},
): State {
  const empty: State = {
    now: START,
    refusedUntil: 0,
    api: {
      certificates: {},
      secrets: {},
      isTerminating: false,
      isKeptElsewhere: false,
      issuers: ISSUERS,
      births: {},
    },
    cloudflare: { stored: [], awayUntil: 0, posts: {} },
    late: [],
    processes: [],
    running: processes === 1 ? -1 : 0,
    started: processes,
    left,
    users: {
      backup: undefined,
      dropped: [],
      revoked: [],
      letGo: [],
      lostKeys: [],
      takenDown: [],
      served: [],
      leaked: [],
      claimedMidway: [],
      bridged: [],
      hasDeleted: false,
      asks,
      needs: 1,
    },
  };
  const before = hand ? withHandMade(empty, 'one', HOSTNAMES[0], hand) : empty;
  const made = objects.reduce((state, name, index) => created(state, name, HOSTNAMES[index]), before);
  const names = Array.from({ length: processes }, (_, index) => index + 1);
  return { ...made, processes: names.map((name) => newProcess(name, keysOf(made.api))) };
}

/** The same after its first certificate was issued in good weather. */
export async function issued(runner: Runner, left: Budget, setting: Setting): Promise<State> {
  let state = firstIssuance(NOTHING, setting);
  const people: People = { subjects: [], deeds: [] };
  while (!isAtRest(state)) {
    const [move] = moves(runner, people, state, START);
    if (move === undefined) throw new Error('the first issuance does not come to its end');
    state = (await move.step()).state;
  }
  return { ...state, left };
}
