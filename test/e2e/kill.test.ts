import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { FLOWS } from '../kill/flows.ts';
import { Pool } from '../kill/pool.ts';
import { killAt, killAtRandom, survey, type Violation } from '../kill/product.ts';
import { randomFrom, sampleOf } from '../kill/random.ts';
import { PAIRWISE_VARIANTS } from '../kill/variant.ts';
import { bundle } from '../support/build.ts';
import { cluster } from '../support/cluster.ts';
import { kubeClient } from '../support/kube-clients.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';

/**
 * A sample of what `npm run kill` runs whole: one kill in each flow, then several in some. A failure names the run
 * that repeats it.
 */

const PROGRAM = 'dist/kill-test/main.js';
const LANES = 4;
const RANDOM_RUNS = 2;
const SEED = 1;
/** Each flow in one of the surroundings. */
const courses = FLOWS.map((flow, index) => {
  const variants = flow.variants ?? PAIRWISE_VARIANTS;
  const variant = variants[(SEED + index) % variants.length];
  if (variant === undefined) throw new Error(`${flow.name} has no variant`);
  return { flow, variant };
});

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

test('killed at any message, the operator loses and doubles nothing', { timeout: 300_000 }, async () => {
  const all = await survey(pool, courses);
  const random = randomFrom(SEED);
  const sample = courses.flatMap((course) =>
    sampleOf(
      all.filter((kill) => kill.course === course),
      1,
      random,
    ),
  );
  const { killed, violations } = await killAt(pool, sample, () => undefined);
  expect(violations.map(told)).toEqual([]);
  expect(killed).toBeGreaterThan(0);
});

test('killed several times in one flow, too', { timeout: 300_000 }, async () => {
  const chosen = sampleOf(courses, RANDOM_RUNS, randomFrom(SEED));
  const { killed, violations } = await killAtRandom(pool, chosen, SEED);
  expect(violations.map(told)).toEqual([]);
  expect(killed).toBeGreaterThan(0);
});
