import type { Clock } from '../../clock.ts';
import type { CloudflareError } from '../../cloudflare/errors.ts';
import { retryMs } from '../schedule.ts';
import { AskedOrigins } from './asked.ts';
import { Repeats } from './repeats.ts';
import { Since } from './since.ts';
import { UploadBackoff } from './upload-backoff.ts';
import type { PullEffect, Reading } from './world.ts';

/** What Cloudflare answered. */
interface KeptReading {
  readonly raw: RawReading;
  /** Monotonic ms, when the reading began. */
  readonly beganMs: number;
}

/** What Cloudflare answered instead, or that it did not. */
interface Failure {
  readonly error: CloudflareError;
  /** How often in a row. */
  readonly count: number;
  /** Monotonic ms: not to be asked before. */
  readonly untilMs: number;
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

/** What our Secret needed, and why it could not be written. */
interface StoreRefusal {
  readonly effect: PullEffect['do'];
  readonly message: string;
  /** Monotonic ms: not to be tried before. */
  readonly untilMs: number;
}

/** For each try a key is made, which costs a second of CPU. */
const REFUSED_MS = 5 * 60_000;

/** What this process remembers of one zone's origin pulls. Nothing of it is needed: without it, it only waits longer. */
export class PullMemory {
  readonly #clock: Clock;
  readonly #since: Since;
  readonly #uploads: UploadBackoff;
  #kept: KeptReading | undefined;
  #scope = '';
  #failure: Failure | undefined;
  #storeRefusal: StoreRefusal | undefined;
  /** Why an object of `publish` could not be written when that was tried last, by object. */
  readonly refused = new Map<string, string>();
  /** What was done of late. */
  readonly repeats: Repeats;
  /** What origins said of a new CA. */
  readonly asked: AskedOrigins;
  /** Whether origins were told that they may demand it. */
  isSafe = false;
  /** What was told last, so that it is told once. */
  told = '';
  /** `publish` as it was at the last pass. */
  publish: readonly string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = new Since(clock);
    this.#uploads = new UploadBackoff(clock);
    this.repeats = new Repeats(clock);
    this.asked = new AskedOrigins(clock);
  }

  /**
   * @param scope the state of the object, and by what token it is served. What was read, failed or done for another
   * counts no more.
   */
  enter(scope: string): void {
    if (this.#scope === scope) return;
    this.#scope = scope;
    this.repeats.clear();
    this.#storeRefusal = undefined;
    this.expire();
    this.succeeded();
  }

  /** Ms since this was first seen to hold, without a break; 0 where it does not. */
  age(what: string, holds: boolean): number {
    return this.#since.age(what, holds);
  }

  /** Like `age`, of the one value that counts now: another value begins anew. */
  ageOf(what: string, value: string | undefined): number {
    return this.#since.ageOf(what, value);
  }

  /** The last reading, if it is younger than `maxAgeMs`. */
  kept(maxAgeMs: number): { readonly raw: RawReading; readonly ageMs: number } | undefined {
    if (this.#kept === undefined) return undefined;
    const { raw, beganMs } = this.#kept;
    const ageMs = this.#clock.monotonic() - beganMs;
    return ageMs < maxAgeMs ? { raw, ageMs } : undefined;
  }

  keep(beganMs: number, raw: RawReading): void {
    this.#kept = { beganMs, raw };
  }

  /** Something is under way: the next pass reads anew. */
  expire(): void {
    this.#kept = undefined;
  }

  /** Cloudflare failed to deploy: the next upload waits, longer each time. */
  deploymentFailed(): void {
    this.#uploads.failed();
  }

  deployed(): void {
    this.#uploads.succeeded();
  }

  /** Ms until the next upload may be tried. */
  get backoffMs(): number {
    return this.#uploads.leftMs;
  }

  /**
   * Cloudflare did not answer, or refused: it is asked again when it says, or else later each time.
   *
   * @param random uniform in [0, 1).
   */
  failed(error: CloudflareError, random: number): void {
    const { count = 0, error: before } = this.#failure ?? {};
    const untilMs = this.#clock.monotonic() + (error.retryAfterMs ?? retryMs(count + 1, random));
    // A trouble that goes on is told in the same words: those of each failure differ by their Ray ID.
    const isSame = before?.kind === error.kind && before.operation === error.operation;
    this.#failure = { error: isSame ? before : error, count: count + 1, untilMs };
  }

  /** Why Cloudflare is not to be asked now, and for how long; undefined: it may be. */
  get failure(): { readonly error: CloudflareError; readonly leftMs: number } | undefined {
    if (this.#failure === undefined) return undefined;
    const leftMs = this.#failure.untilMs - this.#clock.monotonic();
    return leftMs > 0 ? { error: this.#failure.error, leftMs } : undefined;
  }

  succeeded(): void {
    this.#failure = undefined;
  }

  /** Our Secret may not be written: that is tried again in five minutes, or for another state of the object. */
  storeRefused(effect: PullEffect['do'], message: string): void {
    this.#storeRefusal = { effect, message, untilMs: this.#clock.monotonic() + REFUSED_MS };
  }

  /** Why this is not to be tried now, and for how long; undefined: it may be. */
  storeRefusal(effect: PullEffect['do']): { readonly message: string; readonly leftMs: number } | undefined {
    if (this.#storeRefusal?.effect !== effect) return undefined;
    const { message, untilMs } = this.#storeRefusal;
    const leftMs = untilMs - this.#clock.monotonic();
    return leftMs > 0 ? { message, leftMs } : undefined;
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
