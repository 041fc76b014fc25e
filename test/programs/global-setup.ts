import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { type AuditedRun, auditRun } from '../audit/kept.ts';
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
  readonly started: Promise<Started>;
  readonly projects: TestProject[];
  users: number;
}

interface Started {
  readonly controlPlane: ControlPlane;
  readonly audited: AuditedRun;
}

const CRDS = fileURLToPath(new URL('../../crds', import.meta.url));
const KEY = Symbol.for('originca.test.control-plane');
const globals: typeof globalThis & { [KEY]?: Shared } = globalThis;

/**
 * vitest calls this once for each project that names it and has a test file in this run. The first one starts the
 * control plane, the last one to end stops it; a run of unit tests alone never comes here.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (globals[KEY] ??= { started: start(), projects: [], users: 0 });
  shared.users += 1;
  shared.projects.push(project);
  const { controlPlane, audited } = await shared.started;
  project.provide('cluster', controlPlane.info());
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete globals[KEY];
    await controlPlane.stop();
    await audited.end(await isFullRun(shared.projects));
  };
}

async function start(): Promise<Started> {
  const audited = await auditRun();
  return { audited, controlPlane: await startControlPlane({ crds: CRDS }) };
}

/** Whether every test ran that may speak as the operator: only then does an unused right mean something. */
async function isFullRun(projects: readonly TestProject[]): Promise<boolean> {
  const names = projects.map(({ name }) => name);
  if (!['integration', 'e2e'].every((name) => names.includes(name))) return false;
  const complete = await Promise.all(
    projects.map(async (project) => {
      const { testFiles } = await project.globTestFiles();
      const ran = new Set(project.vitest.state.getTestModules().map(({ moduleId }) => moduleId));
      return (
        project.vitest.getGlobalTestNamePattern() === undefined && testFiles.every((file) => ran.has(file))
      );
    }),
  );
  return complete.every(Boolean);
}
