import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { events } from '../../src/kube/resource.ts';
import { errorMessage } from '../programs/errors.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import type { Journal } from './journal.ts';
import type { Leaks } from './leaks.ts';
import type { MemoryUse } from './memory-use.ts';
import type { Replica, Replicas } from './replicas.ts';
import type { Stage } from './stage.ts';

/** The bound of the design for ten thousand certificates, under the limits that `deploy/` sets: a handful stays below. */
const MOST_MB = 300;

/** Searches what the replicas show at this moment, and measures them. */
export async function lookAt({
  replicas,
  leaks,
  memory,
  journal,
  stage,
}: {
  readonly replicas: Replicas;
  readonly leaks: Leaks;
  readonly memory: MemoryUse;
  readonly journal: Journal;
  readonly stage: Stage;
}): Promise<void> {
  replicas.cloudflare.forget();
  for (const { api, operator, number } of replicas.all) {
    api.forget();
    if (operator === undefined) continue;
    const mb = await memory.look(operator.pid, journal.seconds);
    if (mb !== undefined && mb > MOST_MB) journal.violation(`replica ${number} takes ${mb.toFixed(0)} MB`);
    leaks.search(`the metrics of replica ${number}`, await operator.metrics().catch(errorMessage));
  }
  for (const namespace of stage.places.all) {
    const all = await stage.kube.listAll(events, { namespace, signal: AbortSignal.timeout(20_000) });
    leaks.search('an event', JSON.stringify(all.map(({ note }) => note)));
  }
}

/** Searches what a replica logged in its life, and keeps it where a directory is given. */
export async function readLogs(
  replica: Replica,
  operator: OperatorProcess,
  leaks: Leaks,
  dir: string | undefined,
): Promise<void> {
  const text = (await operator.logs()).join('\n');
  leaks.search(`the log of replica ${replica.number}`, text);
  if (dir === undefined) return;
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, `replica-${replica.number}-life-${replica.ends}.log`), text);
}
