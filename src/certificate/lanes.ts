import { countOf, type Want } from '../cloudflare/turns.ts';
import { FairOrder } from '../kube/fair-order.ts';

/** Beyond so many, what nobody waits for any more is forgotten. */
const MAX_LANES = 1000;

/** What those of one lane wait for, wanted by nobody in particular. */
export interface Lane {
  readonly want: Want;
  /** How many they are. */
  readonly waiting: number;
}

/** Whose turn it is. */
export interface Next {
  readonly key: string;
  /** What it waited for. */
  readonly want: Want;
}

/** Those who wait, in a lane with all that need the same: what lets one of them in would let in any other. */
export class Lanes {
  readonly #order = new FairOrder();
  readonly #wants = new Map<string, Want>();

  /** How many wait, in all lanes. */
  get size(): number {
    return this.#order.size;
  }

  /** The lanes in which anybody waits. */
  list(): Lane[] {
    return [...this.#order.lanes].map(([lane, waiting]) => ({ want: this.#wantOf(lane), waiting }));
  }

  /** It waits for this; it keeps its place if it has one already and that is the better. */
  join(key: string, want: Want, { group, due }: { readonly group: string; readonly due: number }): void {
    const lane = laneOf(want);
    this.#wants.set(lane, want);
    if (this.#wants.size > MAX_LANES) this.#forgetEmpty(lane);
    this.#order.add(key, { group, lane, due: Math.min(due, this.#order.rankOf(key)?.due ?? Infinity) });
  }

  /** It does not wait any more. */
  leave(key: string): void {
    this.#order.delete(key);
  }

  /** Takes out whose turn it is among those of the lanes that are open, with what it waits for. */
  take(isOpen: (want: Want) => boolean): Next | undefined {
    const lanes = [...this.#order.lanes.keys()];
    const open = new Set(lanes.filter((lane) => isOpen(this.#wantOf(lane))));
    const next = open.size === 0 ? undefined : this.#order.take((lane) => open.has(lane));
    return next && { key: next.key, want: { ...this.#wantOf(next.rank.lane), asker: next.key } };
  }

  #wantOf(lane: string): Want {
    const want = this.#wants.get(lane);
    if (want === undefined) throw new Error(`nobody waits in lane ${lane}`);
    return { ...want, asker: undefined };
  }

  #forgetEmpty(but: string): void {
    for (const lane of this.#wants.keys())
      if (lane !== but && !this.#order.lanes.has(lane)) this.#wants.delete(lane);
  }
}

/** What two must need alike to be in one lane. */
function laneOf(want: Want): string {
  const { account, operation, place = '' } = want;
  return [account, operation, countOf(want), place].join(' ');
}
