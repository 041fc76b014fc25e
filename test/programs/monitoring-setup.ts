import type { TestProject } from 'vitest/node';
import { monitoringPrograms, type MonitoringProgramName } from './catalog.ts';
import { findPrograms } from './find.ts';
import { toStderr } from './progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths of Prometheus and promtool. */
    monitoring: Readonly<Record<MonitoringProgramName, string>>;
  }
}

/**
 * Called by vitest once if a test of deploy/monitoring is to run: finds, downloads or builds what it needs, before
 * the clock of any test runs.
 */
export async function setup(project: TestProject): Promise<void> {
  const found = await findPrograms(monitoringPrograms(), toStderr, process.env);
  project.provide('monitoring', Object.fromEntries(found) as Record<MonitoringProgramName, string>);
}
