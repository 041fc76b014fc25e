import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import type { Site, Stage } from './stage.ts';

const PAUSE_MS = 250;
/** An origin that was mended shows its certificate to whoever comes after that. */
const MENDED_MS = 500;

/** Visits each site through Cloudflare's edge, again and again: whoever comes while its origin is whole gets an answer. */
export class Visitors {
  visits = 0;
  /** Visits that failed because the origin showed a wrong certificate under strict. */
  refused = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(stage: Stage, journal: Journal) {
    this.#running = Promise.all(stage.sites.map((site) => this.#visit(stage, site, journal)));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #visit({ simulator }: Stage, site: Site, journal: Journal): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const beganMs = performance.now();
      const { status, detail, loop } = await simulator.visit(site.hostname, { follow: true });
      this.visits += 1;
      const isOk = status === 200 && loop !== true;
      const wasWhole =
        site.brokenSinceMs === undefined && beganMs - (site.healthySinceMs ?? beganMs) > MENDED_MS;
      if (!isOk && wasWhole) journal.violation(`a visitor of ${site.hostname} got ${status}: ${detail}`);
      if (!isOk) this.refused += 1;
      await sleep(PAUSE_MS, undefined, { ref: false });
    }
  }
}
