import type { Journal } from './journal.ts';
import { regularly } from './regularly.ts';
import type { Site } from './site.ts';
import type { Stage } from './stage.ts';

const PAUSE_MS = 250;
/** An origin that was mended shows its certificate to whoever comes after that. */
const MENDED_MS = 500;

/** Visits each site through Cloudflare's edge, again and again: whoever comes while its origin is whole gets an answer. */
export class Visitors {
  visits = 0;
  /** Visits that failed because the origin showed a wrong certificate under strict. */
  refused = 0;
  /** Of those that got an answer, at origins that demanded Cloudflare's client certificate. */
  shown = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(stage: Stage, journal: Journal) {
    const { signal } = this.#stop;
    this.#running = Promise.all(
      stage.sites.map((site) =>
        regularly({ everyMs: PAUSE_MS, signal, journal }, () => this.#visit(stage, site, journal)),
      ),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #visit({ simulator }: Stage, site: Site, journal: Journal): Promise<void> {
    const beganMs = performance.now();
    const isDemanded = site.origin.demands;
    const { status, detail, loop, clientCertificate } = await simulator.visit(site.hostname, {
      follow: true,
    });
    this.visits += 1;
    if (status === 200 && isDemanded && clientCertificate !== undefined) this.shown += 1;
    if (status === 200 && loop !== true) return;
    this.refused += 1;
    const wholeForMs = beganMs - (site.healthySinceMs ?? beganMs);
    if (site.brokenSinceMs === undefined && wholeForMs > MENDED_MS)
      journal.violation(`a visitor of ${site.hostname} got ${status}: ${detail}`);
  }
}
