import { UNDONE_WORDS } from '../../src/certificate/controller.ts';
import { orphaned, orphaning } from './deletion.ts';
import { describe } from './describe.ts';
import { answered, type Move, spend, type Step } from './effects.ts';
import { crash, faults, slowness } from './faults.ts';
import { brokenByWaiting } from './leaving.ts';
import { brokenByPost } from './promises.ts';
import { isResigned } from './refusal.ts';
import type { Runner } from './runner.ts';
import type { Answer, Call } from './calls.ts';
import type { Process, State } from './state.ts';
import { type DeedName, deeds } from './deeds.ts';

/** What people may do: the one kind of move that differs from world to world. */
export interface People {
  /** Names of the objects that people act on. */
  readonly subjects: readonly string[];
  readonly deeds: readonly DeedName[];
}

/** Waits longer than this are for a renewal that is due in its time: the world is at rest. */
const REST_MS = 6 * 3_600_000;
/** Longer than any wait of the protocol after the last fault. */
const UNREST_MS = 48 * 3_600_000;

/** All that can happen next. None: the world is at rest. */
export function moves(runner: Runner, people: People, state: State, startedAt: number): Move[] {
  const running = state.processes.flatMap((process, index) => {
    const turn = withTurn(state, index);
    return turn ? processMoves(runner, turn, process, index) : [];
  });
  return [
    ...running,
    ...state.late.map((late, index) => landing(state, late.call, index)),
    ...orphaning(state),
    ...timePasses(state, startedAt),
    ...userMoves(people, state),
  ];
}

/** The state in which it is this process's turn; undefined where processes have taken turns often enough. */
function withTurn(state: State, index: number): State | undefined {
  if (state.running === index || state.running === -1) return state;
  const isWorking = state.processes[state.running]?.pass !== undefined;
  if (!isWorking) return { ...state, running: index };
  return state.left.switch === 0 ? undefined : { ...spend(state, 'switch'), running: index };
}

function isIdle({ processes }: State): boolean {
  return processes.every(({ pass, dirty }) => pass === undefined && dirty.length === 0);
}

/** Nothing is under way and nothing left to do before a renewal in its time. */
export function isAtRest(state: State): boolean {
  return (
    isIdle(state) &&
    state.late.length === 0 &&
    orphaned(state).length === 0 &&
    nextTimer(state) > state.now + REST_MS
  );
}

/** An object that says why it is refused only looks whether that has changed, for ever. */
function nextTimer({ processes, api, now }: State): number {
  const times = processes.flatMap(({ timers }) =>
    Object.entries(timers).flatMap(([key, time]) => (isResigned(api, key, now) ? [] : [time])),
  );
  return Math.min(...times, Infinity);
}

function processMoves(runner: Runner, state: State, process: Process, index: number): Move[] {
  const { pass, dirty, timers } = process;
  const due = Object.keys(timers).filter((key) => (timers[key] ?? Infinity) <= state.now);
  const call = pass?.calls[0];
  if (pass === undefined || call === undefined) {
    const begin = [...new Set([...dirty, ...due])].map((key) => ({
      label: `${process.name}: looks at ${key}`,
      step: async () => replaced(state, index, await runner.begin(process, key, state.now, state.api)),
    }));
    return [...begin, ...crash(state, index, undefined)];
  }
  const told = (world: Step, answer: Answer) => async (): Promise<Step> => {
    const current = world.state.processes[index];
    if (world.broken !== undefined || current === undefined) return world;
    // What changed meanwhile stands in `dirty`; the pass is the same.
    const { pass: before = pass } = current;
    return replaced(world.state, index, await runner.hear(current, before, state.now, answer));
  };
  const asked = `${process.name}: ${describe(call)}`;
  return [
    { label: asked, step: told(...answered(state, call)) },
    ...faults(state, call).map(({ label, world, answer }) => ({
      label: `${asked}, ${label}`,
      step: told(world, answer),
    })),
    ...slowness(state, call),
    ...crash(state, index, call),
  ];
}

/** The process after a step: what it now asks for is judged as it is sent. */
function replaced(state: State, index: number, process: Process): Step {
  const before = state.processes[index]?.pass?.calls ?? [];
  const processes = state.processes.with(index, process);
  if (process.memory.includes(UNDONE_WORDS))
    return { state: { ...state, processes }, broken: 'a pass does not come to its end in twelve effects' };
  const [posted] = (process.pass?.calls ?? []).filter(
    (call) => call.verb === 'post' && !before.includes(call),
  );
  if (posted?.verb !== 'post') return { state: { ...state, processes } };
  const { key, sentAt } = posted;
  const posts = { ...state.cloudflare.posts, [key]: { sentAt, refused: false } };
  const after = { ...state, processes, cloudflare: { ...state.cloudflare, posts } };
  return { state: after, broken: brokenByPost(state, posted) };
}

function landing(state: State, call: Call, index: number): Move {
  const step = async (): Promise<Step> => {
    const late = state.late.toSpliced(index, 1);
    const [after] = answered({ ...state, late }, call, { isLate: true });
    return after;
  };
  return { label: `arrives late: ${describe(call)}`, step };
}

/** With every process waiting, time goes to the next moment at which one of them wants to look again. */
function timePasses(state: State, startedAt: number): Move[] {
  const next = nextTimer(state);
  if (!isIdle(state) || orphaned(state).length > 0 || next > state.now + REST_MS || next <= state.now)
    return [];
  if (state.late.some(({ deadline }) => deadline <= next)) return [];
  const seconds = Math.round((next - state.now) / 1000);
  const broken =
    next > startedAt + UNREST_MS ? 'the world does not come to rest' : brokenByWaiting(state, next);
  // Nobody works by what it read before.
  const users = { ...state.users, claimedMidway: [] };
  return [
    { label: `${seconds} s pass`, step: async () => ({ state: { ...state, now: next, users }, broken }) },
  ];
}

function userMoves({ subjects, deeds: allowed }: People, state: State): Move[] {
  if (state.left.user === 0) return [];
  const spent = spend(state, 'user');
  return subjects
    .flatMap((name) => deeds(spent, name, allowed))
    .map(({ label, state: after }) => ({ label, step: async () => ({ state: after }) }));
}
