import type { Journal } from './journal.ts';
import { regularly } from './regularly.ts';
import type { Replicas } from './replicas.ts';
import type { Stage } from './stage.ts';
import { look } from './survey.ts';
import type { Users } from './users.ts';

const LOOK_EVERY_MS = 3000;

/** Holds the operator to healing: an object is Ready, or it says why not, or it becomes so within a bound. */
export class Healing {
  /** For how long, while there was a leader and people let it be, an object has been neither. */
  readonly #unhealedMs = new Map<string, number>();
  #lastMs = performance.now();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** The longest that one was neither. */
  longestMs = 0;

  constructor(stage: Stage, users: Users, replicas: Replicas, journal: Journal) {
    const { signal } = this.#stop;
    this.#running = regularly({ everyMs: LOOK_EVERY_MS, signal, journal }, () =>
      this.#look(stage, users, replicas, journal),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #look(stage: Stage, users: Users, replicas: Replicas, journal: Journal): Promise<void> {
    const { problems } = await look(stage, users);
    const { healMs } = stage.tempo;
    const sinceMs = this.#lastMs;
    const passedMs = (await replicas.leader()) === undefined ? 0 : performance.now() - this.#lastMs;
    this.#lastMs = performance.now();
    for (const name of this.#unhealedMs.keys()) if (!problems.has(name)) this.#unhealedMs.delete(name);
    for (const [name, problem] of problems) {
      const isTouched = users.touchedMs(name) > sinceMs;
      const ms = isTouched ? 0 : (this.#unhealedMs.get(name) ?? 0) + passedMs;
      this.#unhealedMs.set(name, ms);
      this.longestMs = Math.max(this.longestMs, ms);
      if (ms <= healMs) continue;
      journal.violation(`${name} is not healed after ${healMs / 1000} s and does not say why: ${problem}`);
    }
  }
}
