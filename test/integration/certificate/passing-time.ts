import { request } from 'undici';
import { Idleness } from '../../support/idleness.ts';
import { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

/** Time that passes at the operator and at Cloudflare together, in steps, each as short as the work it brings. */
export class PassingTime {
  readonly clock = new JumpClock();
  readonly #scene: Scene;
  readonly #operator: () => RunningOperator;

  constructor(scene: Scene, operator: () => RunningOperator) {
    this.#scene = scene;
    this.#operator = operator;
  }

  /** Lets `ms` pass in steps of at most `stepMs`; ends early once `until` holds. Resolves to how much has passed. */
  async pass(ms: number, stepMs: number, until?: () => Promise<boolean>): Promise<number> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      if (until !== undefined && (await until())) return passedMs;
      await this.#scene.simulator.advance(Math.min(stepMs, ms - passedMs));
      this.clock.jump(Math.min(stepMs, ms - passedMs));
      await this.idle();
    }
    return ms;
  }

  /** Waits until nothing is being worked on and nothing is ready to be. */
  async idle(): Promise<void> {
    const idleness = new Idleness();
    await waitFor(
      'an idle operator',
      async () => {
        const metrics = await this.#scrape();
        return (
          idleness.look(metrics) ||
          new NotYet(metrics.match(/^(workqueue_depth|controller_runtime_active).*/gm))
        );
      },
      { timeoutMs: 60_000, intervalMs: 5 },
    );
  }

  /** What a scrape shows now, by name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.#scrape()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }

  async #scrape(): Promise<string> {
    const { body } = await request(`http://127.0.0.1:${this.#operator().metricsPort}/metrics`);
    return body.text();
  }
}
