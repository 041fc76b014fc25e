/** Of so many that are taken, one comes from those that nobody asked for, so that they are not forgotten. */
const ROUTINE_SHARE = 4;

interface Waiting<Item> {
  readonly zone: string;
  readonly items: Set<Item>;
}

/** Who is next: those asked for first, the zones by turns, within a zone first come, first served. */
export class Line<Item extends { readonly zone: string }> {
  readonly #asked = new Map<string, Waiting<Item>>();
  readonly #routine = new Map<string, Waiting<Item>>();
  #taken = 0;

  /** An item that stands in line already only moves up when it is asked for now. */
  add(item: Item, isAsked: boolean): void {
    if (isIn(this.#asked, item)) return;
    if (isAsked) remove(this.#routine, item);
    const lane = isAsked ? this.#asked : this.#routine;
    const waiting = lane.get(item.zone) ?? { zone: item.zone, items: new Set<Item>() };
    waiting.items.add(item);
    lane.set(item.zone, waiting);
  }

  remove(item: Item): void {
    remove(this.#asked, item);
    remove(this.#routine, item);
  }

  take(): Item | undefined {
    this.#taken += 1;
    const routineFirst = this.#taken % ROUTINE_SHARE === 0;
    const [first, second] = routineFirst ? [this.#routine, this.#asked] : [this.#asked, this.#routine];
    return takeFrom(first) ?? takeFrom(second);
  }
}

type Lane<Item> = Map<string, Waiting<Item>>;

/** A map keeps its order of insertion: the zone whose turn it was goes to the end. */
function takeFrom<Item>(lane: Lane<Item>): Item | undefined {
  for (const [zone, waiting] of lane) {
    lane.delete(zone);
    const [item] = waiting.items;
    if (item === undefined) continue;
    waiting.items.delete(item);
    if (waiting.items.size > 0) lane.set(zone, waiting);
    return item;
  }
  return undefined;
}

function isIn<Item extends { readonly zone: string }>(lane: Lane<Item>, item: Item): boolean {
  return lane.get(item.zone)?.items.has(item) === true;
}

function remove<Item extends { readonly zone: string }>(lane: Lane<Item>, item: Item): void {
  const waiting = lane.get(item.zone);
  waiting?.items.delete(item);
  if (waiting?.items.size === 0) lane.delete(item.zone);
}
