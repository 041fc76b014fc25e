import { Heap } from './heap.ts';

interface Delay {
  readonly key: string;
  readonly dueMs: number;
  /** Of two that are due at once, the one set first comes first. */
  readonly turn: number;
}

/** Keys by due time, each once, the earliest first. */
export class DelayHeap {
  readonly #due = new Map<string, Delay>();
  /** Holds outdated delays too: only those in #due count. */
  readonly #heap = new Heap<Delay>(isBefore);
  #turns = 0;

  get size(): number {
    return this.#due.size;
  }

  /** Places taken, outdated ones too: stays within twice the keys and 64 more. */
  get places(): number {
    return this.#heap.size;
  }

  /** When the first key is due. */
  get nextMs(): number | undefined {
    this.#dropOutdated();
    return this.#heap.top?.dueMs;
  }

  /** Makes the key due at `dueMs`, unless it is due earlier already. */
  set(key: string, dueMs: number): void {
    const before = this.#due.get(key);
    if (before !== undefined && before.dueMs <= dueMs) return;
    const delay = { key, dueMs, turn: this.#turns++ };
    this.#due.set(key, delay);
    this.#heap.push(delay);
    if (this.#heap.size > 2 * this.#due.size + 64)
      this.#heap.keep((each) => this.#due.get(each.key) === each);
  }

  /** Removes and returns the keys due by `nowMs`, in the order of their times. */
  takeDue(nowMs: number): string[] {
    const keys: string[] = [];
    for (let next = this.nextMs; next !== undefined && next <= nowMs; next = this.nextMs) {
      const delay = this.#heap.pop();
      if (delay === undefined) break;
      this.#due.delete(delay.key);
      keys.push(delay.key);
    }
    return keys;
  }

  clear(): void {
    this.#due.clear();
    this.#heap.keep(() => false);
  }

  #dropOutdated(): void {
    for (let { top } = this.#heap; top !== undefined && this.#due.get(top.key) !== top; { top } = this.#heap)
      this.#heap.pop();
  }
}

function isBefore(a: Delay, b: Delay): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.turn < b.turn);
}
