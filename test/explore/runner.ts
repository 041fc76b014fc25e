import { digest as digestOfText, digestOfAnswer, digestOfObjects } from './digest.ts';
import { LivePass, type Progress } from './live-pass.ts';
import type { Protocol } from './load.ts';
import type { Answer } from './calls.ts';
import type { Objects, Pass, Process } from './state.ts';

/** Live passes kept; one that was dropped is played again from its beginning. */
const LIVE_KEPT = 5000;
const KNOWN_KEPT = 400_000;

/**
 * Runs the protocol's passes, one answer at a time. What a pass does follows from its beginning and from what it
 * heard, so that any moment of it can be gone back to.
 */
export class Runner {
  readonly #protocol: Protocol;
  readonly #live = new Map<string, LivePass>();
  readonly #known = new Map<string, Progress>();

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** The process after it has begun a pass over the key, up to its first question. */
  async begin(process: Process, key: string, now: number, cache: Objects): Promise<Process> {
    const { name, memory, keys, listing } = process;
    const digest = digestOfText(
      JSON.stringify([name, memory, keys, listing, key, now, digestOfObjects(cache)]),
    );
    const pass: Pass = { key, startedAt: now, cache, heard: [], digest, calls: [] };
    const timers = Object.fromEntries(Object.entries(process.timers).filter(([each]) => each !== key));
    const begun = { ...process, timers, dirty: process.dirty.filter((each) => each !== key), pass };
    return this.#after(begun, pass, now);
  }

  /** The process after the oldest question of its pass was answered. */
  async hear(process: Process, pass: Pass, now: number, answer: Answer): Promise<Process> {
    const digest = digestOfText(`${pass.digest} ${now} ${digestOfAnswer(answer)}`);
    return this.#after(process, { ...pass, digest, heard: [...pass.heard, { now, answer }] }, now, pass);
  }

  async #after(process: Process, pass: Pass, now: number, before?: Pass): Promise<Process> {
    let progress = this.#known.get(pass.digest);
    if (progress === undefined) {
      const live = await this.#advance(process, pass, before);
      progress = live.progress;
      this.#known.set(pass.digest, progress);
      if ('calls' in progress) this.#live.set(pass.digest, live);
      trim(this.#live, LIVE_KEPT);
      trim(this.#known, KNOWN_KEPT);
    }
    if ('calls' in progress) return { ...process, pass: { ...pass, calls: progress.calls } };
    const { memory, keys, listing, woken, requeueAfterMs, error } = progress.ended;
    const again = error === undefined ? woken : [...woken, pass.key];
    return {
      ...process,
      memory,
      keys,
      listing,
      dirty: [...new Set([...process.dirty, ...again])].toSorted(),
      timers:
        requeueAfterMs === undefined
          ? process.timers
          : { ...process.timers, [pass.key]: now + Math.ceil(requeueAfterMs) },
      pass: undefined,
    };
  }

  /** The pass in memory, after all that it heard: the one that waits there, or played again. */
  async #advance(process: Process, pass: Pass, before: Pass | undefined): Promise<LivePass> {
    const waiting = before && this.#live.get(before.digest);
    const last = pass.heard.at(-1);
    if (before && waiting && last) {
      this.#live.delete(before.digest);
      await waiting.hear(last);
      return waiting;
    }
    const live = await LivePass.start(this.#protocol, process, pass);
    for (const heard of pass.heard) await live.hear(heard);
    return live;
  }
}

/** Forgets the oldest. */
function trim(map: Map<string, unknown>, size: number): void {
  const [oldest] = map.size > size ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
