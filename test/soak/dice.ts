/** Chance, as a seed decides it. */
export class Dice {
  readonly next: () => number;

  constructor(random: () => number) {
    this.next = random;
  }

  /** A whole number; both ends are possible. */
  from(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  one<T>(items: readonly T[]): T {
    const item = items[this.from(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  /** One of the items; the first value of each is how often it comes. */
  weighted<T extends readonly [weight: number, ...rest: unknown[]]>(items: readonly T[]): T {
    let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const item of items) {
      left -= item[0];
      if (left < 0) return item;
    }
    throw new Error('nothing to choose from');
  }
}
