import { contextFor } from './context.ts';
import { digest as digestOfText, digestOfAnswer, digestOfObjects } from './digest.ts';
import type { Protocol } from './load.ts';
import { remembered, restore } from './memory.ts';
import {
  type Answer,
  type Call,
  type Heard,
  type KeptListing,
  type Objects,
  type Pass,
  POST_TIMEOUT_MS,
  type Process,
  SETTLE_MS,
} from './state.ts';

/** How far a pass came with what it heard. */
type Progress = { readonly calls: readonly Call[] } | { readonly ended: Ended };

interface Ended {
  readonly memory: string;
  readonly keys: number;
  readonly listing: KeptListing | undefined;
  readonly woken: readonly string[];
  readonly requeueAfterMs: number | undefined;
  /** What it threw; the queue tries again. */
  readonly error: string | undefined;
}

interface Question {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A pass that stands still in the middle, ready to go on once. */
interface Live {
  readonly questions: Question[];
  readonly hear: (heard: Heard) => Promise<void>;
  readonly progress: () => Progress;
}

/** Live passes kept; one that was dropped is played again from its beginning. */
const LIVE_KEPT = 5000;
const KNOWN_KEPT = 400_000;
/** No two processes' monotonic clocks agree. */
const APART_MS = 10_000_000;

/**
 * Runs the protocol's passes, one answer at a time. What a pass does follows from its beginning and from what it
 * heard, so that any moment of it can be gone back to.
 */
export class Runner {
  readonly #protocol: Protocol;
  readonly #live = new Map<string, Live>();
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
      progress = live.progress();
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
  async #advance(process: Process, pass: Pass, before: Pass | undefined): Promise<Live> {
    const waiting = before && this.#live.get(before.digest);
    const last = pass.heard.at(-1);
    if (before && waiting && last) {
      this.#live.delete(before.digest);
      await waiting.hear(last);
      return waiting;
    }
    const live = await this.#start(process, pass);
    for (const heard of pass.heard) await live.hear(heard);
    return live;
  }

  async #start(process: Process, pass: Pass): Promise<Live> {
    const protocol = this.#protocol;
    let now = pass.startedAt;
    let { keys, listing } = process;
    const questions: Question[] = [];
    const woken: string[] = [];
    let ended: Pick<Ended, 'requeueAfterMs' | 'error'> | undefined;
    const clock = {
      now: () => now,
      monotonic: () => now - process.name * APART_MS,
      after: () => new Promise<void>(() => undefined), // Nothing here takes time but what the explorer decides.
    };
    const memory = new protocol.CertificateMemory({
      clock,
      random: () => 0,
      postTimeoutMs: POST_TIMEOUT_MS,
      settleMs: SETTLE_MS,
    });
    restore(memory, process.memory);
    const context = contextFor({
      protocol,
      memory,
      cache: pass.cache,
      clock,
      keptListing: (sinceMs) => (listing && listing.startedMs >= sinceMs ? listing.certificates : undefined),
      ask: (request) =>
        new Promise((resolve, reject) => {
          questions.push({ call: { ...request, sentAt: now }, resolve, reject });
        }),
      wake: (key) => {
        woken.push(key);
      },
    });
    const step = async (go: () => void): Promise<void> => {
      protocol.makeKeysBy(() => `k${process.name}.${++keys}`);
      go();
      await allDone();
    };
    const { signal } = new AbortController();
    await step(() => {
      protocol.reconcileCertificate(context, pass.key, signal).then(
        ({ requeueAfterMs }) => (ended = { requeueAfterMs, error: undefined }),
        (error: unknown) => (ended = { requeueAfterMs: undefined, error: String(error) }),
      );
    });
    return {
      questions,
      hear: async (heard) => {
        const question = questions.shift();
        if (question === undefined) throw new Error('a pass is answered that asks nothing');
        now = heard.now;
        const { answer } = heard;
        if (question.call.verb === 'listing' && 'ok' in answer) {
          const { complete, certificates } = answer.ok as { complete: boolean } & KeptListing;
          if (complete) listing = { startedMs: clock.monotonic(), certificates };
        }
        await step(() => {
          if ('ok' in answer) question.resolve(answer.ok);
          else question.reject(this.#errorOf(answer));
        });
      },
      progress: () => {
        if (ended === undefined) return { calls: questions.map(({ call }) => call) };
        return { ended: { ...ended, memory: remembered(memory), keys, listing, woken } };
      },
    };
  }

  #errorOf(answer: Exclude<Answer, { readonly ok: unknown }>): Error {
    if ('kube' in answer) return new this.#protocol.KubeError(answer.kube, 'explored');
    const { cloudflare: kind, definite } = answer;
    return new this.#protocol.CloudflareError('explored', {
      kind,
      definite,
      operation: 'create_certificate',
    });
  }
}

/** Until nothing is left to do but to wait for an answer. */
function allDone(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Forgets the oldest. */
function trim(map: Map<string, unknown>, size: number): void {
  const [oldest] = map.size > size ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
