import { setTimeout as sleep } from 'node:timers/promises';

/** Waits that long, or until one of the signals aborts, which the caller's loop sees itself. */
export async function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const signal = AbortSignal.any(signals.filter((each) => each !== undefined));
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
