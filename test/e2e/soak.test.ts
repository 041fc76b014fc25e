import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import type { Ring } from '../kill/lane.ts';
import { violationWords } from '../soak/report.ts';
import { soak } from '../soak/soak.ts';
import { SCALED } from '../soak/tempo.ts';
import { bundle } from '../support/build.ts';
import { cluster } from '../support/cluster.ts';
import { kubeClient } from '../support/kube-clients.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';

/** A piece of what `npm run soak` does for as long as one likes. */

const PROGRAM = 'dist/soak-test/main.js';
/**
 * One with a rolling update, a kill and a pause in its first half minute, pairs to be taken over, and origin pulls that are
 * switched off. Where the machine is fast enough, certificates are revoked that are in use, and strangers come before writes.
 */
const SEED = 2990;
const SLOTS = 8;

let ring: Ring;

beforeAll(async () => {
  await bundle('src/main.ts', PROGRAM);
  const kube = await kubeClient();
  await applyManifests(kube, await kustomizeBuild('deploy'));
  const program = fileURLToPath(new URL(`../../${PROGRAM}`, import.meta.url));
  ring = { plane: cluster(), kube, program };
  return async () => {
    await kube.close();
    await rm(dirname(program), { recursive: true });
  };
});

test('half a minute of people and faults breaks no promise', { timeout: 400_000 }, async () => {
  const repeat = `npm run soak -- --minutes 0.5 --seed ${SEED} --slots ${SLOTS}`;
  const outcome = await soak(ring, {
    seed: SEED,
    durationMs: 30_000,
    tempo: SCALED,
    slots: SLOTS,
    logs: undefined,
    say: () => undefined,
    onViolation: () => undefined,
  });
  expect(outcome.violations.map((violation) => violationWords(violation, repeat))).toEqual([]);
  expect(outcome.account.issued).toBeGreaterThan(0);
  expect(outcome.visits).toBeGreaterThan(0);
  expect(outcome.ends).toBeGreaterThan(0);
  expect(outcome.adopted).toBeGreaterThan(0);
  expect(outcome.shownVisits).toBeGreaterThan(0);
});
