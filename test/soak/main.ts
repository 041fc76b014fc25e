import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../../src/kube/client.ts';
import { loadKubeConfig } from '../../src/kube/config.ts';
import type { Ring } from '../kill/lane.ts';
import { type ControlPlane, startControlPlane } from '../programs/control-plane.ts';
import { errorMessage } from '../programs/errors.ts';
import { bundle } from '../support/build.ts';
import { FlagError } from '../support/command-flags.ts';
import { kustomizeBuild } from '../support/kustomize.ts';
import { applyManifests } from '../support/manifests.ts';
import { HELP, readSoakFlags, type SoakFlags } from './flags.ts';
import { reportOf, violationWords } from './report.ts';
import { soak } from './soak.ts';
import { REAL, SCALED } from './tempo.ts';

/**
 * `npm run soak`: two replicas of the bundle in a world in which people want something else all the time and everything
 * goes wrong that can; the promises of the design are held against all that happens, and at the end against the whole.
 */

const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const PROGRAM = 'dist/soak/main.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const flags = readSoakFlags(process.argv.slice(2));
  if (flags === 'help') say(HELP);
  else if ((await run(flags)) > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = error instanceof FlagError ? 2 : 1;
}
// Node 24 may wait for ever, and busily, for connections of the dead that are still closing.
process.exit();

/** Resolves to the number of violations. */
async function run({ minutes, seed, slots, realTime, logs }: SoakFlags): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const repeat = `npm run soak -- --minutes ${minutes} --seed ${seed} --slots ${slots}${realTime ? ' --real-time' : ''}`;
  say(repeat);
  const plane = await startControlPlane({ crds: CRDS });
  stack.defer(() => plane.stop());
  const outcome = await soak(await openRing(plane, stack), {
    restarts: {
      restartApiServer: () => plane.restartApiServer(),
      restartEtcd: () => plane.restartEtcd(),
    },
    seed,
    durationMs: minutes * 60_000,
    tempo: realTime ? REAL : SCALED,
    slots,
    logs,
    say,
    onViolation: (violation) => say(violationWords(violation, repeat)),
  });
  say(reportOf(outcome));
  return outcome.violations.length;
}

async function openRing(plane: ControlPlane, stack: AsyncDisposableStack): Promise<Ring> {
  await bundle('src/main.ts', PROGRAM);
  const kube = await KubeClient.connect(loadKubeConfig({ kubeconfig: plane.kubeconfigPath, env: {} }));
  stack.defer(() => kube.close());
  await applyManifests(kube, await kustomizeBuild('deploy'));
  return { plane, kube, program: join(import.meta.dirname, '../..', PROGRAM) };
}
