import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OPERATOR_USER, type Requests, requestsIn } from './requests.ts';

/**
 * Names the folder in which control planes leave what the operator asked of them. Unset, they leave nothing. A
 * variable, since the demo starts its control plane in a process of its own.
 */
const VARIABLE = 'ORIGINCA_KEEP_AUDIT';
/** One folder a run: two runs at once do not meet. */
const RUNS = fileURLToPath(new URL('../../node_modules/.cache/origin-ca-operator/audit', import.meta.url));
/** A file in the folder of a run that has ended and was a full one. */
const FULL = 'full';
/** After which a run that left no such file is one that was killed. */
const LONGEST_RUN_MS = 24 * 3600_000;

/** A run whose control planes leave what they were asked. */
export interface AuditedRun {
  /** Keeps it for judgement when every test was run that may speak as the operator, else forgets it. */
  end(isFull: boolean): Promise<void>;
}

/** Has every control plane that this process and its children stop from now on leave its requests. */
export async function auditRun(runs = RUNS): Promise<AuditedRun> {
  const former = process.env[VARIABLE];
  const folder = join(runs, `${new Date().toISOString()}-${process.pid}`);
  await mkdir(folder, { recursive: true });
  process.env[VARIABLE] = folder;
  return {
    end: async (isFull) => {
      if (former === undefined) delete process.env[VARIABLE];
      else process.env[VARIABLE] = former;
      await (isFull ? writeFile(join(folder, FULL), '') : rm(folder, { recursive: true, force: true }));
    },
  };
}

/** Called for each control plane before its directory is removed. */
export async function leaveRequests(auditLog: string, wasRestarted: boolean): Promise<void> {
  const folder = process.env[VARIABLE];
  if (folder === undefined || !existsSync(auditLog)) return;
  const requests = await requestsIn(auditLog, { user: OPERATOR_USER, wasRestarted });
  await writeFile(join(folder, `${randomUUID()}.json`), JSON.stringify(requests));
}

/** All that the operator asked for in the last full run; undefined when there is none. */
export async function keptRequests(runs = RUNS): Promise<Requests[] | undefined> {
  const folder = (await foldersOf(runs)).findLast(wasFull);
  if (folder === undefined) return undefined;
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => JSON.parse(text) as Requests[]);
}

/** Forgets former runs, so that what is judged next is the next run or none. One that is under way goes on. */
export async function forgetRuns(runs = RUNS): Promise<void> {
  const oldest = join(runs, new Date(Date.now() - LONGEST_RUN_MS).toISOString());
  const former = (await foldersOf(runs)).filter((folder) => wasFull(folder) || folder < oldest);
  await Promise.all(former.map((folder) => rm(folder, { recursive: true, force: true })));
}

/** The oldest first: a folder is named by when its run began. */
async function foldersOf(runs: string): Promise<string[]> {
  if (!existsSync(runs)) return [];
  return (await readdir(runs)).toSorted().map((name) => join(runs, name));
}

function wasFull(folder: string): boolean {
  return existsSync(join(folder, FULL));
}
