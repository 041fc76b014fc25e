import { Alarm } from '../alarm.ts';
import type { Clock } from '../clock.ts';
import { ProbeOrder } from './probe-order.ts';
import { isAskedBy, wantedMs, type Unit } from './unit.ts';

export interface ScheduleOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Whose time may come. */
  readonly units: () => Iterable<Unit>;
  /** Looks at one whose turn it is, and sets when it is due again. Never rejects. */
  readonly look: (unit: Unit) => Promise<void>;
}

/** Handed to the prober at once: enough to keep it busy, few enough that who is asked for next need not wait. */
const MOST_RUNNING = 64;

/**
 * Of those at one address, which is knocked at by one at a time anyhow: one that accepts connections and then keeps
 * silent must not take the places of all others. As many addresses as the prober knocks at at once fill all places.
 */
const MOST_AT_ADDRESS = 4;

/** When each unit is looked at: once its time has come, as soon as there is a place. */
export class Schedule {
  readonly #o: ScheduleOptions;
  readonly #order = new ProbeOrder<Unit>();
  readonly #alarm: Alarm;
  #running = 0;
  /** How many of the running are at each address. */
  readonly #at = new Map<string, number>();
  #isLooking = false;

  constructor(options: ScheduleOptions) {
    const { clock, signal } = options;
    this.#o = options;
    this.#alarm = new Alarm(clock, () => this.wake());
    signal.addEventListener('abort', () => this.#alarm.clear(), { once: true });
  }

  /** Has everybody looked through soon, once for all calls of this moment. */
  wake(): void {
    if (this.#isLooking || this.#o.signal.aborted) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      this.#lineUp();
      this.#work();
    });
  }

  /** It is nobody's any more; a look at it that is under way comes to nothing. */
  remove(unit: Unit): void {
    unit.state = 'gone';
    this.#order.remove(unit);
  }

  #lineUp(): void {
    if (this.#o.signal.aborted) return;
    const now = this.#o.clock.monotonic();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const unit of this.#o.units()) nextMs = Math.min(nextMs, this.#consider(unit, now));
    this.#alarm.by(nextMs);
  }

  /** Puts a unit in line whose time has come; returns when it has to be considered again. */
  #consider(unit: Unit, now: number): number {
    if (unit.state === 'running') return Number.POSITIVE_INFINITY;
    const dueMs = wantedMs(unit);
    if (dueMs > now) return dueMs;
    if (unit.state !== 'waiting') unit.waitingMs = now;
    unit.state = 'waiting';
    this.#order.add(unit, isAskedBy(unit, now));
    // One that waits its turn by routine moves up when the moment comes that was asked for.
    const askedMs = unit.asked?.firstMs ?? now;
    return askedMs > now ? askedMs : Number.POSITIVE_INFINITY;
  }

  #work(): void {
    while (this.#running < MOST_RUNNING && !this.#o.signal.aborted) {
      const unit = this.#order.take((address) => (this.#at.get(address) ?? 0) < MOST_AT_ADDRESS);
      if (unit === undefined) return;
      this.#enter(unit, 1);
      unit.state = 'running';
      void this.#o.look(unit).finally(() => {
        this.#end(unit);
        this.#enter(unit, -1);
        this.#work();
      });
    }
  }

  #end(unit: Unit): void {
    if (unit.state === 'gone' || this.#o.signal.aborted) return;
    unit.state = 'resting';
    // It may have been asked for while it was looked at.
    this.#alarm.by(this.#consider(unit, this.#o.clock.monotonic()));
  }

  #enter({ address }: Unit, by: 1 | -1): void {
    this.#running += by;
    const there = (this.#at.get(address) ?? 0) + by;
    if (there === 0) this.#at.delete(address);
    else this.#at.set(address, there);
  }
}
