import { Line } from '../../../src/certificate/line.ts';
import { type Ask, Breaker } from '../../../src/cloudflare/breaker.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { WorkQueue } from '../../../src/kube/queue.ts';
import { Budget as Counter } from '../../simulator/rules/budget.ts';
import { TestClock } from '../../support/test-clock.ts';

/** A certificate that is due. */
export interface Due {
  readonly key: string;
  readonly namespace: string;
  readonly token: string;
  /** When it expires, ms since the epoch. */
  readonly expiresAt: number;
}

/** A request that Cloudflare has counted. */
export interface Sent {
  readonly key: string;
  readonly namespace: string;
  readonly token: string;
  readonly atMs: number;
}

export interface ModelOptions {
  readonly workers?: number;
  readonly ratePerSecond?: number;
  readonly burst?: number;
  /** How long it takes to see what a certificate needs; default: no time. */
  readonly lookMs?: (atMs: number) => number;
  /** Whether Cloudflare serves this request; default: always. */
  readonly serves?: (due: Due, atMs: number) => boolean;
}

/** As Cloudflare documents it, for all tokens of a user. */
const LIMITS = { quota: 1200, windowMs: 300_000, blockMs: 300_000 };
/** Live reads, a key, writes and the request itself. */
const PASS_MS = 40;

/** The real queue, line, breaker and budget, around passes that only ask Cloudflare's counter. */
export class LineModel {
  readonly clock = new TestClock();
  readonly breaker: Breaker;
  readonly line: Line;
  readonly sent: Sent[] = [];
  readonly issued = new Map<string, number>();
  refusals = 0;
  /** Passes made: whoever waits in the line makes none. */
  passes = 0;
  readonly #options: ModelOptions;
  readonly #budget: Budget;
  readonly #queue: WorkQueue;
  readonly #counter = new Counter();
  readonly #dues = new Map<string, Due>();
  readonly #stop = new AbortController();

  constructor(options: ModelOptions = {}) {
    const { clock } = this;
    const { workers = 32, ratePerSecond = 3, burst = 100 } = options;
    this.#options = options;
    this.#budget = new Budget({ clock, ratePerSecond, burst });
    this.breaker = new Breaker({ clock, random: () => 0 });
    const rank = (key: string) => {
      const { namespace, token, expiresAt } = this.#dueOf(key);
      return { group: namespace, lane: token, due: expiresAt };
    };
    this.#queue = new WorkQueue({ clock, rank, workers });
    this.line = new Line({
      clock,
      rank,
      breaker: this.breaker,
      budget: this.#budget,
      mayProbe: () => true,
      call: (key) => this.#queue.add(key),
      signal: this.#stop.signal,
    });
    this.breaker.onChange = () => this.line.serve();
    for (let worker = 0; worker < workers; worker += 1) void this.#work();
  }

  add(...dues: readonly Due[]): void {
    for (const due of dues) this.#dues.set(due.key, due);
    for (const { key } of dues) this.#queue.add(key);
  }

  stop(): void {
    this.#stop.abort();
    this.#queue.close();
  }

  /** Seconds that the metric shows. */
  expectedSeconds(): number {
    return (this.#queue.expectedMs() + this.line.expectedMs()) / 1000;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    for (let key = await this.#queue.take(signal); key !== undefined; key = await this.#queue.take(signal)) {
      await this.#pass(key);
      this.line.ended(key);
      this.#queue.done(key);
    }
  }

  async #pass(key: string): Promise<void> {
    this.passes += 1;
    const lookMs = this.#options.lookMs?.(this.clock.monotonic()) ?? 0;
    if (lookMs > 0) await this.clock.after(lookMs);
    if (this.issued.has(key)) return;
    const due = this.#dueOf(key);
    const ask: Ask = { account: due.token, operation: 'create_certificate', asker: key };
    const isHeld = this.breaker.incident(ask) !== undefined;
    const isLetIn = !isHeld && (this.breaker.holds(ask) || this.line.admits(ask));
    if (!isLetIn || !this.#budget.take(1, due.token, 'certificates', key).granted) return this.line.join(ask);
    const end = this.breaker.begin(ask);
    await this.clock.after(PASS_MS);
    const error = this.#ask(due);
    end(error);
    if (error !== undefined) return this.line.join(ask);
    this.issued.set(key, this.clock.monotonic());
    this.line.leave(key, true);
  }

  #ask(due: Due): CloudflareError | undefined {
    const { key, namespace, token } = due;
    const atMs = this.clock.monotonic();
    const verdict = this.#counter.take(this.clock.now(), LIMITS);
    this.sent.push({ key, namespace, token, atMs });
    this.#budget.answered(verdict.remaining, verdict.resetSeconds * 1000, token);
    if (!verdict.granted) this.refusals += 1;
    if (verdict.granted && (this.#options.serves?.(due, atMs) ?? true)) return undefined;
    const operation = 'create_certificate';
    return new CloudflareError('503.', { kind: 'CloudflareUnavailable', definite: false, operation });
  }

  #dueOf(key: string): Due {
    const due = this.#dues.get(key);
    if (due === undefined) throw new Error(`nothing is known of ${key}`);
    return due;
  }
}
