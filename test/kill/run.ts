import { errorMessage } from '../programs/errors.ts';
import type { Flow } from './flow.ts';
import { Ground } from './ground.ts';
import type { Point } from './kill-switch.ts';
import type { Lane } from './lane.ts';
import { rest } from './rest.ts';
import { settingsOf, type Variant } from './variant.ts';
import type { Waits } from './waits.ts';

/** A flow in its surroundings. */
export interface Course {
  readonly flow: Flow;
  readonly variant: Variant;
  readonly waits: Waits;
}

/** How a run went. */
export interface Outcome {
  /** Everything that passed, in order. */
  readonly points: readonly Point[];
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
    await lane.simulator.settings(settingsOf(variant, lane.waits.lateMs));
    await flow.setUp?.(ground);
    const { midway } = flow;
    killSwitch.begin({
      name: ground.name,
      strikes,
      midway: midway && (() => midway(ground)),
      revoking: (id) => ground.revoking(id),
    });
    await killSwitch.duringWork(() => flow.begin(ground));
    await rest(ground, flow.problems);
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
