import { isFenced } from '../fence.ts';
import { Turns } from '../turns.ts';
import { KubeError } from './errors.ts';
import type { WorkQueue } from './queue.ts';

/**
 * How one run of `reconcile` ended. `requeue`: it met a write of somebody else, or a fence, and begins anew, which is
 * no error.
 */
export type Result = 'success' | 'requeue_after' | 'requeue' | 'error' | 'aborted';

export interface Outcome {
  readonly controller: string;
  readonly key: string;
  readonly result: Result;
  readonly durationMs: number;
  /** Set for `error`, `requeue` and `aborted`. */
  readonly error?: unknown;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  /** How many keys are worked on at once. */
  readonly concurrency: number;
  /**
   * Brings the world of one key one step closer to what it should be. Level-based: it is told only which key,
   * looks for itself, and may be called again at any time. `requeueAfterMs` asks for another look, which comes
   * sooner if something changes. A throw is retried with backoff. Must end soon after the signal aborts.
   */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<{ readonly requeueAfterMs?: number }>;
  /** Longest run of one reconcile, after which its signal aborts. Real time. */
  readonly timeoutMs: number;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** Told what no outcome says: keys that were still worked on when the time to drain was over. */
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** How long running work may go on after the stop. Default 20 s. */
  readonly drainMs?: number;
}

/** Until it is tried again whether the fence lets pass. */
const FENCED_MS = 1_000;
/** After the signal of all work is aborted, how long to wait for it to end. */
const ABORT_GRACE_MS = 1_000;

/** Takes keys from a queue and reconciles them, never one key twice at a time. The queue's `close` stops it too. */
export class Controller {
  readonly #o: ControllerOptions;
  /** Keys being worked on. */
  readonly #running = new Set<string>();
  readonly #turns = new Turns();

  constructor(options: ControllerOptions) {
    this.#o = options;
  }

  get activeWorkers(): number {
    return this.#running.size;
  }

  /**
   * Works until `stop` aborts, then lets running work finish (20 s at most). `lost` aborts running work at once:
   * this process may not go on. Resolves when nothing runs any more.
   */
  async run(stop: AbortSignal, lost?: AbortSignal): Promise<void> {
    const work = new AbortController();
    const halt = new AbortController();
    const onStop = (): void => halt.abort(stop.reason);
    const onLost = (): void => {
      halt.abort(lost?.reason);
      work.abort(lost?.reason);
    };
    on(stop, onStop);
    on(lost, onLost);
    try {
      const workers = Promise.all(
        Array.from({ length: this.#o.concurrency }, () => this.#work(halt.signal, work.signal)),
      );
      await Promise.race([workers, aborted(halt.signal)]);
      await this.#drain(workers, work);
    } finally {
      stop.removeEventListener('abort', onStop);
      lost?.removeEventListener('abort', onLost);
    }
  }

  async #drain(workers: Promise<unknown>, work: AbortController): Promise<void> {
    const drainMs = this.#o.drainMs ?? 20_000;
    const abortAfterMs = Math.max(drainMs - ABORT_GRACE_MS, drainMs / 2);
    if (await endsWithin(workers, abortAfterMs, work.signal)) return;
    work.abort(new Error(`${this.#o.name}: not finished within the time to drain`));
    if (await endsWithin(workers, drainMs - abortAfterMs)) return;
    this.#o.log?.('work goes on after its signal was aborted', {
      controller: this.#o.name,
      keys: [...this.#running],
    });
  }

  async #work(halt: AbortSignal, work: AbortSignal): Promise<void> {
    const { queue } = this.#o;
    for (let key = await queue.take(halt); key !== undefined; key = await queue.take(halt)) {
      this.#running.add(key);
      try {
        await this.#once(key, work);
      } finally {
        this.#running.delete(key);
        queue.done(key);
      }
      await this.#turns.over;
    }
  }

  async #once(key: string, work: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(timeoutReason(this.#o.timeoutMs)), this.#o.timeoutMs);
    const onAbort = (): void => deadline.abort(work.reason);
    on(work, onAbort);
    let result: Result;
    let error: unknown;
    try {
      result = this.#succeed(key, await this.#o.reconcile(key, deadline.signal));
    } catch (thrown) {
      error = thrown;
      result = this.#fail(key, thrown, work);
    } finally {
      clearTimeout(timer);
      work.removeEventListener('abort', onAbort);
    }
    const durationMs = performance.now() - startMs;
    this.#o.onOutcome?.({
      controller: this.#o.name,
      key,
      result,
      durationMs,
      ...(error === undefined ? {} : { error }),
    });
  }

  #succeed(key: string, { requeueAfterMs }: { readonly requeueAfterMs?: number }): Result {
    this.#o.queue.forget(key);
    if (requeueAfterMs === undefined) return 'success';
    this.#o.queue.addAfter(key, requeueAfterMs);
    return 'requeue_after';
  }

  #fail(key: string, error: unknown, work: AbortSignal): Result {
    if (work.aborted) return 'aborted'; // Nobody will take the key any more.
    if (isFenced(error)) {
      this.#o.queue.addAfter(key, FENCED_MS);
      return 'requeue';
    }
    const retryAfterMs = error instanceof KubeError ? error.retryAfterMs : undefined;
    this.#o.queue.addRateLimited(key, retryAfterMs);
    return error instanceof KubeError && error.kind === 'Conflict' ? 'requeue' : 'error';
  }
}

function timeoutReason(ms: number): DOMException {
  return new DOMException(`the reconcile took longer than ${ms} ms`, 'TimeoutError');
}

/** Calls back at the abort, also when that was before. */
function on(signal: AbortSignal | undefined, abort: () => void): void {
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => on(signal, resolve));
}

/** Whether the promise settles in time; an abort of `cutShort` ends the waiting. */
async function endsWithin(promise: Promise<unknown>, ms: number, cutShort?: AbortSignal): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const giveUp = (): void => late.resolve(false);
  const timer = setTimeout(giveUp, ms);
  on(cutShort, giveUp);
  try {
    return await Promise.race([promise.then(() => true as const), late.promise]);
  } finally {
    clearTimeout(timer);
    cutShort?.removeEventListener('abort', giveUp);
  }
}
