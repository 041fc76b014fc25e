/** A binary heap: what comes before all others is on top. */
export class Heap<Item> {
  readonly #isBefore: (a: Item, b: Item) => boolean;
  #items: Item[] = [];

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** Removes and returns what is on top. */
  pop(): Item | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) {
      this.#items[0] = last;
      this.#sink(0);
    }
    return top;
  }

  /** Drops everything else. */
  keep(isWanted: (item: Item) => boolean): void {
    // A sorted array is a heap.
    this.#items = this.#items.filter(isWanted).sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
  }

  #rise(index: number): void {
    let child = index;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#isBefore(this.#at(parent), this.#at(child))) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(index: number): void {
    let parent = index;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#items.length) return;
      if (child + 1 < this.#items.length && this.#isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (this.#isBefore(this.#at(parent), this.#at(child))) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #swap(a: number, b: number): void {
    const held = this.#at(a);
    this.#items[a] = this.#at(b);
    this.#items[b] = held;
  }

  #at(index: number): Item {
    const item = this.#items[index];
    if (item === undefined) throw new RangeError(`the heap has no place ${index}`);
    return item;
  }
}
