import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import type { Replicas } from './replicas.ts';
import type { Stage } from './stage.ts';
import { look } from './survey.ts';
import type { Users } from './users.ts';

const LOOK_EVERY_MS = 3000;

/** Holds the operator to healing: an object is Ready, or it says why not, or it becomes so within a bound. */
export class Healing {
  /** For how long, while there was a leader, an object has been neither. */
  readonly #unhealedMs = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** The longest that one was neither. */
  longestMs = 0;

  constructor(stage: Stage, users: Users, replicas: Replicas, journal: Journal) {
    this.#running = this.#watch(stage, users, replicas, journal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(stage: Stage, users: Users, replicas: Replicas, journal: Journal): Promise<void> {
    const { signal } = this.#stop;
    let lastMs = performance.now();
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined); // Aborted: it is over.
      const { problems } = await look(stage, users);
      const passedMs = (await replicas.leader()) === undefined ? 0 : performance.now() - lastMs;
      lastMs = performance.now();
      for (const name of this.#unhealedMs.keys()) if (!problems.has(name)) this.#unhealedMs.delete(name);
      for (const [name, problem] of problems) {
        const ms = (this.#unhealedMs.get(name) ?? 0) + passedMs;
        this.#unhealedMs.set(name, ms);
        this.longestMs = Math.max(this.longestMs, ms);
        if (ms > stage.tempo.healMs)
          journal.violation(
            `${name} is not healed after ${stage.tempo.healMs / 1000} s and does not say why: ${problem}`,
          );
      }
    }
  }
}
