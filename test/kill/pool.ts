import { Lane, type Ring } from './lane.ts';
import { type Course, type Outcome, run } from './run.ts';
import type { Waits } from './waits.ts';

/** Lanes that work side by side. One on which something went wrong is left to nobody else. */
export class Pool implements AsyncDisposable {
  readonly #ring: Ring;
  readonly #size: number;
  readonly #idle = new Map<Waits, Lane[]>();

  constructor(ring: Ring, size: number) {
    this.#ring = ring;
    this.#size = size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#idle.values()].flat().map((lane) => lane[Symbol.asyncDispose]()));
  }

  /** Does the work for every item, as many at once as there are lanes. */
  async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const queue = items.values();
    const worker = async (): Promise<void> => {
      for (const item of queue) await work(item);
    };
    await Promise.all(Array.from({ length: this.#size }, worker));
  }

  /** Under a heavy load a program that a lane needs may take longer to start than is waited for it: that is tried again. */
  async #open(waits: Waits, triesLeft = 2): Promise<Lane> {
    try {
      return await Lane.start(this.#ring, waits);
    } catch (error) {
      if (triesLeft === 0) throw error;
      return this.#open(waits, triesLeft - 1);
    }
  }

  /** One run on a lane of its own; what a violation's operator logged comes with it. */
  async run(
    course: Course,
    strikes: (point: string) => boolean,
  ): Promise<Outcome & { logs: readonly string[] }> {
    const { waits } = course;
    const idle = this.#idle.get(waits) ?? [];
    this.#idle.set(waits, idle);
    const lane = idle.pop() ?? (await this.#open(waits));
    const outcome = await run(lane, course, strikes);
    const logs = outcome.violations.length > 0 ? await lane.logs() : [];
    if (outcome.violations.length === 0) idle.push(lane);
    else await lane[Symbol.asyncDispose]();
    return { ...outcome, logs };
  }
}
