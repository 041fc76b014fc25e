import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { auditRun, forgetRuns, keptRequests, leaveRequests } from '../../audit/kept.ts';
import { OPERATOR_USER } from '../../audit/requests.ts';

let dir: string;
let runs: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'originca-audit-'));
  runs = join(dir, 'runs');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** The audit log of a control plane of which the operator asked one thing. */
async function auditLog(verb: string): Promise<string> {
  const path = join(dir, 'audit.log');
  const user = { username: OPERATOR_USER };
  const event = { stage: 'ResponseComplete', verb, requestURI: '/', user, responseStatus: { code: 200 } };
  await writeFile(path, `${JSON.stringify(event)}\n`);
  return path;
}

/** A run with one control plane for each of the verbs. */
async function run(verbs: readonly string[], isFull: boolean): Promise<void> {
  const audited = await auditRun(runs);
  for (const verb of verbs) await leaveRequests(await auditLog(verb), false);
  await audited.end(isFull);
}

async function keptVerbs(): Promise<string[] | undefined> {
  return (await keptRequests(runs))?.map(({ verb }) => verb).toSorted();
}

test('what all control planes of a full run were asked is kept', async () => {
  await run(['get', 'list'], true);
  expect(await keptVerbs()).toEqual(['get', 'list']);
});

test('nothing is kept of a run of some tests, and it does not stand for the full run before', async () => {
  expect(await keptVerbs()).toBeUndefined();
  await run(['get'], true);
  await run(['patch'], false);
  expect(await keptVerbs()).toEqual(['get']);
  expect(await readdir(runs)).toHaveLength(1);
});

test('what is forgotten is every ended run and what a killed one left, not one that is under way', async () => {
  await run(['get'], true);
  await mkdir(join(runs, '2020-01-01T00:00:00.000Z-1'));
  const audited = await auditRun(runs);
  await leaveRequests(await auditLog('patch'), false);
  await forgetRuns(runs);
  expect(await readdir(runs)).toHaveLength(1);
  expect(await keptVerbs()).toBeUndefined();
  await audited.end(true);
  expect(await keptVerbs()).toEqual(['patch']);
});

test('a control plane that never wrote a log leaves nothing', async () => {
  const audited = await auditRun(runs);
  await leaveRequests(join(dir, 'no.log'), false);
  await audited.end(true);
  expect(await keptVerbs()).toEqual([]);
});
