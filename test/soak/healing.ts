import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import type { Stage } from './stage.ts';
import { look } from './survey.ts';
import type { Users } from './users.ts';

const LOOK_EVERY_MS = 3000;

/** Holds the operator to healing: an object is Ready, or it says why not, or it becomes so within a bound. */
export class Healing {
  /** Since when an object is neither; `performance.now()`. */
  readonly #since = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** The longest that one was neither. */
  longestMs = 0;

  constructor(stage: Stage, users: Users, journal: Journal) {
    this.#running = this.#watch(stage, users, journal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(stage: Stage, users: Users, journal: Journal): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined); // Aborted: it is over.
      const { problems } = await look(stage, users);
      const now = performance.now();
      for (const name of this.#since.keys()) if (!problems.has(name)) this.#since.delete(name);
      for (const [name, problem] of problems) {
        const since = this.#since.get(name) ?? now;
        this.#since.set(name, since);
        this.longestMs = Math.max(this.longestMs, now - since);
        if (now - since > stage.tempo.healMs)
          journal.violation(
            `${name} is not healed after ${stage.tempo.healMs / 1000} s and does not say why: ${problem}`,
          );
      }
    }
  }
}
