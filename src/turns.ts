import { setImmediate as othersTurn } from 'node:timers/promises';

/** Short beside everything that waits: probes of liveness, the Lease, scrapes, answers of servers. */
const TURN_MS = 10;

/**
 * Lets work give way that waits for nothing, or only for promises that are settled already: these go on before any
 * timer or socket, so that ten thousand looks at a cache would be one long stop for everybody else. Between two pieces
 * of such work `over` is awaited. Shared by all who work side by side: with turns of their own they would add up.
 */
export class Turns {
  #sinceMs = performance.now();
  #next: Promise<void> | undefined;

  /** Resolves after everybody else had a turn; undefined while ours is not over. */
  get over(): Promise<void> | undefined {
    if (performance.now() - this.#sinceMs < TURN_MS) return undefined;
    this.#next ??= this.#letOthers();
    return this.#next;
  }

  async #letOthers(): Promise<void> {
    await othersTurn();
    this.#sinceMs = performance.now();
    this.#next = undefined;
  }
}
