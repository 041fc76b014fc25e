import { type Rules } from './moves.ts';
import type { Runner } from './runner.ts';
import { firstIssuance, issued } from './scenarios.ts';
import type { Budget, State } from './state.ts';
import { type DeedName, DEEDS } from './users.ts';

/** From where the exploration starts, and what may happen how often. */
export interface World {
  /** `new`: an object that was just made. `issued`: one that has its certificate. */
  readonly start: 'new' | 'issued';
  /** Objects that were just made and name the same Secret. Absent: one. */
  readonly objects?: readonly string[];
  /** The object asks that what is replaced be revoked. */
  readonly revokes?: boolean;
  /** Processes that believe to lead at the same time. */
  readonly processes: 1 | 2;
  readonly crash: number;
  readonly fault: number;
  readonly user: number;
  /** With two processes: how often one takes over while the other is in the middle of a pass. */
  readonly switch: number;
  /** Absent: all that people can do. */
  readonly deeds?: readonly DeedName[];
}

const ONE = { processes: 1, switch: 0 } as const;

/** Explored in a few seconds, with every kind of trouble in it. */
export const SMALL: readonly World[] = [
  { ...ONE, start: 'new', crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'new', crash: 0, fault: 1, user: 1 },
  { ...ONE, start: 'new', crash: 1, fault: 1, user: 0 },
  { ...ONE, start: 'issued', crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'issued', crash: 0, fault: 1, user: 1 },
  // These two found what a rename could make forgotten while the last write was not yet told in the status.
  { ...ONE, start: 'issued', crash: 0, fault: 1, user: 2, deeds: ['edit hostnames', 'rename Secret'] },
  { ...ONE, start: 'issued', crash: 0, fault: 0, user: 3, deeds: ['edit hostnames', 'rename Secret'] },
  { start: 'issued', processes: 2, crash: 0, fault: 0, user: 1, switch: 1 },
  { ...ONE, start: 'issued', revokes: true, crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'issued', revokes: true, crash: 0, fault: 1, user: 1 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 0, fault: 0, user: 1 },
  { start: 'new', objects: ['web', 'shop'], processes: 2, crash: 0, fault: 0, user: 0, switch: 1 },
];

/** The full bound: every world is explored to its end. */
export const FULL: readonly World[] = [
  { ...ONE, start: 'new', crash: 1, fault: 1, user: 1 },
  { ...ONE, start: 'new', crash: 2, fault: 0, user: 1 },
  { ...ONE, start: 'new', crash: 0, fault: 2, user: 1 },
  { ...ONE, start: 'new', crash: 1, fault: 0, user: 2 },
  { ...ONE, start: 'issued', crash: 1, fault: 1, user: 1 },
  { ...ONE, start: 'issued', crash: 1, fault: 0, user: 2 },
  { ...ONE, start: 'issued', crash: 0, fault: 1, user: 2 },
  { ...ONE, start: 'issued', crash: 0, fault: 0, user: 3 },
  { start: 'new', processes: 2, crash: 0, fault: 1, user: 0, switch: 2 },
  { start: 'new', processes: 2, crash: 0, fault: 0, user: 1, switch: 2 },
  { start: 'issued', processes: 2, crash: 0, fault: 0, user: 1, switch: 3 },
  { ...ONE, start: 'new', revokes: true, crash: 1, fault: 0, user: 2 },
  { ...ONE, start: 'issued', revokes: true, crash: 1, fault: 1, user: 1 },
  { ...ONE, start: 'issued', revokes: true, crash: 0, fault: 1, user: 2 },
  { start: 'issued', revokes: true, processes: 2, crash: 0, fault: 0, user: 1, switch: 2 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 0, fault: 0, user: 2 },
  { start: 'new', objects: ['web', 'shop'], processes: 2, crash: 0, fault: 0, user: 1, switch: 1 },
];

/** The first state and the rules of a world. */
export async function begin(world: World, runner: Runner): Promise<{ state: State; rules: Rules }> {
  const { crash, fault, user } = world;
  const left: Budget = { crash, fault, user, switch: world.switch };
  const objects = world.objects ?? ['web'];
  const state = world.start === 'new' ? firstIssuance(left, world) : await issued(runner, left, world);
  return { state, rules: { subjects: objects, deeds: world.deeds ?? DEEDS } };
}

/** The world in words. */
export function titleOf(world: World): string {
  const { start, objects, processes, crash, fault, user, switch: switches, deeds, revokes } = world;
  const parts = [
    start === 'issued' ? 'issued' : objects ? `${objects.length} new objects, 1 Secret` : 'new object',
    ...(crash > 0 ? [`${crash} crash`] : []),
    ...(fault > 0 ? [`${fault} fault`] : []),
    ...(user > 0 ? [`${user} user`] : []),
    ...(processes > 1 ? [`${processes} leaders, ${switches} switch`] : []),
    ...(revokes ? ['Revoke'] : []),
    ...(deeds ? [deeds.join(', ')] : []),
  ];
  return parts.join(' + ');
}
