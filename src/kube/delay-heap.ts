interface Delay {
  readonly key: string;
  readonly dueMs: number;
}

/** Keys by due time, each once, the earliest first. */
export class DelayHeap {
  readonly #due = new Map<string, number>();
  /** A binary heap by dueMs. Holds outdated delays too: only one whose dueMs is #due's counts. */
  #heap: Delay[] = [];

  get size(): number {
    return this.#due.size;
  }

  /** When the first key is due. */
  get nextMs(): number | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.dueMs;
  }

  /** Makes the key due at `dueMs`, unless it is due earlier already. */
  set(key: string, dueMs: number): void {
    const before = this.#due.get(key);
    if (before !== undefined && before <= dueMs) return;
    this.#due.set(key, dueMs);
    this.#heap.push({ key, dueMs });
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
    for (
      let top = this.#heap[0];
      top !== undefined && this.#due.get(top.key) !== top.dueMs;
      top = this.#heap[0]
    ) {
      this.#pop();
    }
  }

  /** A sorted array is a heap. */
  #rebuild(): void {
    this.#heap = Array.from(this.#due, ([key, dueMs]) => ({ key, dueMs })).sort((a, b) => a.dueMs - b.dueMs);
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
      if (this.#at(parent).dueMs <= this.#at(child).dueMs) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(index: number): void {
    let parent = index;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#heap.length) return;
      if (child + 1 < this.#heap.length && this.#at(child + 1).dueMs < this.#at(child).dueMs) child += 1;
      if (this.#at(parent).dueMs <= this.#at(child).dueMs) return;
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
