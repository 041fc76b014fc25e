/**
 * The one source of time for renewal, backoff, delayed adds, the budget and every wait of the issuing
 * protocol, so that tests advance days in an instant. Leases, HTTP and watch timeouts do not use it: they
 * must run out in real time, whatever a test does.
 */
export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. May step when the machine's clock is corrected. */
  now(): number;
  /** Milliseconds from an arbitrary start, never stepping: for measuring how long something has lasted. */
  monotonic(): number;
  /** Resolves `ms` from now; rejects with the signal's reason when aborted. Safe for any `ms`. */
  after(ms: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout fires at once beyond 2^31-1 ms (24.8 days): longer waits are slept in slices. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async after(ms, signal) {
    let leftMs = Math.max(0, ms);
    do {
      const sliceMs = Math.min(leftMs, MAX_TIMER_MS);
      await sleep(sliceMs, signal);
      leftMs -= sliceMs;
    } while (leftMs > 0);
  },
};

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(asError(signal.reason));
    const abort = (): void => {
      clearTimeout(timer);
      reject(asError(signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
