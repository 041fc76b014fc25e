import type { Manner } from './cloudflare.ts';
import { perform, type Step } from './effects.ts';
import { brokenByPost, hasEffect } from './promises.ts';
import type { Runner } from './runner.ts';
import { keysOf } from './secrets.ts';
import { type Answer, type Budget, type Call, type Process, type State, WAIT_MS } from './state.ts';
import { type DeedName, deeds } from './users.ts';

/** One thing that can happen next. */
export interface Move {
  readonly label: string;
  readonly step: () => Promise<Step>;
}

/** What is explored beyond the moves that always can happen. */
export interface Rules {
  /** Names of the objects that people act on. */
  readonly subjects: readonly string[];
  readonly deeds: readonly DeedName[];
}

/** Waits longer than this are for a renewal that is due in its time: the world is at rest. */
const REST_MS = 6 * 3_600_000;
/** Longer than any wait of the protocol after the last fault. */
const UNREST_MS = 48 * 3_600_000;
/** As long as a request may take at most, nearly. */
const SLOW_MS = 24_700;
/** A pass asks to be run again after this time when twelve effects were not enough. */
const UNDONE_MS = 1000;

/** All that can happen next. None: the world is at rest. */
export function moves(runner: Runner, rules: Rules, state: State, startedAt: number): Move[] {
  const running = state.processes.flatMap((process, index) => {
    const turn = withTurn(state, index);
    return turn ? processMoves(runner, turn, process, index) : [];
  });
  return [
    ...running,
    ...state.late.map((late, index) => landing(state, late.call, index)),
    ...(running.some(({ label }) => !label.startsWith('!')) ? [] : timePasses(state, startedAt)),
    ...userMoves(rules, state),
  ].map(({ label, step }) => ({ label: label.replace('!', ''), step }));
}

/** The state in which it is this process's turn; undefined where processes have taken turns often enough. */
function withTurn(state: State, index: number): State | undefined {
  if (state.running === index || state.running === -1) return state;
  const isMidway = state.processes[state.running]?.pass !== undefined;
  if (!isMidway) return { ...state, running: index };
  return state.left.switch === 0 ? undefined : { ...spend(state, 'switch'), running: index };
}

function isIdle({ processes }: State): boolean {
  return processes.every(({ pass, dirty }) => pass === undefined && dirty.length === 0);
}

/** Nothing is under way and nothing left to do before a renewal in its time. */
export function isAtRest(state: State): boolean {
  return isIdle(state) && state.late.length === 0 && nextTimer(state) > state.now + REST_MS;
}

function nextTimer({ processes }: State): number {
  return Math.min(...processes.flatMap(({ timers }) => Object.values(timers)), Infinity);
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
      label: `!${asked}, ${label}`,
      step: told(world, answer),
    })),
    ...slowness(state, call),
    ...crash(state, index, call),
  ];
}

/** A request takes its time: what was to be done meanwhile waits for it. */
function slowness(state: State, call: Call): Move[] {
  const later = state.now + SLOW_MS;
  if (state.left.fault === 0 || state.late.some(({ deadline }) => deadline <= later)) return [];
  if (call.verb === 'get' || call.verb === 'list' || state.processes.length > 1) return [];
  const step = async (): Promise<Step> => ({ state: { ...spend(state, 'fault'), now: later } });
  return [{ label: `!${SLOW_MS / 1000} s pass while it waits: ${describe(call)}`, step }];
}

function answered(state: State, call: Call, manner: Manner = {}): [Step, Answer] {
  const { state: after, answer, broken } = perform(state, call, { listsLate: true, ...manner });
  return [{ state: after, broken }, answer];
}

/** The process after a step: what it now asks for is judged as it is sent. */
function replaced(state: State, index: number, process: Process): Step {
  const before = state.processes[index]?.pass?.calls ?? [];
  const processes = state.processes.with(index, process);
  if (Object.values(process.timers).includes(state.now + UNDONE_MS))
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

interface Fault {
  readonly label: string;
  readonly world: Step;
  readonly answer: Answer;
}

/** What can go wrong with a request while its process lives. */
function faults(state: State, call: Call): Fault[] {
  if (state.left.fault === 0) return [];
  const spent = spend(state, 'fault');
  const noAnswer: Answer =
    call.to === 'kube' ? { kube: 'Network' } : { cloudflare: 'CloudflareUnavailable', definite: false };
  const lost = {
    label: hasEffect(call) ? 'not done, no answer' : 'no answer',
    world: { state: spent },
    answer: noAnswer,
  };
  if (call.verb === 'listing') {
    const answer = { ok: { complete: false, certificates: [] } };
    return [lost, { label: 'incomplete', world: { state: spent }, answer }];
  }
  if (!hasEffect(call)) return [lost];
  const [done] = answered(spent, call);
  const usual = [
    lost,
    ...(call.to === 'kube'
      ? [{ label: 'forbidden', world: { state: spent }, answer: { kube: 'Forbidden' } as const }]
      : []),
    { label: 'done, no answer', world: done, answer: noAnswer },
    { label: 'done late, no answer', world: { state: delayed(spent, call) }, answer: noAnswer },
  ];
  if (call.verb !== 'post') return usual;
  const onceMore = { ...spent, users: { ...spent.users, needs: spent.users.needs + 1 } };
  const [signed, answer] = answered(onceMore, call, { signs: 'other names' });
  const refusal: Answer = { cloudflare: 'RateLimited', definite: true };
  return [
    ...usual,
    { label: 'refused', world: { state: refused(spent, call.key) }, answer: refusal },
    { label: 'signed for other names', world: signed, answer },
  ];
}

function refused(state: State, key: string): State {
  const posts = { ...state.cloudflare.posts, [key]: { sentAt: state.now, refused: true } };
  return { ...state, cloudflare: { ...state.cloudflare, posts } };
}

/** The process dies, with what it asked for last undone, done, or still on its way; a new one takes its place. */
function crash(state: State, index: number, call: Call | undefined): Move[] {
  if (state.left.crash === 0) return [];
  const name = state.processes[index]?.name ?? 0;
  const dies = (world: State): State => ({
    ...world,
    started: world.started + 1,
    processes: world.processes.with(index, newProcess(world.started + 1, keysOf(world.api))),
  });
  const spent = spend(state, 'crash');
  const undone = { label: `!${name}: dies`, step: async () => ({ state: dies(spent) }) };
  if (call === undefined || !hasEffect(call)) return [undone];
  const [done] = answered(spent, call);
  const asked = describe(call);
  return [
    { ...undone, label: `!${name}: dies before ${asked}` },
    { label: `!${name}: dies after ${asked}`, step: async () => ({ ...done, state: dies(done.state) }) },
    { label: `!${name}: dies, late: ${asked}`, step: async () => ({ state: dies(delayed(spent, call)) }) },
  ];
}

export function newProcess(name: number, dirty: readonly string[]): Process {
  return { name, memory: '', keys: 0, listing: undefined, dirty, timers: {}, pass: undefined };
}

function delayed(state: State, call: Call): State {
  return { ...state, late: [...state.late, { call, deadline: call.sentAt + WAIT_MS }] };
}

function landing(state: State, call: Call, index: number): Move {
  const step = async (): Promise<Step> => {
    const late = state.late.toSpliced(index, 1);
    const [after] = answered({ ...state, late }, call);
    return after;
  };
  return { label: `arrives late: ${describe(call)}`, step };
}

/** With every process waiting, time goes to the next moment at which one of them wants to look again. */
function timePasses(state: State, startedAt: number): Move[] {
  const next = nextTimer(state);
  if (!isIdle(state) || next > state.now + REST_MS || next <= state.now) return [];
  if (state.late.some(({ deadline }) => deadline <= next)) return [];
  const seconds = Math.round((next - state.now) / 1000);
  const broken = next > startedAt + UNREST_MS ? 'the world does not come to rest' : undefined;
  return [{ label: `${seconds} s pass`, step: async () => ({ state: { ...state, now: next }, broken }) }];
}

function userMoves({ subjects, deeds: allowed }: Rules, state: State): Move[] {
  if (state.left.user === 0) return [];
  const spent = spend(state, 'user');
  return subjects
    .flatMap((name) => deeds(spent, name, allowed))
    .map(({ label, state: after }) => ({ label, step: async () => ({ state: after }) }));
}

function spend(state: State, what: keyof Budget): State {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } };
}

/** A request as traces show it. */
export function describe(call: Call): string {
  switch (call.verb) {
    case 'get':
      return `get ${call.plural} ${call.name}`;
    case 'list':
      return 'list secrets';
    case 'create':
      return `create ${call.body.metadata.name ?? ''}`;
    case 'apply':
      return `apply ${call.plural} ${call.body.metadata.name ?? ''}${call.dryRun ? ' (dry run)' : ''}`;
    case 'patch':
      return `patch ${call.name}`;
    case 'delete':
      return `delete ${call.name}`;
    case 'post':
      return `POST for key ${call.key}`;
    case 'listing':
      return 'list certificates';
    case 'read':
      return `read certificate ${call.id}`;
    case 'revoke':
      return `revoke certificate ${call.id}`;
  }
}
