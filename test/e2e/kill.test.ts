import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { COURSES, pairwiseCourses } from '../kill/courses.ts';
import { FLOWS } from '../kill/flows.ts';
import { Pool } from '../kill/pool.ts';
import {
  coursesInTurn,
  killAt,
  killAtRandom,
  oneInEachState,
  survey,
  type Violation,
} from '../kill/product.ts';
import { randomFrom, sampleOf } from '../kill/random.ts';
import { bundle } from '../support/build.ts';
import { cluster } from '../support/cluster.ts';
import { kubeClient } from '../support/kube-clients.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';

/**
 * Every flow, killed once in each state that `npm run kill` finds more than one message in, by turns in surroundings of
 * which each two values occur together; then several times in one run. A failure names the run that repeats it.
 */

const PROGRAM = 'dist/kill-test/main.js';
const LANES = 10;
const RANDOM_RUNS = 4;
const SEED = 1;
const FLOW_MS = 1_200_000;

let pool: Pool;

const told = ({ repeat, point, problems }: Violation): string =>
  `npm run kill -- ${repeat} (${point}): ${problems.join('; ')}`;

beforeAll(async () => {
  await bundle('src/main.ts', PROGRAM);
  const kube = await kubeClient();
  await applyManifests(kube, await kustomizeBuild('deploy'));
  const program = fileURLToPath(new URL(`../../${PROGRAM}`, import.meta.url));
  pool = new Pool({ plane: cluster(), kube, program }, LANES);
  return async () => {
    await pool[Symbol.asyncDispose]();
    await kube.close();
    await rm(dirname(program), { recursive: true });
  };
});

test.each(FLOWS.map(({ name }) => name))(
  'killed in any state of %s, the operator loses and doubles nothing',
  { timeout: FLOW_MS },
  async (flow) => {
    const kills = coursesInTurn(oneInEachState(await survey(pool, pairwiseCourses(flow))));
    const { killed, violations } = await killAt(pool, kills);
    expect(violations.map(told)).toEqual([]);
    expect(killed).toBeGreaterThan(kills.length / 2);
  },
);

test('killed several times in one flow, too', { timeout: FLOW_MS }, async () => {
  const chosen = sampleOf(COURSES, RANDOM_RUNS, randomFrom(SEED));
  const { killed, violations } = await killAtRandom(pool, chosen, SEED);
  expect(violations.map(told)).toEqual([]);
  expect(killed).toBeGreaterThan(0);
});
