import { normalizeHostname } from '../api/hostname.ts';
import type { Clock } from '../clock.ts';
import { Alarm } from './alarm.ts';
import { CONNECTIONS_PER_SECOND } from './limits.ts';
import { Line } from './line.ts';
import { News } from './news.ts';
import type { ClientPair, Probes, ProbeTarget, TrustSet, Verdict } from './types.ts';
import {
  ask,
  failedLook,
  isAskedBy,
  isBad,
  isSeenSince,
  sameVerdicts,
  settle,
  wantedMs,
  type Standard,
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

/** Handed to the prober at once: enough to keep it busy, few enough that who is asked for next need not wait. */
const MOST_RUNNING = 64;

/**
 * Of those at one address, which is knocked at by one at a time anyhow: one that accepts connections and then keeps
 * silent must not take the places of all others. As many addresses as the prober knocks at at once fill all places.
 */
const MOST_AT_ADDRESS = 4;

/** What zones and certificates share: the last verdicts. Probes run in the background, nobody waits for them. */
export class ProbeBoard {
  readonly #o: BoardOptions;
  readonly #refreshMs: number;
  readonly #units = new Units();
  readonly #line = new Line<Unit>();
  readonly #news: News;
  readonly #alarm: Alarm;
  #running = 0;
  /** How many of the running are at each address. */
  readonly #at = new Map<string, number>();
  #isLooking = false;

  constructor(options: BoardOptions) {
    const { clock, signal } = options;
    this.#o = options;
    this.#refreshMs = options.refreshMs ?? REFRESH_MS;
    this.#news = new News({ clock, signal, tell: (zone, names) => this.#tell(zone, names) });
    this.#alarm = new Alarm(clock, () => this.#wake());
    signal.addEventListener('abort', () => this.#alarm.clear(), { once: true });
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
    const wanted = singles(targets);
    const gone = this.#forget(zone, wanted);
    for (const hostname of gone) this.#news.add(zone, hostname);
    if (gone.length > 0) queueMicrotask(() => this.#news.flushSoon(zone));
    for (const [key, target] of wanted) {
      const unit = this.#units.get(zone, key);
      if (unit === undefined) this.#units.add(key, this.#begin(zone, target, standard));
      else this.#renew(unit, target, standard);
    }
    this.#wake();
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
    if (missing.size > 0) this.#wake();
    return { verdicts, missing: [...missing] };
  }

  /**
   * Looks at these names again once `notBeforeMs` (monotonic) has passed, whatever zone they belong to, and tells by
   * `onChange` that it has, whatever it saw. A wildcard stands for all names it covers: one label.
   */
  refresh(hostnames: readonly string[], notBeforeMs: number): void {
    for (const unit of this.#units.named(hostnames)) ask(unit, notBeforeMs);
    this.#wake();
  }

  /** Latest verdicts for a certificate's names; wildcards cover one label. */
  verdictsFor(hostnames: readonly string[]): readonly Verdict[] {
    return [...this.#units.named(hostnames)].flatMap(({ verdicts }) => verdicts);
  }

  #begin(zone: string, target: ProbeTarget, standard: Standard): Unit {
    return {
      zone,
      hostname: normalizeHostname(target.hostname),
      address: target.addresses[0] ?? '',
      target,
      standard,
      verdicts: [],
      beganMs: undefined,
      dueMs: this.#o.clock.monotonic(),
      asked: undefined,
      waitingMs: this.#o.clock.monotonic(),
      state: 'resting',
    };
  }

  #renew(unit: Unit, target: ProbeTarget, standard: Standard): void {
    const { source, routedBy } = target;
    if (source !== unit.target.source)
      unit.verdicts = unit.verdicts.map((verdict) => ({ ...verdict, source }));
    // What no connection means is another thing now.
    if (routedBy !== unit.target.routedBy) unit.dueMs = this.#o.clock.monotonic();
    unit.target = target;
    if (unit.standard.text === standard.text) return;
    unit.standard = standard;
    unit.beganMs = undefined;
    unit.dueMs = this.#o.clock.monotonic();
  }

  /** Returns the names of which verdicts went. */
  #forget(zone: string, kept: ReadonlyMap<string, unknown>): readonly string[] {
    const told = new Set<string>();
    for (const unit of this.#units.retain(zone, kept)) {
      unit.state = 'gone';
      this.#line.remove(unit);
      if (unit.verdicts.length > 0) told.add(unit.target.hostname);
    }
    return [...told];
  }

  /** Has everybody looked through soon, once for all calls of this moment. */
  #wake(): void {
    if (this.#isLooking || this.#o.signal.aborted) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      this.#lineUp();
      this.#work();
    });
  }

  #lineUp(): void {
    if (this.#o.signal.aborted) return;
    const now = this.#o.clock.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const unit of this.#units.all()) nextMs = Math.min(nextMs, this.#consider(unit, now));
    this.#alarm.set(nextMs);
  }

  /** Puts a unit in line whose time has come; returns when it has to be considered again. */
  #consider(unit: Unit, now: number): number {
    if (unit.state === 'running') return Number.POSITIVE_INFINITY;
    const dueMs = wantedMs(unit);
    if (dueMs > now) return dueMs;
    if (unit.state !== 'waiting') unit.waitingMs = now;
    unit.state = 'waiting';
    this.#line.add(unit, isAskedBy(unit, now));
    // One that waits its turn by routine moves up when the moment comes that was asked for.
    const askedMs = unit.asked?.firstMs ?? now;
    return askedMs > now ? askedMs : Number.POSITIVE_INFINITY;
  }

  #work(): void {
    while (this.#running < MOST_RUNNING && !this.#o.signal.aborted) {
      const unit = this.#line.take((address) => (this.#at.get(address) ?? 0) < MOST_AT_ADDRESS);
      if (unit === undefined) return;
      this.#enter(unit, 1);
      unit.state = 'running';
      void this.#look(unit).finally(() => {
        this.#enter(unit, -1);
        this.#work();
      });
    }
  }

  #enter({ address }: Unit, by: 1 | -1): void {
    this.#running += by;
    const there = (this.#at.get(address) ?? 0) + by;
    if (there === 0) this.#at.delete(address);
    else this.#at.set(address, there);
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
    unit.state = 'resting';
    if (unit.standard.text === standard.text) this.#take(unit, verdicts);
    // It may have been asked for while it was looked at.
    this.#alarm.set(this.#consider(unit, clock.monotonic()));
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
