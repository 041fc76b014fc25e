import type { Clock } from '../clock.ts';
import { Circuit, type Incident } from './circuit.ts';
import type { CloudflareError } from './errors.ts';
import type { Operation } from './operation.ts';

/** A request that somebody wants to send, or has sent. */
export interface Ask {
  /** The token it is made with, by its digest. */
  readonly account: string;
  readonly operation: Operation;
  /** For whom: failures of one alone say nothing of others. Absent: its failure says nothing at all. */
  readonly asker?: string | undefined;
  /** The zones that a certificate is asked for in: a token may be refused in one and not in another. */
  readonly place?: string | undefined;
  /** Where the token comes from, as the asker may know it: to be told when it is refused. */
  readonly source?: string | undefined;
}

export interface BreakerOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** An outage ends by itself: it is looked for soon, and then once a minute. */
const OUTAGE = { firstMs: 5000, longestMs: 60_000 };
/** Only a person ends a refusal. */
const REFUSAL = { firstMs: 5 * 60_000, longestMs: 5 * 60_000 };
/** By these a token learns that it is refused altogether, or in a place; what others are refused is about one thing. */
const SHOWS_REFUSAL: ReadonlySet<Operation> = new Set<Operation>([
  'create_certificate',
  'list_zones',
  'verify_token',
]);
const MAX_CIRCUITS = 256;

/**
 * Trouble that all requests of a token share, held once per token and not once per object: an outage, and that the
 * token is refused in a place. Nobody waits here: `waitMs` says whether a request may be sent now, or when to ask.
 */
export class Breaker {
  /** Called when something that was held back is free again, or a probe is over. */
  onChange: () => void = () => undefined;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #circuits = new Map<string, Circuit>();

  constructor({ clock, random = Math.random }: BreakerOptions) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Why the asker may not send such a request; undefined when it may, as a probe too if one is kept for it. */
  incident(ask: Ask): Incident | undefined {
    const nowMs = this.#clock.monotonic();
    return this.#holding(ask).find((circuit) => !circuit.isReservedFor(ask.asker ?? '', nowMs))?.incident;
  }

  /** Whether such a request is held back but for probes. */
  holds(ask: Ask): boolean {
    return this.#holding(ask).length > 0;
  }

  /** Until such a request may be sent, as a probe where it is held back; 0 for now. */
  waitMs(ask: Ask): number {
    const nowMs = this.#clock.monotonic();
    const waits = this.#holding(ask).map((circuit) => circuit.waitMs(ask.operation, ask.asker, nowMs));
    return Math.max(0, ...waits);
  }

  /** The failure that such a request would probably meet too; undefined when it is not held back. */
  reason(ask: Ask): CloudflareError | undefined {
    return this.#holding(ask)[0]?.incident?.error;
  }

  /** Keeps the next probe of what holds this back for its asker. */
  reserve(ask: Ask, forMs: number): void {
    const untilMs = this.#clock.monotonic() + forMs;
    for (const circuit of this.#holding(ask)) circuit.reserve(ask.asker ?? '', untilMs);
  }

  /** Gives back what was kept for the asker, if it was not used: somebody else may try. */
  release(ask: Ask): void {
    for (const key of this.#keysOf(ask)) this.#find(key)?.release(ask.asker ?? '');
  }

  /** Whether what failed at that moment (ms since the epoch) failed in an incident that is over. */
  isOver(ask: Ask, failedAt: number): boolean {
    const failedMs = this.#clock.monotonic() - (this.#clock.now() - failedAt);
    return this.#keysOf(ask).some((key) => this.#find(key)?.isOver(ask.operation, failedMs));
  }

  /** The request is sent now. Returns what to call with how it ended: an error, or undefined for success. */
  begin(ask: Ask): (error: CloudflareError | undefined) => void {
    const beganMs = this.#clock.monotonic();
    for (const circuit of this.#holding(ask)) circuit.began(ask.operation, beganMs);
    return (error) => {
      this.#answered(ask, beganMs, error);
      this.onChange();
    };
  }

  #answered(ask: Ask, beganMs: number, error: CloudflareError | undefined): void {
    const [outage, refusal] = this.#keysOf(ask);
    switch (error?.kind) {
      case 'CloudflareUnavailable':
        this.#failed(outage, ask, beganMs, error);
        this.#find(refusal)?.ended(ask.operation);
        return;
      case 'CredentialsInvalid':
      case 'PermissionMissing':
        this.#succeeded(outage, ask);
        // An account-owned token may not ask about itself, and works all the same.
        if (ask.operation === 'verify_token') this.#find(refusal)?.ended(ask.operation);
        else this.#failed(refusal, ask, beganMs, error);
        return;
      case 'RateLimited':
      case 'BudgetExhausted':
      case 'Aborted':
      case 'Fenced':
        for (const key of [outage, refusal]) this.#find(key)?.ended(ask.operation);
        return;
      default:
        // Any other answer was given by a service that works to a token that it knows.
        for (const key of [outage, refusal]) this.#succeeded(key, ask);
    }
  }

  #failed(key: string | undefined, { operation, asker }: Ask, beganMs: number, error: CloudflareError): void {
    if (key !== undefined)
      this.#circuit(key).failed({ operation, asker, beganMs }, error, this.#clock.monotonic());
  }

  #succeeded(key: string | undefined, { operation }: Ask): void {
    if (key !== undefined) this.#circuit(key).succeeded(operation, this.#clock.monotonic());
  }

  #holding(ask: Ask): Circuit[] {
    return this.#keysOf(ask)
      .map((key) => this.#find(key))
      .filter((circuit) => circuit !== undefined)
      .filter((circuit) => circuit.holds(ask.operation));
  }

  /** The circuits that a request can meet: of outages, then of refusals. */
  #keysOf({ account, operation, place = '' }: Ask): readonly [outage: string, refusal?: string] {
    const outage = `${account} outage`;
    return SHOWS_REFUSAL.has(operation) ? [outage, `${account} refused in ${place}`] : [outage];
  }

  #find(key: string | undefined): Circuit | undefined {
    return key === undefined ? undefined : this.#circuits.get(key);
  }

  #circuit(key: string): Circuit {
    const known = this.#circuits.get(key);
    if (known !== undefined) return known;
    if (this.#circuits.size >= MAX_CIRCUITS) this.#forgetIdle();
    const made = new Circuit({ ...(key.endsWith(' outage') ? OUTAGE : REFUSAL), random: this.#random });
    this.#circuits.set(key, made);
    return made;
  }

  #forgetIdle(): void {
    const nowMs = this.#clock.monotonic();
    for (const [key, circuit] of this.#circuits) {
      if (circuit.isIdle(nowMs)) this.#circuits.delete(key);
    }
  }
}
