import { describe } from './describe.ts';
import { answered, delayed, type Move, spend, type Step } from './effects.ts';
import { keysOf } from './secrets.ts';
import type { Answer, Call } from './calls.ts';
import { newProcess, type State } from './state.ts';

/** As long as a request may take at most, nearly. */
const SLOW_MS = 24_700;

interface Fault {
  readonly label: string;
  readonly world: Step;
  readonly answer: Answer;
}

/** What can go wrong with a request while its process lives. */
export function faults(state: State, call: Call): Fault[] {
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
    { label: 'done late, no answer', world: delayed(spent, call), answer: noAnswer },
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
export function crash(state: State, index: number, call: Call | undefined): Move[] {
  if (state.left.crash === 0) return [];
  const name = state.processes[index]?.name ?? 0;
  const dies = (world: State): State => ({
    ...world,
    started: world.started + 1,
    processes: world.processes.with(index, newProcess(world.started + 1, keysOf(world.api))),
  });
  const spent = spend(state, 'crash');
  const undone = { label: `${name}: dies`, step: async () => ({ state: dies(spent) }) };
  if (call === undefined || !hasEffect(call)) return [undone];
  const [done] = answered(spent, call);
  const sent = delayed(spent, call);
  const asked = describe(call);
  return [
    { ...undone, label: `${name}: dies before ${asked}` },
    { label: `${name}: dies after ${asked}`, step: async () => ({ ...done, state: dies(done.state) }) },
    { label: `${name}: dies, late: ${asked}`, step: async () => ({ ...sent, state: dies(sent.state) }) },
  ];
}

/** A request takes its time: what was to be done meanwhile waits for it. */
export function slowness(state: State, call: Call): Move[] {
  const later = state.now + SLOW_MS;
  if (state.left.fault === 0 || state.late.some(({ deadline }) => deadline <= later)) return [];
  if ((!hasEffect(call) && call.to === 'kube') || state.processes.length > 1) return [];
  const step = async (): Promise<Step> => ({ state: { ...spend(state, 'fault'), now: later } });
  return [{ label: `${SLOW_MS / 1000} s pass while it waits: ${describe(call)}`, step }];
}

/** Whether it changes something, which the world may have done although nobody was answered. */
function hasEffect(call: Call): boolean {
  switch (call.verb) {
    case 'create':
    case 'patch':
    case 'delete':
    case 'post':
    case 'revoke':
      return true;
    case 'apply':
      return !call.dryRun;
    case 'get':
    case 'list':
    case 'list keepers':
    case 'listing':
    case 'read':
      return false;
  }
}
