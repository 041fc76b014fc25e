import { homedir } from 'node:os';
import { join } from 'node:path';
import { controlPlanePrograms, type ProgramName, thisSystem } from './catalog.ts';
import type { Progress } from './progress.ts';
export async function findControlPlane(
  version: string,
  _progress: Progress,
): Promise<Record<ProgramName, string>> {
  const dir = join(homedir(), '.cache/origin-ca-operator/programs');
  const s = thisSystem();
  return Object.fromEntries(
    controlPlanePrograms(version).map((p) => [p.name, join(dir, `${p.name}-${p.version}-${s.os}-${s.arch}`)]),
  ) as Record<ProgramName, string>;
}
