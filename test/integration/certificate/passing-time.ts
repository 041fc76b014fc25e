import { request } from 'undici';
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
    await waitFor(
      'an idle operator',
      async () => {
        const busy = [...(await this.metrics())].filter(
          ([name, value]) => /^(workqueue_depth|controller_runtime_active_workers)\{/.test(name) && value > 0,
        );
        return busy.length === 0 || new NotYet(busy);
      },
      { timeoutMs: 60_000, intervalMs: 5 },
    );
  }

  /** What a scrape shows now, by name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const { body } = await request(`http://127.0.0.1:${this.#operator().metricsPort}/metrics`);
    const lines = (await body.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }
}
