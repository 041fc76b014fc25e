import type { Simulator } from '../simulator/client.ts';
import type { VisitResult } from '../simulator/protocol.ts';

/** A visit that was not answered as a visitor expects. */
export interface FailedVisit {
  readonly number: number;
  readonly result: VisitResult;
}

/** Visits at once. */
const VISITORS = 4;

/** Visits a site through Cloudflare's edge again and again: one answer other than 200 is seen, and no redirect loop escapes. */
export class Visitor {
  readonly #simulator: Pick<Simulator, 'visit'>;
  readonly #hostname: string;
  readonly failures: FailedVisit[] = [];
  /** Visits so far, failed ones included. */
  visits = 0;
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(simulator: Pick<Simulator, 'visit'>, hostname: string) {
    this.#simulator = simulator;
    this.#hostname = hostname;
    this.#done = Promise.all(Array.from({ length: VISITORS }, () => this.#run()));
    this.#done.catch(() => undefined); // Told to whoever stops it.
  }

  /** Resolves when the last visit has ended; rejects when the edge itself could not be asked. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const result = await this.#simulator.visit(this.#hostname, { follow: true });
      this.visits += 1;
      if (result.status !== 200 || result.loop === true) this.failures.push({ number: this.visits, result });
    }
  }
}
