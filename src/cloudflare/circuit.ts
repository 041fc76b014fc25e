import type { CloudflareError } from './errors.ts';
import type { Operation } from './operation.ts';

export interface CircuitOptions {
  /** Until the first probe; doubled with every one that fails. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** In [0, 1): waits are longer by up to a tenth, so that many clusters do not probe in step. */
  readonly random: () => number;
}

/** Why requests are held back. */
export interface Incident {
  /** The failure by which it was found out: one for all who wait, so that all are told the same. */
  readonly error: CloudflareError;
  /** When the first of the failures began that belong to it; monotonic, like every time here. */
  readonly sinceMs: number;
}

interface Open extends Incident {
  /** What got through since: that is not held back. */
  readonly working: Set<Operation>;
  probes: number;
  nextMs: number;
  isProbing: boolean;
}

/** Whom the next probe is kept for. */
interface Reserved {
  readonly asker: string;
  readonly untilMs: number;
}

/** Failures longer ago than this are another story. Longer than any object waits between two tries of its own. */
const TOGETHER_MS = 15 * 60_000;
/** Two are enough to tell an incident from an object's own trouble. */
const ASKERS = 2;
/** An open circuit that nobody has sent a request to for so long is of a token that went. */
const FORGET_MS = 24 * 3_600_000;
/** While a probe is out. */
const LOOK_AGAIN_MS = 1000;

/**
 * Tells trouble of the API from trouble of one object, and holds requests back while it is the API's. It opens when
 * requests of two askers failed and none of their kind succeeded since. Then one probe at a time goes through, more
 * and more rarely; what fails and what works is known per operation, for signing may be down while reading works. An
 * operation is free again with its first success, and the circuit closes when no two askers' failures are left.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  /** When each asker's request last failed, by operation, since that operation last succeeded. */
  readonly #failures = new Map<
    Operation,
    Map<string, { readonly beganMs: number; readonly endedMs: number }>
  >();
  readonly #succeededMs = new Map<Operation, number>();
  /** The last time for which each operation was held back. */
  readonly #held = new Map<Operation, { readonly sinceMs: number; readonly untilMs: number }>();
  #open: Open | undefined;
  #reserved: Reserved | undefined;
  #touchedMs = -Infinity;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get incident(): Incident | undefined {
    return this.#open;
  }

  /** Whether nothing is remembered that could matter. */
  isIdle(nowMs: number): boolean {
    if (this.#open !== undefined) return nowMs - this.#touchedMs > FORGET_MS;
    const ended = [...this.#failures.values()].flatMap((askers) => [...askers.values()]);
    return ended.every(({ endedMs }) => nowMs - endedMs > TOGETHER_MS);
  }

  /** Whether the operation is held back but for probes. */
  holds(operation: Operation): boolean {
    return this.#open !== undefined && !this.#open.working.has(operation);
  }

  /** Whether what failed at that time failed in an incident that is over. */
  isOver(operation: Operation, failedMs: number): boolean {
    const held = this.#held.get(operation);
    return (
      !this.holds(operation) && held !== undefined && held.sinceMs <= failedMs && failedMs < held.untilMs
    );
  }

  /** Until this asker may send a request of that operation, ms; 0 for now. */
  waitMs(operation: Operation, asker: string | undefined, nowMs: number): number {
    if (this.#open === undefined || !this.holds(operation)) return 0;
    const { isProbing, nextMs } = this.#open;
    const probeMs = Math.max(nextMs - nowMs, isProbing ? LOOK_AGAIN_MS : 0);
    const keptMs = this.#reserved && this.#reserved.asker !== asker ? this.#reserved.untilMs - nowMs : 0;
    return Math.max(0, probeMs, keptMs);
  }

  /** Whether the next probe is kept for this asker. */
  isReservedFor(asker: string, nowMs: number): boolean {
    return this.#reserved?.asker === asker && this.#reserved.untilMs > nowMs;
  }

  /** Keeps the next probe for one asker, for a while. */
  reserve(asker: string, untilMs: number): void {
    this.#reserved = { asker, untilMs };
  }

  /** The asker does not use the probe that was kept for it. */
  release(asker: string): void {
    if (this.#reserved?.asker === asker) this.#reserved = undefined;
  }

  /** A request is sent now. */
  began(operation: Operation, nowMs: number): void {
    this.#touchedMs = nowMs;
    if (this.#open === undefined || !this.holds(operation)) return;
    this.#reserved = undefined;
    this.#open.isProbing = true;
    this.#open.probes += 1;
    this.#open.nextMs = nowMs + this.#pauseMs(this.#open.probes);
  }

  /** A request that began then has ended, and how is not known or says nothing. */
  ended(operation: Operation): void {
    if (this.#open !== undefined && this.holds(operation)) this.#open.isProbing = false;
  }

  /** @param asker absent: it says nothing of who else would fail. */
  failed(
    { operation, asker, beganMs }: { operation: Operation; asker: string | undefined; beganMs: number },
    error: CloudflareError,
    nowMs: number,
  ): void {
    this.ended(operation);
    this.#touchedMs = nowMs;
    // It was under way when another one got through: that is the newer word.
    if ((this.#succeededMs.get(operation) ?? -Infinity) > beganMs) return;
    this.#open?.working.delete(operation);
    if (asker === undefined) return;
    const askers = this.#failures.get(operation) ?? new Map();
    askers.delete(asker);
    askers.set(asker, { beganMs, endedMs: nowMs });
    for (const known of askers.keys()) if (askers.size > 2 * ASKERS) askers.delete(known);
    this.#failures.set(operation, askers);
    if (this.#open !== undefined || this.#askers(nowMs).size < ASKERS) return;
    const sinceMs = Math.min(...this.#recent(nowMs).map(([, failure]) => failure.beganMs));
    const worked = [...this.#succeededMs].filter(([each, ms]) => ms > sinceMs && !this.#failures.has(each));
    this.#open = {
      error,
      sinceMs,
      working: new Set(worked.map(([each]) => each)),
      probes: 0,
      nextMs: nowMs + this.#pauseMs(0),
      isProbing: false,
    };
  }

  succeeded(operation: Operation, nowMs: number): void {
    this.ended(operation);
    this.#succeededMs.set(operation, nowMs);
    this.#failures.delete(operation);
    if (this.#open === undefined) return;
    const { sinceMs, working } = this.#open;
    if (!working.has(operation)) {
      // There is life: whatever else is held back may be tried at once.
      working.add(operation);
      this.#held.set(operation, { sinceMs, untilMs: nowMs });
      this.#open.probes = 0;
      this.#open.nextMs = nowMs;
    }
    if (this.#askers(nowMs).size >= ASKERS) return;
    for (const each of this.#failures.keys()) this.#held.set(each, { sinceMs, untilMs: nowMs });
    this.#open = undefined;
    this.#reserved = undefined;
  }

  #recent(nowMs: number) {
    const all = [...this.#failures.values()].flatMap((askers) => [...askers]);
    return this.#open === undefined ? all.filter(([, { endedMs }]) => nowMs - endedMs <= TOGETHER_MS) : all;
  }

  #askers(nowMs: number): ReadonlySet<string> {
    return new Set(this.#recent(nowMs).map(([asker]) => asker));
  }

  #pauseMs(probes: number): number {
    const { firstMs, longestMs, random } = this.#options;
    return Math.min(longestMs, firstMs * 2 ** Math.min(probes, 20)) * (1 + 0.1 * random());
  }
}
