import type { Clock } from '../../clock.ts';
import { PROPAGATION_MS } from './propagation.ts';
import type { PullEffect } from './world.ts';

/** Until the first repetition; it doubles with each further one. */
const LEAST_MS = 2000;
const MOST_MS = 5 * 60_000;
/** What was not repeated for so long begins anew. */
const FORGET_MS = 2 * MOST_MS;

/** What was tried already, and is to be done again. */
export interface Attempt {
  /** How often by now. */
  readonly count: number;
  /** Ms until it may be tried again; 0: now. */
  readonly leftMs: number;
  /** Ms until it is worth a look whether it shows by now, `leftMs` at most. */
  readonly lookMs: number;
}

interface Tried {
  readonly count: number;
  readonly atMs: number;
  readonly holdMs: number;
}

/**
 * Who undoes what we do, or acknowledges it and leaves it undone, must not make us do it without end: the same thing
 * again waits, longer each time. Things are told apart by their text.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #tried = new Map<string, Tried>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param leastMs until it may be done again, where it takes longer to show. */
  tried(what: string, leastMs = 0): void {
    const count = (this.of(what)?.count ?? 0) + 1;
    const holdMs = Math.max(leastMs, Math.min(MOST_MS, stepMs(count)));
    this.#tried.set(what, { count, atMs: this.#clock.monotonic(), holdMs });
  }

  of(what: string): Attempt | undefined {
    return this.all().get(what);
  }

  /** Everything that was tried of late. */
  all(): ReadonlyMap<string, Attempt> {
    const found = new Map<string, Attempt>();
    for (const [what, { count, atMs, holdMs }] of this.#tried) {
      const agoMs = this.#clock.monotonic() - atMs;
      if (agoMs >= FORGET_MS) {
        this.#tried.delete(what);
        continue;
      }
      const leftMs = Math.max(0, holdMs - agoMs);
      found.set(what, { count, leftMs, lookMs: Math.min(leftMs, Math.max(stepMs(count), agoMs)) });
    }
    return found;
  }

  clear(): void {
    this.#tried.clear();
  }
}

function stepMs(count: number): number {
  return LEAST_MS * 2 ** Math.min(count - 1, 20);
}

/** How an effect is told from others; undefined for what keeps count by itself, of each object or CA. */
export function effectText(effect: PullEffect): string | undefined {
  switch (effect.do) {
    case 'Publish':
    case 'AskOrigins':
      return undefined;
    default:
      return JSON.stringify(effect);
  }
}

/** How long it may take until what was done is seen to be so, where that is longer than a moment. */
export function showsWithinMs(effect: PullEffect): number {
  return effect.do === 'SetShared' || effect.do === 'Enable' ? PROPAGATION_MS : 0;
}
