import type { Clock } from '../clock.ts';
import type { Ask, Breaker } from '../cloudflare/breaker.ts';
import type { Budget } from '../cloudflare/budget.ts';
import { FairOrder, type Placed, type Rank } from '../kube/fair-order.ts';

export interface LineOptions {
  readonly clock: Clock;
  readonly budget: Pick<Budget, 'waitMs' | 'expectedMs'>;
  readonly breaker: Pick<Breaker, 'holds' | 'reserve' | 'release' | 'waitMs'>;
  readonly rank: (key: string) => Rank;
  /** Whether a certificate could make use of a probe: not while its issuer is known to be out of order. */
  readonly mayProbe: (account: string) => boolean;
  /** Whose turn it is: it is to be looked at, and finds itself admitted. */
  readonly call: (key: string) => void;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** A probe is kept for whom it was offered to for so long. */
const PROBE_MS = 15_000;
/** Beyond so many, what nobody waits for any more is forgotten. */
const MAX_LANES = 1000;
/** Who has tried in this incident stands behind all who have not: an object's own trouble must not pass for everybody's. */
const BEHIND_ALL_MS = 1e14;

/**
 * Certificates that wait for a request to Cloudflare: for the budget, or for the end of an incident. They do not come
 * back to ask: whose turn it is, by namespace and expiry, is called, as many as there are requests to be had. While a
 * token's requests are held back one at a time is called to try it. No worker waits here.
 */
export class Line {
  readonly #options: LineOptions;
  /** Who waits; a lane is all that need the same. */
  readonly #order = new FairOrder();
  readonly #asks = new Map<string, Ask>();
  /** Who may send a request now and has not come to an end with it. */
  readonly #admitted = new Map<string, { readonly ask: Ask; readonly isProbe: boolean }>();
  /** How often each has tried in the present incident. */
  readonly #tries = new Map<string, number>();
  #timer: { readonly dueMs: number; readonly abort: AbortController } | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#timer?.abort.abort(), { once: true });
  }

  /** How many wait. */
  get size(): number {
    return this.#order.size;
  }

  /** How many wait for nothing but the budget. */
  get waitingForBudget(): number {
    let count = 0;
    for (const [lane, keys] of this.#order.lanes) if (!this.#isHeld(lane)) count += keys;
    return count;
  }

  /** Whether the asker may send such a request now. It then counts until `ended`, so that no two are let in for one. */
  admits(ask: Ask): boolean {
    const { asker: key = '', account } = ask;
    const { budget, breaker } = this.#options;
    if (this.#admitted.has(key)) return budget.waitMs(account) === 0;
    if (breaker.holds(ask)) return false;
    this.serve();
    if (this.#admitted.has(key)) return true;
    if (this.#budgetMs(account) > 0) return false;
    this.#admitted.set(key, { ask, isProbe: false });
    return true;
  }

  /** The asker waits until it is called. Who waits already does not lose its place by what its urgency is now. */
  join(ask: Ask): void {
    const { asker: key = '' } = ask;
    const { group, due: dueNow } = this.#options.rank(key);
    const lane = laneOf(ask);
    const triedDue = dueNow + (this.#tries.get(key) ?? 0) * BEHIND_ALL_MS;
    const due = Math.min(triedDue, this.#order.rankOf(key)?.due ?? Infinity);
    this.#asks.set(lane, ask);
    if (this.#asks.size > MAX_LANES) this.#forgetEmpty(lane);
    this.#order.add(key, { group, lane, due });
  }

  /** It does not wait any more. What it tried in this incident is forgotten only when it has what it wanted. */
  leave(key: string, isDone: boolean): void {
    this.#order.delete(key);
    if (isDone) this.#tries.delete(key);
  }

  /** A look at the certificate is over, whatever came of it; a probe that it did not send is somebody else's. */
  ended(key: string): void {
    const admitted = this.#admitted.get(key);
    this.#admitted.delete(key);
    if (admitted?.isProbe) this.#options.breaker.release(admitted.ask);
    this.serve();
  }

  /** Calls whose turn it is: after anything that may let somebody in. */
  serve(): void {
    if (this.#options.signal.aborted) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#call(next);
    this.#arm();
  }

  /** How long it will probably take until all who wait have had their request, ms. */
  expectedMs(): number {
    const { budget } = this.#options;
    const shut = [...this.#order.lanes.keys()].map((lane) => this.#laneMs(lane)).filter(Number.isFinite);
    return Math.max(budget.expectedMs(this.#order.size + this.#admitted.size), 0, ...shut);
  }

  #forgetEmpty(but: string): void {
    for (const lane of this.#asks.keys())
      if (lane !== but && !this.#order.lanes.has(lane)) this.#asks.delete(lane);
  }

  #next(): Placed | undefined {
    if (this.#order.size === 0 || this.#budgetMs() > 0) return undefined; // Without a look at each lane.
    const open = new Set([...this.#order.lanes.keys()].filter((lane) => this.#laneMs(lane) === 0));
    return open.size === 0 ? undefined : this.#order.take((lane) => open.has(lane));
  }

  #call({ key, rank: { lane } }: Placed): void {
    const { breaker, call } = this.#options;
    const ask = { ...this.#askOf(lane), asker: key };
    const isProbe = breaker.holds(ask);
    if (isProbe) {
      this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
      breaker.reserve(ask, PROBE_MS);
    } else this.#tries.delete(key);
    this.#admitted.set(key, { ask, isProbe });
    call(key);
  }

  /** Until the next of the lane may be called, ms; infinite where something else has to happen first. */
  #laneMs(lane: string): number {
    const { breaker, mayProbe } = this.#options;
    const ask = this.#askOf(lane);
    if (breaker.holds(ask)) {
      // Of whatever lane: a probe that reads first and then revokes needs the next one too.
      if (this.#admittedOf(ask.account).some(({ isProbe }) => isProbe) || !mayProbe(ask.account))
        return Infinity;
    }
    return Math.max(breaker.waitMs(ask), this.#budgetMs(ask.account));
  }

  #isHeld(lane: string): boolean {
    return this.#options.breaker.holds(this.#askOf(lane));
  }

  /** The request that the lane waits for, made for nobody in particular. */
  #askOf(lane: string): Ask {
    const ask = this.#asks.get(lane);
    if (ask === undefined) throw new Error(`nobody waits in lane ${lane}`);
    return { ...ask, asker: undefined };
  }

  /** Until there is one request more than those let in may send, of all and of the account, ms: nobody is called before. */
  #budgetMs(account = ''): number {
    const own = this.#admittedOf(account).length + 1;
    return this.#options.budget.waitMs(account, 'certificates', this.#admitted.size + 1, own);
  }

  #admittedOf(account: string) {
    return [...this.#admitted.values()].filter(({ ask }) => ask.account === account);
  }

  /** Until somebody may be called, as far as can be said, ms. */
  #nextMs(): number {
    if (this.#order.size === 0) return Infinity;
    const budgetMs = this.#budgetMs();
    if (budgetMs > 0) return budgetMs;
    return Math.min(...[...this.#order.lanes.keys()].map((lane) => this.#laneMs(lane)));
  }

  /** One sleep, until the first lane opens. */
  #arm(): void {
    const { clock } = this.#options;
    const waitMs = this.#nextMs();
    const dueMs = clock.monotonic() + waitMs;
    if (this.#timer?.dueMs === dueMs) return;
    this.#timer?.abort.abort();
    this.#timer = undefined;
    if (!Number.isFinite(waitMs)) return;
    const abort = new AbortController();
    this.#timer = { dueMs, abort };
    clock.after(Math.max(1, waitMs), abort.signal).then(
      () => {
        if (this.#timer?.abort === abort) this.#timer = undefined;
        this.serve();
      },
      () => undefined, // Another sleep took its place, or the operator stops.
    );
  }
}

/** What two must need alike to be in one lane. */
function laneOf({ account, operation, place = '' }: Ask): string {
  return [account, operation, place].join(' ');
}
