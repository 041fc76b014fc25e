import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorProcess } from '../support/operator-process.ts';
import { allLookedAt, atRest } from './at-rest.ts';
import { auditMark, type Requests, requestsSince } from './audit.ts';
import { LoopStall } from './loop-stall.ts';
import { processCost } from './process-cost.ts';
import { type EditFigures, measureEdits } from './scale-edit.ts';
import { measureRevoked, type RevokedMinute, revokeAll } from './scale-revoked.ts';
import { measureScrape, type ScrapeFigures } from './scale-scrape.ts';
import { PREFIX, seedIssued, seedUnrelatedSecrets, type Size } from './scale-seed.ts';
import { DEPLOYED_NODE_FLAGS, FLAGS, type ScenarioOptions } from './scenario.ts';
import { cloudflareRequests, createIssuers, OPERATOR_USER, startWorld, type World } from './world.ts';

export interface ScaleOptions extends ScenarioOptions {
  readonly size: Size;
  /** How long an operator with nothing to do is watched, twice. */
  readonly idleMs: number;
  /** How long it is watched under a revoked token, and how long a minute of that is. */
  readonly revoked: { readonly minutes: number; readonly minuteMs: number };
}

/** A start of the operator, until it has looked at everything. */
export interface StartFigures {
  readonly readyMs: number;
  readonly lookedAtMs: number;
  readonly requests: Requests;
  /** Certificates that were asked for at Cloudflare. */
  readonly posts: number;
  readonly residentMb: number;
  readonly peakMb: number;
  /** How long the event loop stood still at most, from the start to rest. */
  readonly stallMs: number;
}

export interface ScaleFigures {
  readonly kubernetes: string;
  readonly size: Size;
  /** The first start: every Secret is in order, and no object has a status. */
  readonly takeOver: StartFigures;
  readonly restart: StartFigures;
  /** % of a core, minute by minute from the last look. */
  readonly idleCpuPercent: readonly [first: number, second: number];
  readonly idleMb: number;
  readonly scrape: ScrapeFigures;
  readonly edits: EditFigures;
  readonly revoked: readonly RevokedMinute[];
}

const LONG_MS = 30 * 60_000;
/** A scrape of everything costs the operator time that it would need for its work. */
const LOOK = { timeoutMs: LONG_MS, intervalMs: 1000 };

/** One world as large as it is asked for, and in it the operator: started twice, left alone, edited, refused. */
export async function measureScale(options: ScaleOptions): Promise<ScaleFigures> {
  const { size, idleMs, revoked, onProgress } = options;
  await using world = await startWorld(0);
  await using stall = await LoopStall.create();
  const tokenId = await seedWorld(world, size, onProgress);
  const start = (): Promise<OperatorProcess> => startOperator(world, options, stall);
  onProgress('starting the operator on objects without status');
  const takeOver = await during(start, (operator, mark) => measureStart(world, size, operator, mark, stall));
  onProgress(JSON.stringify(takeOver));
  onProgress('restarting it');
  const second = await during(start, async (operator, mark) => {
    const restart = await measureStart(world, size, operator, mark, stall);
    onProgress(`leaving it alone for ${(2 * idleMs) / 1000} s`);
    const idleCpuPercent = [
      await measureIdle(operator, idleMs),
      await measureIdle(operator, idleMs),
    ] as const;
    const { residentMb: idleMb } = await processCost(operator.pid);
    const requests = await requestsSince(world.plane.auditLogPath, mark, OPERATOR_USER);
    onProgress(JSON.stringify({ ...restart, requests, idleCpuPercent, idleMb }));
    onProgress('scraping');
    const scrape = await measureScrape(operator, stall);
    onProgress(JSON.stringify(scrape));
    onProgress('editing Secrets');
    const edits = await measureEdits(world, size);
    onProgress(JSON.stringify(edits));
    return { restart: { ...restart, requests }, idleCpuPercent, idleMb, scrape, edits };
  });
  onProgress('revoking the token and taking the Secrets away');
  await revokeAll(world, size, tokenId);
  onProgress('starting under the revoked token');
  const startRefused = async (): Promise<OperatorProcess> => {
    const operator = await start();
    await stall.sinceStart(operator);
    return operator;
  };
  const minutes = await measureRevoked(world, startRefused, revoked, (minute) =>
    onProgress(JSON.stringify(minute)),
  );
  return { kubernetes: world.plane.version, size, takeOver, ...second, revoked: minutes };

  async function during<T>(
    begin: () => Promise<OperatorProcess>,
    work: (operator: OperatorProcess, mark: number) => Promise<T>,
  ): Promise<T> {
    const mark = await auditMark(world.plane.auditLogPath);
    const operator = await begin();
    try {
      return await work(operator, mark);
    } finally {
      await operator.stop();
    }
  }
}

/** Resolves to the id of the token that all issuers have. */
async function seedWorld(world: World, size: Size, onProgress: ScaleOptions['onProgress']): Promise<string> {
  const tokenId = await createIssuers(world, PREFIX, size.namespaces);
  onProgress(`making ${size.secrets} unrelated Secrets`);
  await seedUnrelatedSecrets(world, size);
  onProgress(`making ${size.certificates} OriginCertificates with their Secrets`);
  await seedIssued(world, size);
  return tokenId;
}

function startOperator(
  world: World,
  { program, nodeFlags }: ScaleOptions,
  stall: LoopStall,
): Promise<OperatorProcess> {
  return OperatorProcess.start({
    kubeconfig: world.operatorKubeconfig,
    simulator: world.simulator,
    program,
    flags: FLAGS,
    nodeFlags: [...DEPLOYED_NODE_FLAGS, ...stall.nodeFlags, ...nodeFlags],
    env: stall.env,
    // On a machine that does much else; the table has the bound.
    readyWithinMs: 300_000,
  });
}

async function measureStart(
  world: World,
  { certificates }: Size,
  operator: OperatorProcess,
  mark: number,
  stall: LoopStall,
): Promise<StartFigures> {
  const readyAt = performance.now();
  const before = await posts(world);
  await allLookedAt(operator, certificates, LOOK);
  await atRest(operator, LOOK);
  const stallMs = await stall.sinceStart(operator);
  const lookedAtMs = operator.readyMs + performance.now() - readyAt;
  const { residentMb, peakMb } = await processCost(operator.pid);
  return {
    readyMs: operator.readyMs,
    lookedAtMs,
    requests: await requestsSince(world.plane.auditLogPath, mark, OPERATOR_USER),
    posts: (await posts(world)) - before,
    residentMb,
    peakMb,
    stallMs,
  };
}

/** CPU of a core, in percent, as the kernel counts it: looking costs the operator nothing. */
async function measureIdle(operator: OperatorProcess, idleMs: number): Promise<number> {
  const before = await processCost(operator.pid);
  await sleep(idleMs);
  const after = await processCost(operator.pid);
  return ((after.cpuMs - before.cpuMs) * 100) / idleMs;
}

function posts(world: World): Promise<number> {
  return cloudflareRequests(world, 'createCertificate');
}
