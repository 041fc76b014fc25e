import type { Clock } from '../clock.ts';
import type { Ask, Breaker } from '../cloudflare/breaker.ts';
import type { Budget } from '../cloudflare/budget.ts';
import type { BackgroundTurns, Turns, Want } from '../cloudflare/turns.ts';
import { FairOrder, type Placed, type Rank } from '../kube/fair-order.ts';

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

/** A probe is kept for whom it was offered to for so long. */
const PROBE_MS = 15_000;
/** Beyond so many, what nobody waits for any more is forgotten. */
const MAX_LANES = 1000;
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
  /** Who waits; a lane is all that need the same. */
  readonly #order = new FairOrder();
  readonly #wants = new Map<string, Want>();
  /** Who may send requests now and has not come to an end with it. */
  readonly #admitted = new Map<string, { readonly ask: Ask; readonly isProbe: boolean }>();
  /** What reads in the background and waits for its next page. */
  readonly #readers = new Map<string, { readonly ask: Ask; readonly go: (isPaid: boolean) => void }>();
  #readings = 0;
  /** How often each has tried in the present incident. */
  readonly #tries = new Map<string, number>();
  #timer: { readonly dueMs: number; readonly abort: AbortController } | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#end(), { once: true });
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

  /** Whether the asker may send this now. It is kept for it then, until `ended`: nobody else is let in for it. */
  admits(want: Want): boolean {
    const { asker: key = '', account } = want;
    const { budget, breaker } = this.#options;
    if (breaker.holds(want) && this.#admitted.get(key)?.isProbe !== true) return false;
    this.serve();
    const missing = requestsOf(want) - budget.claimed(key);
    if (missing <= 0) return !budget.isStopped(account);
    if (budget.waitMs(account, 'certificates', missing) > 0) return false;
    budget.claim(key, account, missing);
    if (!this.#admitted.has(key)) this.#admitted.set(key, { ask: want, isProbe: false });
    return true;
  }

  /** The asker waits until it is called. Who waits already does not lose its place by what its urgency is now. */
  join(want: Want): void {
    const { asker: key = '' } = want;
    const { group, due: dueNow } = this.#options.rank(key);
    const lane = laneOf(want);
    const triedDue = dueNow + (this.#tries.get(key) ?? 0) * BEHIND_ALL_MS;
    const due = Math.min(triedDue, this.#order.rankOf(key)?.due ?? Infinity);
    this.#wants.set(lane, want);
    if (this.#wants.size > MAX_LANES) this.#forgetEmpty(lane);
    this.#order.add(key, { group, lane, due });
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
      this.#order.delete(key);
    }
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
    this.#options.budget.release(key);
    if (admitted?.isProbe) this.#options.breaker.release(admitted.ask);
    this.serve();
  }

  /** Calls whose turn it is: after anything that may let somebody in. */
  serve(): void {
    if (this.#options.signal.aborted) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#call(next);
    // An incident may last for hours, and no listing is worth anything after them.
    for (const { ask, go } of this.#readers.values()) if (this.#options.breaker.holds(ask)) go(false);
    this.#arm();
  }

  /** How long it will probably take until all who wait have had their request, ms. */
  expectedMs(): number {
    const { budget } = this.#options;
    const { lanes } = this.#order;
    const shut = [...lanes.keys()].map((lane) => this.#laneMs(lane)).filter(Number.isFinite);
    let requests = 0;
    for (const [lane, keys] of lanes) requests += keys * requestsOf(this.#wantOf(lane));
    return Math.max(budget.expectedMs(requests), 0, ...shut);
  }

  /** Whoever was called is not looked at any more: nothing is kept for it, since budget and breaker go on in the next line. */
  #end(): void {
    this.#timer?.abort.abort();
    for (const [key, { ask, isProbe }] of this.#admitted) {
      this.#options.budget.release(key);
      if (isProbe) this.#options.breaker.release(ask);
    }
    this.#admitted.clear();
  }

  #forgetEmpty(but: string): void {
    for (const lane of this.#wants.keys())
      if (lane !== but && !this.#order.lanes.has(lane)) this.#wants.delete(lane);
  }

  #next(): Placed | undefined {
    if (this.#order.size === 0 || this.#options.budget.waitMs() > 0) return undefined; // Without a look at each lane.
    const open = new Set([...this.#order.lanes.keys()].filter((lane) => this.#laneMs(lane) === 0));
    return open.size === 0 ? undefined : this.#order.take((lane) => open.has(lane));
  }

  #call({ key, rank: { lane } }: Placed): void {
    const { breaker, budget, call } = this.#options;
    const want = { ...this.#wantOf(lane), asker: key };
    const reader = this.#readers.get(key);
    if (reader) {
      reader.go(budget.take(1, want.account).granted);
      return;
    }
    const isProbe = breaker.holds(want);
    if (isProbe) {
      this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
      breaker.reserve(want, PROBE_MS);
    } else this.#tries.delete(key);
    budget.claim(key, want.account, requestsOf(want));
    this.#admitted.set(key, { ask: want, isProbe });
    call(key);
  }

  /** Until the next of the lane may be called, ms; infinite where something else has to happen first. */
  #laneMs(lane: string): number {
    const { breaker, budget, mayProbe } = this.#options;
    const want = this.#wantOf(lane);
    if (breaker.holds(want)) {
      // Of whatever lane: a probe that reads first and then revokes needs the next one too.
      if (this.#isProbed(want.account) || !mayProbe(want.account)) return Infinity;
    }
    return Math.max(breaker.waitMs(want), budget.waitMs(want.account, 'certificates', requestsOf(want)));
  }

  #isProbed(account: string): boolean {
    return [...this.#admitted.values()].some(({ ask, isProbe }) => isProbe && ask.account === account);
  }

  #isHeld(lane: string): boolean {
    return this.#options.breaker.holds(this.#wantOf(lane));
  }

  /** What the lane waits for, wanted by nobody in particular. */
  #wantOf(lane: string): Want {
    const want = this.#wants.get(lane);
    if (want === undefined) throw new Error(`nobody waits in lane ${lane}`);
    return { ...want, asker: undefined };
  }

  /** Until somebody may be called, as far as can be said, ms. */
  #nextMs(): number {
    if (this.#order.size === 0) return Infinity;
    const budgetMs = this.#options.budget.waitMs();
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
function laneOf(want: Want): string {
  const { account, operation, place = '' } = want;
  return [account, operation, requestsOf(want), place].join(' ');
}

function requestsOf({ requests = 1 }: Want): number {
  return requests;
}
