import { CloudflareError } from '../cloudflare/errors.ts';
import { TimeLimit } from '../cloudflare/time-limit.ts';
import {
  type IssuerKey,
  type IssuerSession,
  issuerText,
  type ZoneAnswer,
  type ZoneAsker,
} from '../sessions.ts';
import type { IssuerContext } from './context.ts';

type ZonesContext = Pick<IssuerContext, 'clock' | 'sessions' | 'signal' | 'log'>;

/** At most one listing a minute for hostnames that are missed, however it ends: any number of objects may miss one. */
const REFRESH_MS = 60_000;
/** A list that is so young answers whoever asks: hardly anybody makes a zone and its certificate in less. */
const YOUNG_MS = 5000;
/** Who was told to wait and did not come back asks anew. */
const FORGET_MS = 2 * REFRESH_MS;
/** Its turn may be far away where thousands wait. */
const LIMIT_MS = 10 * 60_000;
/** So long a worker stays with a listing. Who asked is woken when it is there. */
const PATIENCE_MS = 3000;

interface Question extends ZoneAsker {
  /** Monotonic ms: a list that began later answers it. */
  readonly askedMs: number;
}

/**
 * Lists a token's zones for those who miss one. The first to ask has them listed at once, and all who ask meanwhile
 * share that. Whoever asks within a minute after it is told to wait; then the zones are listed for all who do, and
 * they are woken.
 */
export class ZoneRefresher {
  readonly #context: ZonesContext;
  readonly #key: IssuerKey;
  readonly #tokenDigest: string;
  readonly #waiting = new Map<string, Question>();
  #triedMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isPlanned = false;
  #problem: string | undefined;

  constructor(context: ZonesContext, key: IssuerKey, tokenDigest: string) {
    this.#context = context;
    this.#key = key;
    this.#tokenDigest = tokenDigest;
  }

  /** Rejects only with the reason of `signal`, which ends this caller's wait and nobody else's. */
  async ask(asker: ZoneAsker, signal: AbortSignal): Promise<ZoneAnswer> {
    const question = this.#question(asker);
    if (!this.#answers(question)) {
      if (this.#waitMs() === 0) this.#running ??= this.#refresh();
      const running = this.#running;
      if (running && !(await this.#inTime(running, signal))) void running.then(() => asker.wake());
    }
    const zones = this.#session()?.zones ?? [];
    if (this.#answers(question)) {
      this.#waiting.delete(asker.id);
      return { zones, fresh: true };
    }
    this.#waiting.set(asker.id, question);
    this.#planRefresh();
    return { zones, fresh: false, retryMs: this.#waitMs(), problem: this.#problem };
  }

  #question(asker: ZoneAsker): Question {
    const nowMs = this.#context.clock.monotonic();
    const before = this.#waiting.get(asker.id);
    const askedMs = before !== undefined && nowMs - before.askedMs < FORGET_MS ? before.askedMs : nowMs;
    return { ...asker, askedMs };
  }

  /** Whether the list at hand is no older than the question. */
  #answers({ askedMs }: Question): boolean {
    return askedMs - (this.#session()?.zonesListedMs ?? Number.NEGATIVE_INFINITY) <= YOUNG_MS;
  }

  /** Until the zones may be listed for somebody. */
  #waitMs(): number {
    return Math.max(0, this.#triedMs + REFRESH_MS - this.#context.clock.monotonic());
  }

  /** Never rejects: what went wrong is told to all who ask until the next try. */
  async #refresh(): Promise<void> {
    const { clock, sessions, signal, log } = this.#context;
    const limit = new TimeLimit(LIMIT_MS, signal);
    this.#triedMs = clock.monotonic();
    try {
      const zones = await this.#session()?.client?.listZones({
        signal: limit.signal,
        asker: issuerText(this.#key),
        waitForBudget: true,
      });
      const session = this.#session();
      if (zones && session) sessions.set({ ...session, zones, zonesListedMs: this.#triedMs });
      this.#problem = undefined;
    } catch (error) {
      this.#problem = error instanceof CloudflareError ? error.message : "see the operator's log";
      const problem = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      log.warn({ issuer: issuerText(this.#key), problem }, 'zones not listed');
    } finally {
      limit.clear();
      this.#running = undefined;
    }
  }

  /** Waits a moment for what others wait for too; whether it came. Rejects when this caller gives up. */
  async #inTime(shared: Promise<void>, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const { clock } = this.#context;
    const patience = clock.after(PATIENCE_MS, AbortSignal.any([signal, over.signal])).then(() => false);
    patience.catch(() => undefined); // It was there in time, or the caller gave up.
    try {
      signal.throwIfAborted();
      return await Promise.race([shared.then(() => true), patience]);
    } finally {
      over.abort();
    }
  }

  #planRefresh(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    const { clock, signal } = this.#context;
    const end = (): void => {
      this.#isPlanned = false; // The operator stops.
    };
    clock.after(this.#waitMs(), signal).then(() => this.#refreshForAll(), end);
  }

  /** A waiter that was woken and is not answered, because this listing failed, is told why and waits again. */
  async #refreshForAll(): Promise<void> {
    if (this.#session()) await (this.#running ??= this.#refresh());
    this.#isPlanned = false;
    const nowMs = this.#context.clock.monotonic();
    for (const { id, askedMs, wake } of this.#waiting.values()) {
      if (nowMs - askedMs >= FORGET_MS) this.#waiting.delete(id);
      wake();
    }
  }

  /** Undefined when the issuer has another token now, or none. */
  #session(): IssuerSession | undefined {
    const session = this.#context.sessions.get(this.#key);
    return session?.tokenDigest === this.#tokenDigest ? session : undefined;
  }
}
