import type { HandMade } from './hand-made.ts';
import type { People } from './moves.ts';
import type { Runner } from './runner.ts';
import { firstIssuance, issued } from './scenarios.ts';
import type { Asks, Budget, State } from './state.ts';
import { type DeedName, DEEDS } from './deeds.ts';

/** From where the exploration starts, and what may happen how often. */
export interface World {
  /** `new`: an object that was just made. `issued`: one that has its certificate. */
  readonly start: 'new' | 'issued';
  /** Objects that were just made and name the same Secret. Absent: one. */
  readonly objects?: readonly string[];
  readonly asks?: Asks;
  /** The Secret is there already, with a pair that was made by hand. */
  readonly hand?: HandMade;
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

const SUPERSEDED = { superseded: 'Revoke' } as const;
const ON_DELETE = { onDelete: 'Revoke' } as const;
const BOTH = { ...SUPERSEDED, ...ON_DELETE };
/** What can get in the way of a deletion, and the ways to ask for one. */
const DELETING: readonly DeedName[] = [
  'delete object',
  'delete object only',
  'delete namespace',
  'create object',
  'edit hostnames',
  'rename Secret',
  'ask for rekey',
  'delete Secret',
  'delete issuer',
  'Cloudflare goes away',
];
const ADOPT = { existingSecret: 'Adopt' } as const;
/** What can happen around a Secret that a policy refuses for a while. */
const REFUSING: readonly DeedName[] = [
  'forbid Secrets',
  'edit hostnames',
  'ask for renewal',
  'delete object',
  'rename Secret',
];
const ADOPT_AND_REVOKE = { ...ADOPT, ...ON_DELETE };
/** What can happen to a Secret that is taken over. A pair that is due is not copied: it is renewed under either name. */
const ADOPTING: readonly DeedName[] = [
  'edit hostnames',
  'ask for renewal',
  'ask for rekey',
  'delete object',
  'delete Secret',
  'take label off Secret',
  'put own Secret',
  'take own Secret away',
];
const BRIDGED = { temporaryCertificate: true } as const;
const BRIDGED_BOTH = { ...BOTH, ...BRIDGED };
/** What can happen to a Secret that holds a temporary pair until a certificate can be had. */
const BRIDGING: readonly DeedName[] = [
  'switch temporary pair',
  'overwrite Secret',
  'delete Secret',
  'restore Secret',
  'edit hostnames',
  'rename Secret',
  'delete object',
  'create object',
  'delete issuer',
  'Cloudflare goes away',
];
/** What can make forgotten that the pair under a former name is to be revoked. */
const LEAKING: readonly DeedName[] = ['ask for rekey', 'edit hostnames', 'rename Secret'];
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
  { ...ONE, start: 'issued', asks: SUPERSEDED, crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'issued', asks: SUPERSEDED, crash: 0, fault: 1, user: 1 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 0, fault: 0, user: 1 },
  { start: 'new', objects: ['web', 'shop'], processes: 2, crash: 0, fault: 0, user: 0, switch: 1 },
  { ...ONE, start: 'new', asks: ON_DELETE, crash: 0, fault: 1, user: 1, deeds: ['delete object'] },
  { ...ONE, start: 'issued', asks: ON_DELETE, crash: 1, fault: 0, user: 1, deeds: DELETING },
  { ...ONE, start: 'issued', asks: BOTH, crash: 0, fault: 0, user: 2, deeds: DELETING },
  { ...ONE, start: 'new', hand: 'good', asks: ADOPT, crash: 1, fault: 0, user: 1, deeds: ADOPTING },
  { ...ONE, start: 'new', hand: 'kept', asks: ADOPT, crash: 0, fault: 1, user: 1, deeds: ADOPTING },
  { ...ONE, start: 'new', crash: 0, fault: 0, user: 2, deeds: ['forbid Secrets', 'edit hostnames'] },
  { ...ONE, start: 'new', asks: BRIDGED, crash: 1, fault: 0, user: 1, deeds: BRIDGING },
  { ...ONE, start: 'issued', asks: BRIDGED, crash: 0, fault: 1, user: 1, deeds: BRIDGING },
  // It found what was forgotten because a temporary pair lay under the new name.
  { ...ONE, start: 'issued', asks: BRIDGED, crash: 0, fault: 0, user: 3, deeds: LEAKING },
  // It found what was forgotten because a former Secret was let go before the status told what that one replaced.
  { ...ONE, start: 'issued', crash: 0, fault: 0, user: 4, deeds: ['edit hostnames', 'rename Secret'] },
];

/** The full bound. */
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
  { ...ONE, start: 'new', asks: SUPERSEDED, crash: 1, fault: 0, user: 2 },
  { ...ONE, start: 'issued', asks: SUPERSEDED, crash: 1, fault: 1, user: 1 },
  { ...ONE, start: 'issued', asks: SUPERSEDED, crash: 0, fault: 1, user: 2 },
  { start: 'issued', asks: SUPERSEDED, processes: 2, crash: 0, fault: 0, user: 1, switch: 2 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'new', objects: ['web', 'shop'], crash: 0, fault: 0, user: 2 },
  { start: 'new', objects: ['web', 'shop'], processes: 2, crash: 0, fault: 0, user: 1, switch: 1 },
  { ...ONE, start: 'new', asks: ON_DELETE, crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'new', asks: ON_DELETE, crash: 0, fault: 1, user: 1 },
  { ...ONE, start: 'issued', asks: {}, crash: 1, fault: 0, user: 2, deeds: DELETING },
  { ...ONE, start: 'issued', asks: ON_DELETE, crash: 1, fault: 0, user: 2, deeds: DELETING },
  { ...ONE, start: 'issued', asks: BOTH, crash: 0, fault: 1, user: 2, deeds: DELETING },
  { start: 'issued', asks: ON_DELETE, processes: 2, crash: 0, fault: 0, user: 1, switch: 2, deeds: DELETING },
  { ...ONE, start: 'new', asks: ON_DELETE, objects: ['web', 'shop'], crash: 1, fault: 0, user: 1 },
  { ...ONE, start: 'new', hand: 'good', asks: ADOPT, crash: 0, fault: 1, user: 2, deeds: ADOPTING },
  { ...ONE, start: 'new', hand: 'due', asks: ADOPT, crash: 1, fault: 0, user: 1, deeds: ADOPTING },
  { ...ONE, start: 'new', hand: 'due', asks: ADOPT, crash: 0, fault: 1, user: 1, deeds: ADOPTING },
  { ...ONE, start: 'new', hand: 'due', asks: ADOPT_AND_REVOKE, crash: 1, fault: 0, user: 1, deeds: ADOPTING },
  { ...ONE, start: 'new', crash: 1, fault: 0, user: 1, deeds: ['forbid Secrets'] },
  { ...ONE, start: 'new', crash: 0, fault: 0, user: 2, deeds: REFUSING },
  { ...ONE, start: 'issued', crash: 0, fault: 1, user: 2, deeds: REFUSING },
  { ...ONE, start: 'new', asks: BRIDGED, crash: 1, fault: 1, user: 1, deeds: BRIDGING },
  { ...ONE, start: 'new', asks: BRIDGED, crash: 1, fault: 0, user: 2, deeds: BRIDGING },
  { ...ONE, start: 'new', asks: BRIDGED, crash: 0, fault: 1, user: 2, deeds: BRIDGING },
  { ...ONE, start: 'new', asks: BRIDGED, crash: 0, fault: 0, user: 3, deeds: BRIDGING },
  { ...ONE, start: 'issued', asks: BRIDGED, crash: 1, fault: 0, user: 2, deeds: BRIDGING },
  { ...ONE, start: 'issued', asks: BRIDGED, crash: 0, fault: 1, user: 2, deeds: BRIDGING },
  { start: 'new', asks: BRIDGED, processes: 2, crash: 0, fault: 0, user: 1, switch: 1, deeds: BRIDGING },
  { ...ONE, start: 'new', asks: BRIDGED_BOTH, crash: 0, fault: 1, user: 1, deeds: BRIDGING },
  {
    ...ONE,
    start: 'new',
    asks: BRIDGED,
    objects: ['web', 'shop'],
    crash: 0,
    fault: 1,
    user: 1,
    deeds: BRIDGING,
  },
];

/** The first state of a world, and what people may do in it. */
export async function begin(world: World, runner: Runner): Promise<{ state: State; people: People }> {
  const { crash, fault, user } = world;
  const left: Budget = { crash, fault, user, switch: world.switch };
  const objects = world.objects ?? ['web'];
  const state = world.start === 'new' ? firstIssuance(left, world) : await issued(runner, left, world);
  return { state, people: { subjects: objects, deeds: world.deeds ?? DEEDS } };
}

/** The world in words. */
export function titleOf(world: World): string {
  const { start, objects, processes, crash, fault, user, switch: switches, deeds, asks = {}, hand } = world;
  const parts = [
    start === 'issued' ? 'issued' : objects ? `${objects.length} new objects, 1 Secret` : 'new object',
    ...(crash > 0 ? [`${crash} crash`] : []),
    ...(fault > 0 ? [`${fault} fault`] : []),
    ...(user > 0 ? [`${user} user`] : []),
    ...(processes > 1 ? [`${processes} leaders, ${switches} switch`] : []),
    ...(hand ? [`${hand} pair made by hand`] : []),
    ...Object.entries(asks).map(([field, value]) => (value === true ? field : `${field} ${value}`)),
    ...(deeds ? [deeds.length > 3 ? `${deeds.length} deeds` : deeds.join(', ')] : []),
  ];
  return parts.join(' + ');
}
