import type { CertificateMemory } from '../../src/certificate/memory.ts';
import { contextFor } from './context.ts';
import type { Protocol } from './load.ts';
import { remembered, restore } from './memory.ts';
import type { Answer, Call } from './calls.ts';
import {
  type Heard,
  type KeptListing,
  type Pass,
  POST_TIMEOUT_MS,
  type Process,
  SETTLE_MS,
} from './state.ts';

/** How far a pass came with what it heard. */
export type Progress = { readonly calls: readonly Call[] } | { readonly ended: Ended };

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

/** No two processes' monotonic clocks agree. */
const APART_MS = 10_000_000;

/** A pass of the real protocol that runs until it needs an answer, and then stands still. */
export class LivePass {
  readonly #protocol: Protocol;
  readonly #process: Process;
  readonly #memory: CertificateMemory;
  readonly #questions: Question[] = [];
  readonly #woken: string[] = [];
  #now: number;
  #keys: number;
  #listing: KeptListing | undefined;
  #ended: Pick<Ended, 'requeueAfterMs' | 'error'> | undefined;

  /** Runs up to the first question. */
  static async start(protocol: Protocol, process: Process, pass: Pass): Promise<LivePass> {
    const live = new LivePass(protocol, process, pass);
    await live.#step(() => live.#begin(pass));
    return live;
  }

  private constructor(protocol: Protocol, process: Process, pass: Pass) {
    this.#protocol = protocol;
    this.#process = process;
    this.#now = pass.startedAt;
    this.#keys = process.keys;
    this.#listing = process.listing;
    this.#memory = new protocol.CertificateMemory({
      clock: this.#clock,
      random: () => 0,
      postTimeoutMs: POST_TIMEOUT_MS,
      settleMs: SETTLE_MS,
    });
    restore(this.#memory, process.memory);
  }

  /** Takes the answer to the oldest question and runs up to the next. */
  async hear({ now, answer }: Heard): Promise<void> {
    const question = this.#questions.shift();
    if (question === undefined) throw new Error('a pass is answered that asks nothing');
    this.#now = now;
    if (question.call.verb === 'listing' && 'ok' in answer) this.#keep(answer.ok);
    await this.#step(() => {
      if ('ok' in answer) question.resolve(answer.ok);
      else question.reject(this.#errorOf(answer));
    });
  }

  get progress(): Progress {
    if (this.#ended === undefined) return { calls: this.#questions.map(({ call }) => call) };
    const memory = remembered(this.#memory);
    const ended = { memory, keys: this.#keys, listing: this.#listing, woken: this.#woken };
    return { ended: { ...this.#ended, ...ended } };
  }

  get #clock() {
    return {
      now: () => this.#now,
      monotonic: () => this.#monotonic,
      after: () => new Promise<void>(() => undefined), // Nothing here takes time but what the explorer decides.
    };
  }

  get #monotonic(): number {
    return this.#now - this.#process.name * APART_MS;
  }

  #begin({ cache, key }: Pass): void {
    const context = contextFor({
      protocol: this.#protocol,
      memory: this.#memory,
      cache,
      clock: this.#clock,
      keptListing: (sinceMs) =>
        this.#listing && this.#listing.startedMs >= sinceMs ? this.#listing.certificates : undefined,
      ask: (request) =>
        new Promise((resolve, reject) => {
          this.#questions.push({ call: { ...request, sentAt: this.#now }, resolve, reject });
        }),
      wake: (woken) => {
        this.#woken.push(woken);
      },
    });
    const { signal } = new AbortController();
    this.#protocol.reconcileCertificate(context, key, signal).then(
      ({ requeueAfterMs }) => (this.#ended = { requeueAfterMs, error: undefined }),
      (error: unknown) => (this.#ended = { requeueAfterMs: undefined, error: String(error) }),
    );
  }

  /** Goes on until nothing is left to do but to wait for an answer. */
  async #step(go: () => void): Promise<void> {
    this.#protocol.makeKeysBy(() => `k${this.#process.name}.${++this.#keys}`);
    go();
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }

  #keep(listing: unknown): void {
    const { complete, certificates } = listing as { readonly complete: boolean } & KeptListing;
    if (complete) this.#listing = { startedMs: this.#monotonic, certificates };
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
