import { request } from 'undici';
import type { JumpClock } from '../../support/jump-clock.ts';
import type { RunningOperator, Scene } from '../../support/scene.ts';
import { NotYet, waitFor } from '../../support/wait.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Lets time pass for operators and for Cloudflare together, and follows what the slow check of one operator says. */
export class SlowRounds {
  readonly #scene: Pick<Scene, 'simulator'>;
  readonly #clock: JumpClock;
  readonly #operator: () => RunningOperator;

  constructor(scene: Pick<Scene, 'simulator'>, clock: JumpClock, operator: () => RunningOperator) {
    this.#scene = scene;
    this.#clock = clock;
    this.#operator = operator;
  }

  async ahead(ms: number): Promise<void> {
    await this.#scene.simulator.advance(ms);
    this.#clock.jump(ms);
  }

  /** Undefined before the zone was looked at. */
  async metric(name: string): Promise<number | undefined> {
    const { body } = await request(`http://127.0.0.1:${this.#operator().metricsPort}/metrics`);
    const found = (await body.text()).match(new RegExp(`^originca_slow_check_${name}\\{.*\\} (\\S+)$`, 'm'));
    return found?.[1] === undefined ? undefined : Number(found[1]);
  }

  /** When the last listing came that was believed, in seconds; 0: never, although the metric tells a time then too. */
  async succeeded(): Promise<number> {
    if ((await this.metric('certificates')) === undefined) return 0;
    return (await this.metric('last_success_timestamp_seconds')) ?? 0;
  }

  async distrusts(): Promise<boolean> {
    return (await this.metric('distrusted')) === 1;
  }

  /** Lets so much time pass, and then as much as it takes until a listing was judged. */
  async round(leastMs = 2 * HOUR): Promise<void> {
    await this.ahead(leastMs);
    const before = await this.succeeded();
    await waitFor(
      'the next listing to be judged',
      async () => {
        await this.ahead(10 * MINUTE);
        return (await this.succeeded()) > before || (await this.distrusts()) || new NotYet({ before });
      },
      { timeoutMs: 30_000 },
    );
  }
}
