interface Delay {
  readonly key: string;
  readonly dueMs: number;
  /** Of two that are due at once, the one set first comes first. */
  readonly turn: number;
}

/** Keys by due time, each once, the earliest first. */
export class DelayHeap {
  readonly #due = new Map<string, Delay>();
  /** A binary heap. Holds outdated delays too: only those in #due count. */
  #heap: Delay[] = [];
  #turns = 0;

  get size(): number {
    return this.#due.size;
  }

  /** Places taken, outdated ones too: stays within twice the keys and 64 more. */
  get places(): number {
    return this.#heap.length;
  }

  /** When the first key is due. */
  get nextMs(): number | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.dueMs;
  }

  /** Makes the key due at `dueMs`, unless it is due earlier already. */
  set(key: string, dueMs: number): void {
    const before = this.#due.get(key);
    if (before !== undefined && before.dueMs <= dueMs) return;
    const delay = { key, dueMs, turn: this.#turns++ };
    this.#due.set(key, delay);
    this.#heap.push(delay);
    this.#rise(this.#heap.length - 1);
    if (this.#heap.length > 2 * this.#due.size + 64) this.#rebuild();
  }

  /** Removes and returns the keys due by `nowMs`, in the order of their times. */
  takeDue(nowMs: number): string[] {
    const keys: string[] = [];
    for (let next = this.nextMs; next !== undefined && next <= nowMs; next = this.nextMs) {
      const { key } = this.#pop();
      this.#due.delete(key);
      keys.push(key);
    }
    return keys;
  }

  clear(): void {
    this.#due.clear();
    this.#heap = [];
  }

  #dropOutdated(): void {
    for (let top = this.#heap[0]; top !== undefined && this.#due.get(top.key) !== top; top = this.#heap[0]) {
      this.#pop();
    }
  }

  /** A sorted array is a heap. */
  #rebuild(): void {
    this.#heap = [...this.#due.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #pop(): Delay {
    const top = this.#at(0);
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return top;
  }

  #rise(index: number): void {
    let child = index;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(this.#at(parent), this.#at(child))) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(index: number): void {
    let parent = index;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#heap.length) return;
      if (child + 1 < this.#heap.length && isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (isBefore(this.#at(parent), this.#at(child))) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #swap(a: number, b: number): void {
    const held = this.#at(a);
    this.#heap[a] = this.#at(b);
    this.#heap[b] = held;
  }

  #at(index: number): Delay {
    const delay = this.#heap[index];
    if (delay === undefined) throw new RangeError(`the heap has no place ${index}`);
    return delay;
  }
}

function isBefore(a: Delay, b: Delay): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.turn < b.turn);
}
