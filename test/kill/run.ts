import { errorMessage } from '../programs/errors.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import type { Flow } from './flow.ts';
import { Ground } from './ground.ts';
import type { Lane } from './lane.ts';
import { settingsOf, type Variant } from './variant.ts';
import { QUIET_MS, REST_MS } from './waits.ts';

/** A flow in its surroundings. */
export interface Course {
  readonly flow: Flow;
  readonly variant: Variant;
}

/** How a run went. */
export interface Outcome {
  /** Everything that passed, in order. */
  readonly points: readonly string[];
  readonly kills: number;
  /** Empty: all is as it must be. */
  readonly violations: readonly string[];
}

let runs = 0;

/** Runs a flow to its rest, killing the operator at the points that `strikes` names. */
export async function run(
  lane: Lane,
  { flow, variant }: Course,
  strikes: (point: string) => boolean,
): Promise<Outcome> {
  runs += 1;
  const ground = new Ground(lane, `run${String(runs).padStart(4, '0')}`, variant);
  const { killSwitch } = lane;
  const violations: string[] = [];
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    if (violations.length > 0) return;
    await work().catch((error: unknown) => void violations.push(errorMessage(error)));
  };
  await attempt(async () => {
    await lane.simulator.settings(settingsOf(variant));
    await flow.setUp?.(ground);
    const { midway } = flow;
    killSwitch.begin({ name: ground.name, strikes, midway: midway && (() => midway(ground)) });
    await flow.begin(ground);
    await rest(ground, flow);
  });
  const points = [...killSwitch.points];
  const { kills } = killSwitch;
  killSwitch.end();
  await attempt(async () => {
    await flow.tearDown?.(ground);
    await ground.clear();
  });
  return { points, kills, violations };
}

/** Resolves when all is as it must be and stays so for a while in which nothing passes. */
async function rest(ground: Ground, flow: Flow): Promise<void> {
  const { killSwitch } = ground.lane;
  await waitFor(
    `${flow.name} to come to rest`,
    async () => {
      const problems = await flow.problems(ground);
      if (problems.length > 0) return new NotYet(problems);
      return killSwitch.quietMs > QUIET_MS || new NotYet(`${killSwitch.points.at(-1)} has just passed`);
    },
    { timeoutMs: REST_MS, intervalMs: 100 },
  );
}
