import { Alarm } from '../alarm.ts';
import type { Clock } from '../clock.ts';
import type { Ask, Breaker } from '../cloudflare/breaker.ts';
import type { Budget } from '../cloudflare/budget.ts';
import { type BackgroundTurns, countOf, type Turns, type Want } from '../cloudflare/turns.ts';
import type { Rank } from '../kube/fair-order.ts';
import { Admissions } from './admissions.ts';
import { Lanes, type Next } from './lanes.ts';

export interface LineOptions {
  readonly clock: Clock;
  readonly budget: Pick<
    Budget,
    'waitMs' | 'expectedMs' | 'isStopped' | 'take' | 'claim' | 'claimed' | 'release'
  >;
  readonly breaker: Pick<Breaker, 'holds' | 'reserve' | 'release' | 'waitMs'>;
  readonly rank: (key: string) => Rank;
  /** Whether a certificate could make use of a probe: not while its issuer is known to be out of order. */
  readonly mayProbe: (account: string) => boolean;
  /** Whose turn it is: it is to be looked at, and finds itself admitted. */
  readonly call: (key: string) => void;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** Who has tried in this incident stands behind all who have not: an object's own trouble must not pass for everybody's. */
const BEHIND_ALL_MS = 1e14;

/**
 * All that wait for requests to Cloudflare: for the budget, or for the end of an incident. They do not come back to ask:
 * whose turn it is, by namespace and expiry, is called, as many as there are requests to be had, and finds them
 * kept for it.
 * While a token's requests are held back one at a time is called to try it. No worker waits here.
 */
export class Line implements Turns, BackgroundTurns {
  readonly #options: LineOptions;
  readonly #lanes = new Lanes();
  readonly #admissions: Admissions;
  /** What reads in the background and waits for its next page. */
  readonly #readers = new Map<string, { readonly ask: Ask; readonly go: (isPaid: boolean) => void }>();
  #readings = 0;
  /** How often each has tried in the present incident. */
  readonly #tries = new Map<string, number>();
  /** Rings when the next may be called. */
  readonly #alarm: Alarm;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#admissions = new Admissions(options);
    this.#alarm = new Alarm(options.clock, () => this.serve());
    options.signal.addEventListener('abort', () => this.#end(), { once: true });
  }

  /** How many wait. */
  get size(): number {
    return this.#lanes.size;
  }

  /** How many wait for nothing but the budget. */
  get waitingForBudget(): number {
    const { breaker } = this.#options;
    let count = 0;
    for (const { want, waiting } of this.#lanes.list()) if (!breaker.holds(want)) count += waiting;
    return count;
  }

  /** Whether the asker may send this now. It is kept for it then, until `ended`: nobody else is let in for it. */
  admits(want: Want): boolean {
    const { asker: key = '', account } = want;
    const { budget, breaker } = this.#options;
    if (breaker.holds(want) && !this.#admissions.isProbe(key)) return false;
    this.serve();
    const missing = countOf(want) - budget.claimed(key);
    if (missing <= 0) return !budget.isStopped(account);
    if (budget.waitMs(account, 'certificates', missing) > 0) return false;
    this.#admissions.admit(key, want, missing);
    return true;
  }

  /** The asker waits until it is called. Who waits already does not lose its place by what its urgency is now. */
  join(want: Want): void {
    const { asker: key = '' } = want;
    const { group, due } = this.#options.rank(key);
    this.#lanes.join(key, want, { group, due: due + (this.#tries.get(key) ?? 0) * BEHIND_ALL_MS });
  }

  /** One request, for what reads in the background: in its namespace's turn, as everybody's. */
  async turn(ask: Ask, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    this.serve();
    const { budget, breaker, clock } = this.#options;
    const { account, asker } = ask;
    const isOwn = budget.claimed(asker ?? '') > 0; // Its object was called for this.
    if ((isOwn || budget.waitMs(account) === 0) && budget.take(1, account, 'certificates', asker).granted)
      return true;
    if (!breaker.holds(ask)) return this.#called(ask, signal);
    // It is the one that tries: nobody stands in line for that.
    await clock.after(Math.max(1, budget.waitMs(account)), signal);
    return false;
  }

  async #called(ask: Ask, signal: AbortSignal): Promise<boolean> {
    const key = `${ask.asker ?? ''} reads ${++this.#readings}`;
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#readers.set(key, { ask, go: resolve });
    this.join({ ...ask, asker: key });
    this.#arm();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#readers.delete(key);
      this.#lanes.leave(key);
    }
  }

  /** It does not wait any more. What it tried in this incident is forgotten only when it has what it wanted. */
  leave(key: string, isDone: boolean): void {
    this.#lanes.leave(key);
    if (isDone) this.#tries.delete(key);
  }

  /** A look at the certificate is over, whatever came of it; a probe that it did not send is somebody else's. */
  ended(key: string): void {
    this.#admissions.end(key);
    this.serve();
  }

  /** Calls whose turn it is: after anything that may let somebody in. */
  serve(): void {
    if (this.#options.signal.aborted) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#call(next.key, next.want);
    // An incident may last for hours, and no listing is worth anything after them.
    for (const { ask, go } of this.#readers.values()) if (this.#options.breaker.holds(ask)) go(false);
    this.#arm();
  }

  /** How long it will probably take until all who wait have had their request, ms. */
  expectedMs(): number {
    const lanes = this.#lanes.list();
    const shut = lanes.map(({ want }) => this.#laneMs(want)).filter(Number.isFinite);
    const requests = lanes.reduce((sum, { want, waiting }) => sum + waiting * countOf(want), 0);
    return Math.max(this.#options.budget.expectedMs(requests), 0, ...shut);
  }

  /** Whoever was called is not looked at any more: nothing is kept for it, since budget and breaker go on in the next line. */
  #end(): void {
    this.#alarm.clear();
    this.#admissions.endAll();
  }

  #next(): Next | undefined {
    if (this.#lanes.size === 0 || this.#options.budget.waitMs() > 0) return undefined; // Without a look at each lane.
    return this.#lanes.take((want) => this.#laneMs(want) === 0);
  }

  #call(key: string, want: Want): void {
    const { breaker, budget, call } = this.#options;
    const reader = this.#readers.get(key);
    if (reader) {
      reader.go(budget.take(1, want.account).granted);
      return;
    }
    const isProbe = breaker.holds(want);
    if (isProbe) this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
    else this.#tries.delete(key);
    this.#admissions.call(key, want, isProbe);
    call(key);
  }

  /** Until the next of the lane may be called, ms; infinite where something else has to happen first. */
  #laneMs(want: Want): number {
    const { breaker, budget, mayProbe } = this.#options;
    if (breaker.holds(want)) {
      // Of whatever lane: a probe that reads first and then revokes needs the next one too.
      if (this.#admissions.isProbed(want.account) || !mayProbe(want.account)) return Infinity;
    }
    return Math.max(breaker.waitMs(want), budget.waitMs(want.account, 'certificates', countOf(want)));
  }

  /** Until somebody may be called, as far as can be said, ms. */
  #nextMs(): number {
    if (this.#lanes.size === 0) return Infinity;
    const budgetMs = this.#options.budget.waitMs();
    if (budgetMs > 0) return budgetMs;
    return Math.min(...this.#lanes.list().map(({ want }) => this.#laneMs(want)));
  }

  #arm(): void {
    this.#alarm.at(this.#options.clock.monotonic() + this.#nextMs());
  }
}
