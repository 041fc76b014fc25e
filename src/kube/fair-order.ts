import { Heap } from './heap.ts';

/** Where a key stands among others that want the same. */
export interface Rank {
  /** Groups take turns: whoever has much to do waits behind nobody's one key for more than a turn of each other. */
  readonly group: string;
  /** Keys of one lane need the same thing, which may be at hand for one lane and not for another. */
  readonly lane: string;
  /** The smaller goes first within its group. */
  readonly due: number;
}

/** A key and where it stood. */
export interface Placed {
  readonly key: string;
  readonly rank: Rank;
}

interface Entry extends Placed {
  /** Of two that are due alike, the one added first comes first. */
  readonly turn: number;
}

/**
 * Keys, each once, in the order in which they are to be served: the groups in turn, within a group the one that is
 * due first. A group that comes anew, or has had its turn, stands behind all others.
 */
export class FairOrder {
  readonly #entries = new Map<string, Entry>();
  /** In the order of the groups' turns. */
  readonly #groups = new Map<string, Group>();
  readonly #lanes = new Map<string, number>();
  #turns = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** How many keys each lane has that has any. */
  get lanes(): ReadonlyMap<string, number> {
    return this.#lanes;
  }

  /** Where the key stands; undefined when it is not here. */
  rankOf(key: string): Rank | undefined {
    return this.#entries.get(key)?.rank;
  }

  /** Adds the key, or moves it to another rank: within its group that leaves the group's turn as it was. */
  add(key: string, rank: Rank): void {
    const before = this.#entries.get(key);
    const entry = { key, rank, turn: this.#turns++ };
    this.#entries.set(key, entry);
    this.#lanes.set(rank.lane, (this.#lanes.get(rank.lane) ?? 0) + 1);
    const group = this.#groups.get(rank.group) ?? new Group((each) => this.#entries.get(each.key) === each);
    group.add(entry);
    this.#groups.set(rank.group, group);
    if (before !== undefined) this.#left(before);
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#left(entry);
    return true;
  }

  #left({ rank: { group, lane } }: Entry): void {
    const left = (this.#lanes.get(lane) ?? 1) - 1;
    if (left === 0) this.#lanes.delete(lane);
    else this.#lanes.set(lane, left);
    if (this.#groups.get(group)?.leave(lane) === 0) this.#groups.delete(group);
  }

  /** Removes and returns the next key of a lane that is open; a group that has none of those keeps its turn. */
  take(isOpen: (lane: string) => boolean = () => true): Placed | undefined {
    for (const [name, group] of this.#groups) {
      const entry = group.first(isOpen);
      if (entry === undefined) continue;
      this.delete(entry.key);
      if (this.#groups.delete(name) && group.size > 0) this.#groups.set(name, group);
      return entry;
    }
    return undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#groups.clear();
    this.#lanes.clear();
  }
}

/** The keys of one group, by lane. */
class Group {
  readonly #isCurrent: (entry: Entry) => boolean;
  readonly #lanes = new Map<string, { readonly heap: Heap<Entry>; live: number }>();
  #size = 0;

  constructor(isCurrent: (entry: Entry) => boolean) {
    this.#isCurrent = isCurrent;
  }

  get size(): number {
    return this.#size;
  }

  add(entry: Entry): void {
    const { lane } = entry.rank;
    const there = this.#lanes.get(lane) ?? { heap: new Heap<Entry>(isBefore), live: 0 };
    there.heap.push(entry);
    there.live += 1;
    if (there.heap.size > 2 * there.live + 64) there.heap.keep(this.#isCurrent);
    this.#lanes.set(lane, there);
    this.#size += 1;
  }

  /** One entry of the lane is no longer current; returns how many are left in the group. */
  leave(lane: string): number {
    const there = this.#lanes.get(lane);
    this.#size -= 1;
    if (there !== undefined && --there.live === 0) this.#lanes.delete(lane);
    return this.#size;
  }

  /** What is due first among the lanes that are open. */
  first(isOpen: (lane: string) => boolean): Entry | undefined {
    let first: Entry | undefined;
    for (const [lane, { heap }] of this.#lanes) {
      if (!isOpen(lane)) continue;
      while (heap.top !== undefined && !this.#isCurrent(heap.top)) heap.pop();
      if (heap.top !== undefined && (first === undefined || isBefore(heap.top, first))) first = heap.top;
    }
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.rank.due < b.rank.due || (a.rank.due === b.rank.due && a.turn < b.turn);
}
