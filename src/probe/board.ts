import type { Clock } from '../clock.ts';
import { CONNECTIONS_PER_SECOND } from './limits.ts';
import { News } from './news.ts';
import { Schedule } from './schedule.ts';
import type { ClientPair, Probes, ProbeTarget, TrustSet, Verdict } from './types.ts';
import {
  ask,
  failedLook,
  isAskedBy,
  isBad,
  isSeenSince,
  newUnit,
  renew,
  sameVerdicts,
  settle,
  type Unit,
} from './unit.ts';
import { singles, standardOf, Units } from './units.ts';

export interface BoardOptions {
  readonly prober: Probes;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Between two looks at a name, give or take a fifth. Default 30 min; a bad origin is looked at six times as often. */
  readonly refreshMs?: number;
  /**
   * Verdicts of the zone changed, or what `since` or `refresh` asked for is there. `hostnames` are those with news
   * since the last call. Never called from within a method of the board.
   */
  readonly onChange: (zone: string, hostnames: readonly string[]) => void;
  /** A prober or `onChange` threw, which is a mistake of ours: the name is `Unverifiable` and looked at again. */
  readonly onError?: (error: unknown, hostname: string) => void;
  /** Ends all probing. */
  readonly signal: AbortSignal;
}

const REFRESH_MS = 30 * 60_000;
/** How many times as often a bad origin is looked at. */
const BAD_OFTEN = 6;
const JITTER = 0.2;

/** What zones and certificates share: the last verdicts. Probes run in the background, nobody waits for them. */
export class ProbeBoard {
  readonly #o: BoardOptions;
  readonly #refreshMs: number;
  readonly #units = new Units();
  readonly #news: News;
  readonly #schedule: Schedule;

  constructor(options: BoardOptions) {
    const { clock, signal } = options;
    this.#o = options;
    this.#refreshMs = options.refreshMs ?? REFRESH_MS;
    this.#news = new News({ clock, signal, tell: (zone, names) => this.#tell(zone, names) });
    const units = (): Iterable<Unit> => this.#units.all();
    this.#schedule = new Schedule({ clock, signal, units, look: (unit) => this.#look(unit) });
  }

  /** How long it takes at least to look at everything once, ms. */
  get roundMs(): number {
    return (this.#units.count / CONNECTIONS_PER_SECOND) * 1_000;
  }

  /**
   * Replaces what is to be probed for a zone. Verdicts of names or addresses no longer there are forgotten; after
   * a change of `trust` or `client` all names count as missing until they were looked at again.
   */
  setTargets(zone: string, targets: readonly ProbeTarget[], trust: TrustSet, client?: ClientPair): void {
    const standard = standardOf(trust, client);
    const now = this.#o.clock.monotonic();
    const wanted = singles(targets);
    const gone = this.#forget(zone, wanted);
    for (const hostname of gone) this.#news.add(zone, hostname);
    if (gone.length > 0) queueMicrotask(() => this.#news.flushSoon(zone));
    for (const [key, target] of wanted) {
      const unit = this.#units.get(zone, key);
      if (unit === undefined) this.#units.add(key, newUnit(zone, target, standard, now));
      else renew(unit, target, standard, now);
    }
    this.#schedule.wake();
  }

  /** Forgets a zone. Whose verdicts go with it is told by `onChange`. */
  drop(zone: string): void {
    const gone = this.#forget(zone, new Map());
    this.#news.drop(zone);
    if (gone.length > 0) queueMicrotask(() => this.#tell(zone, gone));
  }

  /**
   * The latest verdicts of the zone's names, whatever their age; `missing` are the names without one that began at
   * or after `sinceMs` (monotonic). They are probed as soon as the limits allow, and `onChange` tells when none is
   * missing any more.
   */
  since(
    zone: string,
    sinceMs: number,
  ): { readonly verdicts: readonly Verdict[]; readonly missing: readonly string[] } {
    const verdicts: Verdict[] = [];
    const missing = new Set<string>();
    for (const unit of this.#units.of(zone)) {
      verdicts.push(...unit.verdicts);
      if (isSeenSince(unit, sinceMs)) continue;
      missing.add(unit.target.hostname);
      ask(unit, sinceMs);
    }
    if (missing.size > 0) this.#schedule.wake();
    return { verdicts, missing: [...missing] };
  }

  /**
   * Looks at these names again once `notBeforeMs` (monotonic) has passed, whatever zone they belong to, and tells by
   * `onChange` that it has, whatever it saw. A wildcard stands for all names it covers: one label.
   */
  refresh(hostnames: readonly string[], notBeforeMs: number): void {
    for (const unit of this.#units.named(hostnames)) ask(unit, notBeforeMs);
    this.#schedule.wake();
  }

  /** Latest verdicts for a certificate's names; wildcards cover one label. */
  verdictsFor(hostnames: readonly string[]): readonly Verdict[] {
    return [...this.#units.named(hostnames)].flatMap(({ verdicts }) => verdicts);
  }

  /** Returns the names of which verdicts went. */
  #forget(zone: string, kept: ReadonlyMap<string, unknown>): readonly string[] {
    const told = new Set<string>();
    for (const unit of this.#units.retain(zone, kept)) {
      this.#schedule.remove(unit);
      if (unit.verdicts.length > 0) told.add(unit.target.hostname);
    }
    return [...told];
  }

  /** Never rejects. */
  async #look(unit: Unit): Promise<void> {
    const { clock, prober, signal } = this.#o;
    const { target, standard, waitingMs: wantedMs } = unit;
    const startMs = clock.monotonic();
    const at = clock.now();
    let verdicts: readonly Verdict[];
    try {
      const { client, trust } = standard;
      verdicts = await prober.probe(target, trust, { signal, wantedMs, ...(client && { client }) });
      if (verdicts.length === 0) throw new Error('the prober gave no verdict');
    } catch (error) {
      if (signal.aborted) return;
      this.#o.onError?.(error, target.hostname);
      verdicts = [failedLook(unit, startMs, at)];
    }
    if (unit.state === 'gone' || signal.aborted) return;
    if (unit.standard.text === standard.text) this.#take(unit, verdicts);
  }

  #take(unit: Unit, verdicts: readonly Verdict[]): void {
    const now = this.#o.clock.monotonic();
    const usualMs = isBad(verdicts) ? this.#refreshMs / BAD_OFTEN : this.#refreshMs;
    unit.dueMs = now + usualMs * (1 - JITTER + 2 * JITTER * this.#o.random());
    const isNew = !sameVerdicts(unit.verdicts, verdicts);
    unit.verdicts = verdicts;
    const began = verdicts.reduce((first, { beganMs }) => Math.min(first, beganMs), now);
    const isAnswer = settle(unit, began);
    if (isNew || isAnswer) this.#news.add(unit.zone, unit.target.hostname);
    const { zone } = unit;
    if (this.#isAwaited(zone, now)) this.#news.flushSoon(zone);
    else this.#news.flush(zone);
  }

  /** Whether a look that was asked for is still to come. */
  #isAwaited(zone: string, now: number): boolean {
    for (const unit of this.#units.of(zone)) if (isAskedBy(unit, now)) return true;
    return false;
  }

  #tell(zone: string, hostnames: readonly string[]): void {
    if (this.#o.signal.aborted) return;
    try {
      this.#o.onChange(zone, hostnames);
    } catch (error) {
      this.#o.onError?.(error, hostnames[0] ?? zone);
    }
  }
}
