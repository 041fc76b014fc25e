import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../programs/errors.ts';
import type { Journal } from './journal.ts';

/**
 * Does the work again and again until the signal aborts, and once more then. On a busy machine a look may fail: that is
 * counted, and the next one tells.
 */
export async function regularly(
  { everyMs, signal, journal }: { everyMs: number; signal: AbortSignal; journal: Journal },
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const isOver = signal.aborted;
    await work().catch((error: unknown) => journal.failedLook(errorMessage(error)));
    if (isOver) return;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined); // Aborted: one last time.
  }
}
