import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { ControlPlaneInfo } from './access.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The control plane of this test run; see test/support/cluster.ts. */
    cluster: ControlPlaneInfo;
  }
}

/** Shared by the projects that use it: vitest loads this file once for each of them, in one process. */
interface Shared {
  readonly controlPlane: Promise<ControlPlane>;
  users: number;
}

const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const KEY = Symbol.for('originca.test.control-plane');
const globals: typeof globalThis & { [KEY]?: Shared } = globalThis;

/**
 * vitest calls this once for each project that names it and has a test file in this run. The first one starts the
 * control plane, the last one to end stops it; a run of unit tests alone never comes here.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (globals[KEY] ??= { controlPlane: startControlPlane({ crds: CRDS }), users: 0 });
  shared.users += 1;
  const controlPlane = await shared.controlPlane;
  project.provide('cluster', controlPlane.info());
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete globals[KEY];
    await controlPlane.stop();
  };
}
