import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Between two looks. Default 50 ms. */
  readonly intervalMs?: number;
  /** Gives up early, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Returned by a probe that has something to show for the case that the deadline passes. */
export class NotYet {
  readonly seen: unknown;

  constructor(seen: unknown) {
    this.seen = seen;
  }
}

/** What `waitFor` resolves to when its probe returns T. */
export type Found<T> = Exclude<T, NotYet | undefined | null | false | 0 | ''>;

/**
 * Calls `probe` until it returns something truthy, and resolves to that. `describe` completes the sentence "waited
 * for ...". A falsy value, `new NotYet(whatWasSeen)` and an error all mean: look again. When the deadline passes,
 * the error shows what the last look saw; a look that hangs is not waited for.
 */
export async function waitFor<T>(
  describe: string,
  probe: (signal: AbortSignal) => T | Promise<T>,
  options: WaitOptions,
): Promise<Found<T>> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const over = Promise.withResolvers<'over'>();
  signal.addEventListener('abort', () => over.resolve('over'), { once: true });

  let looks = 0;
  let seen: unknown = 'nothing, the first look did not end';
  while (!signal.aborted) {
    const outcome = await Promise.race([look(probe, signal), over.promise]);
    if (outcome === 'over') break;
    looks += 1;
    if (outcome.found) return outcome.value;
    seen = outcome.seen;
    await Promise.race([delay(options.intervalMs ?? 50), over.promise]);
  }
  options.signal?.throwIfAborted();
  throw new Error(
    `waited ${options.timeoutMs} ms for ${describe}; looked ${looks} times, last saw: ${show(seen)}`,
  );
}

type Outcome<T> = { found: true; value: Found<T> } | { found: false; seen: unknown };

async function look<T>(
  probe: (signal: AbortSignal) => T | Promise<T>,
  signal: AbortSignal,
): Promise<Outcome<T>> {
  try {
    const value = await probe(signal);
    if (value instanceof NotYet) return { found: false, seen: value.seen };
    // Found<T> is what remains of T once it is truthy and no NotYet; the compiler cannot conclude that.
    return value ? { found: true, value: value as Found<T> } : { found: false, seen: value };
  } catch (error) {
    return { found: false, seen: error };
  }
}

function show(seen: unknown): string {
  if (seen instanceof Error) return seen.stack ?? seen.message;
  return typeof seen === 'string' ? seen : inspect(seen, { depth: 6, breakLength: 110 });
}
