/** Of so many that are taken, one comes from those that nobody asked for, so that they are not forgotten. */
const ROUTINE_SHARE = 4;

interface Place {
  readonly zone: string;
  readonly address: string;
}

/**
 * Who is next: those asked for first, the zones by turns, within a zone its addresses by turns, at an address first
 * come, first served.
 */
export class ProbeOrder<Item extends Place> {
  readonly #asked: Lane<Item> = new Map();
  readonly #routine: Lane<Item> = new Map();
  #taken = 0;

  /** An item that stands in line already only moves up when it is asked for now. */
  add(item: Item, isAsked: boolean): void {
    if (isIn(this.#asked, item)) return;
    if (isAsked) remove(this.#routine, item);
    const lane = isAsked ? this.#asked : this.#routine;
    const addresses = lane.get(item.zone) ?? new Map<string, Set<Item>>();
    const items = addresses.get(item.address) ?? new Set<Item>();
    lane.set(item.zone, addresses.set(item.address, items.add(item)));
  }

  remove(item: Item): void {
    remove(this.#asked, item);
    remove(this.#routine, item);
  }

  /** The next at an address that is open; the others keep their places. */
  take(isOpen: (address: string) => boolean): Item | undefined {
    this.#taken += 1;
    const routineFirst = this.#taken % ROUTINE_SHARE === 0;
    const [first, second] = routineFirst ? [this.#routine, this.#asked] : [this.#asked, this.#routine];
    return takeFrom(first, isOpen) ?? takeFrom(second, isOpen);
  }
}

/** By zone, then by address. Neither holds an empty collection. */
type Lane<Item> = Map<string, Map<string, Set<Item>>>;

/** A map keeps its order of insertion: the zone and the address whose turn it was go to the end. */
function takeFrom<Item extends Place>(
  lane: Lane<Item>,
  isOpen: (address: string) => boolean,
): Item | undefined {
  for (const [zone, addresses] of lane) {
    for (const [address, items] of addresses) {
      const [item] = items;
      if (item === undefined || !isOpen(address)) continue;
      remove(lane, item);
      if (addresses.delete(address)) addresses.set(address, items);
      if (lane.delete(zone)) lane.set(zone, addresses);
      return item;
    }
  }
  return undefined;
}

function isIn<Item extends Place>(lane: Lane<Item>, item: Item): boolean {
  return lane.get(item.zone)?.get(item.address)?.has(item) === true;
}

function remove<Item extends Place>(lane: Lane<Item>, item: Item): void {
  const addresses = lane.get(item.zone);
  const items = addresses?.get(item.address);
  items?.delete(item);
  if (items?.size === 0) addresses?.delete(item.address);
  if (addresses?.size === 0) lane.delete(item.zone);
}
