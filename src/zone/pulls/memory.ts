import type { Clock } from '../../clock.ts';
import { Repeats } from './repeats.ts';
import type { Acceptance, Reading } from './world.ts';

/** What Cloudflare answered, and for which state of the object it was asked. */
interface KeptReading {
  readonly raw: RawReading;
  /** Monotonic ms, when the reading began. */
  readonly beganMs: number;
  readonly scope: string;
}

/** A reading before it is judged by our CAs. */
export interface RawReading {
  readonly shared: Reading['shared'];
  readonly enabled: boolean;
  readonly certificates: readonly RawCertificate[];
}

export interface RawCertificate {
  readonly id: string;
  /** PEM, or ''. */
  readonly certificate: string;
  readonly fingerprintSHA256: string | undefined;
  readonly status: Reading['certificates'][number]['status'];
  readonly notAfter: number | undefined;
}

const BACKOFF_MIN_MS = 60_000;
const BACKOFF_MAX_MS = 3_600_000;
/** A refused origin is asked again after this. */
const ASK_AGAIN_MS = 60_000;

/** What this process remembers of one zone's origin pulls. Nothing of it is needed: without it, it only waits longer. */
export class PullMemory {
  readonly #clock: Clock;
  /** When something was first seen to be so, monotonic ms. */
  readonly #since = new Map<string, number>();
  #kept: KeptReading | undefined;
  #scope = '';
  #failures = 0;
  #unanswered = 0;
  #retryMs = Number.NEGATIVE_INFINITY;
  #asked: { readonly ca: string; readonly atMs: number; readonly result: Acceptance } | undefined;
  /** Why an object of `publish` could not be written when that was tried last, by object. */
  readonly refused = new Map<string, string>();
  /** What was done of late. */
  readonly repeats: Repeats;
  /** What was told last, so that it is told once. */
  told = '';
  /** `publish` as it was at the last pass. */
  publish: readonly string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.repeats = new Repeats(clock);
  }

  /** The object was changed, or may be served otherwise: what was tried for it before does not hold it back. */
  enter(scope: string): void {
    if (this.#scope !== scope) this.repeats.clear();
    this.#scope = scope;
  }

  /** Ms since this was first seen to hold, without a break; 0 where it does not. */
  age(what: string, holds: boolean): number {
    if (!holds) {
      this.#since.delete(what);
      return 0;
    }
    const nowMs = this.#clock.monotonic();
    const sinceMs = this.#since.get(what) ?? nowMs;
    this.#since.set(what, sinceMs);
    return nowMs - sinceMs;
  }

  /** Like `age`, of the one value that counts now: another value begins anew. */
  ageOf(what: string, value: string | undefined): number {
    for (const key of this.#since.keys()) {
      if (key.startsWith(`${what}:`) && key !== `${what}:${value}`) this.#since.delete(key);
    }
    return this.age(`${what}:${value}`, value !== undefined);
  }

  /** The last reading, if it is of this scope and not older than `maxAgeMs`. */
  kept(scope: string, maxAgeMs: number): RawReading | undefined {
    const kept = this.#kept;
    if (kept === undefined || kept.scope !== scope || this.#clock.monotonic() - kept.beganMs >= maxAgeMs)
      return undefined;
    return kept.raw;
  }

  keep(scope: string, beganMs: number, raw: RawReading): void {
    this.#kept = { scope, beganMs, raw };
  }

  /** Something is under way: the next pass reads anew. */
  expire(): void {
    this.#kept = undefined;
  }

  /** Cloudflare failed to deploy: the next upload waits, longer each time. */
  deploymentFailed(): void {
    this.#failures += 1;
    const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (this.#failures - 1));
    this.#retryMs = this.#clock.monotonic() + waitMs;
  }

  deployed(): void {
    this.#failures = 0;
    this.#retryMs = Number.NEGATIVE_INFINITY;
  }

  /** Ms until the next upload may be tried. */
  get backoffMs(): number {
    return Math.max(0, this.#retryMs - this.#clock.monotonic());
  }

  /** Cloudflare did not answer, or refused: how often in a row by now. */
  failed(): number {
    this.#unanswered += 1;
    return this.#unanswered;
  }

  succeeded(): void {
    this.#unanswered = 0;
  }

  acceptanceOf(ca: string | undefined): Acceptance {
    const asked = this.#asked;
    if (asked === undefined || asked.ca !== ca) return { state: 'unasked' };
    const isOld = this.#clock.monotonic() - asked.atMs >= ASK_AGAIN_MS;
    return isOld && asked.result.state !== 'asking' ? { state: 'unasked' } : asked.result;
  }

  setAcceptance(ca: string, result: Acceptance): void {
    this.#asked = { ca, atMs: this.#clock.monotonic(), result };
  }
}

/** The memories of all zones, by the OriginZone's name. */
export class PullMemories {
  readonly #clock: Clock;
  readonly #byName = new Map<string, { readonly uid: string; readonly memory: PullMemory }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another object under the same name begins with an empty one. */
  of({ name, uid }: { readonly name: string; readonly uid: string }): PullMemory {
    const known = this.#byName.get(name);
    if (known?.uid === uid) return known.memory;
    const memory = new PullMemory(this.#clock);
    this.#byName.set(name, { uid, memory });
    return memory;
  }

  /** The object is gone. */
  forget(name: string): void {
    this.#byName.delete(name);
  }
}
