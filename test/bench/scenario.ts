import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorProcess } from '../support/operator-process.ts';
import { auditMark, requestsSince, type Requests } from './audit.ts';
import { allLookedAt, atRest } from './at-rest.ts';
import { type BareFigures, measureBareClient } from './bare-client.ts';
import {
  allIssued,
  cloudflareRequests,
  createCertificates,
  createIssuers,
  issuersReady,
  namespaceOf,
  OPERATOR_USER,
  startWorld,
  type World,
} from './world.ts';

export interface Scenario {
  readonly certificates: number;
  /** How long the simulator takes for a certificate. */
  readonly delayMs: number;
}

export interface ScenarioOptions {
  /** Path of the bundle. */
  readonly program: string;
  /** Options of Node for the operator that issues. */
  readonly nodeFlags: readonly string[];
  readonly onProgress: (line: string) => void;
}

export interface Figures {
  readonly kubernetes: string;
  readonly certificatesPerSecond: number;
  readonly cpuMsPerCertificate: number;
  readonly writesPerIssuance: number;
  readonly cloudflarePerIssuance: number;
  /** After all is issued. */
  readonly residentMb: number;
  readonly restart: {
    readonly readyMs: number;
    readonly writes: number;
    readonly residentMb: number;
    /** Of one core, with nothing to do. */
    readonly idleCpuPercent: number;
  };
  readonly bare: BareFigures;
  /** What the operator asked of the API server while it issued. */
  readonly requests: Requests;
}

const PREFIX = 'bench';
/** No limit on requests, and a Lease that outlasts the stop in which the certificates are made. */
export const FLAGS = [
  '--cloudflare-rate=0',
  '--lease-duration=20m',
  '--renew-deadline=15m',
  '--log-level=warn',
];
const IDLE_MS = 5000;

/** Of Node itself, as in deploy/base/deployment.yaml. */
export const DEPLOYED_NODE_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=192'];

/** One measurement on a control plane of its own. */
export async function measure(scenario: Scenario, options: ScenarioOptions): Promise<Figures> {
  const { certificates } = scenario;
  const { program, nodeFlags, onProgress } = options;
  await using world = await startWorld(scenario.delayMs);
  await createIssuers(world, PREFIX);
  const start = (flags: readonly string[]): Promise<OperatorProcess> =>
    OperatorProcess.start({
      kubeconfig: world.operatorKubeconfig,
      simulator: world.simulator,
      program,
      flags: FLAGS,
      nodeFlags: [...DEPLOYED_NODE_FLAGS, ...flags],
    });
  const first = await start(nodeFlags);
  const issued = await stopping(first, () => measureIssuing(world, first, certificates, onProgress));
  onProgress('restarting');
  const mark = await auditMark(world.plane.auditLogPath);
  const second = await start([]);
  const restart = await stopping(second, () => measureRest(world, second, certificates, mark));
  onProgress('the bare client');
  const bare = await measureBareClient(world, certificates, namespaceOf(PREFIX, 0));
  return { kubernetes: world.plane.version, ...issued, restart, bare };
}

/** Ends the operator whatever happens. */
export async function stopping<T>(operator: OperatorProcess, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await operator.stop();
  }
}

/** The operator is held while the certificates are made, so that it meets all of them at once. */
async function measureIssuing(
  world: World,
  operator: OperatorProcess,
  certificates: number,
  onProgress: ScenarioOptions['onProgress'],
): Promise<Omit<Figures, 'kubernetes' | 'restart' | 'bare'>> {
  const { plane, simulator } = world;
  await issuersReady(world);
  await atRest(operator);
  const cpuBefore = await operator.metric(CPU);
  operator.signal('SIGSTOP');
  onProgress(`making ${certificates} OriginCertificates`);
  await createCertificates(world, PREFIX, certificates);
  const mark = await auditMark(plane.auditLogPath);
  const cloudflareBefore = await cloudflareRequests(world);
  onProgress('issuing');
  const startMs = Date.now();
  operator.signal('SIGCONT');
  await allIssued(world, certificates);
  await atRest(operator);
  const cpu = (await operator.metric(CPU)) - cpuBefore;
  const requests = await requestsSince(plane.auditLogPath, mark, OPERATOR_USER);
  const cloudflare = (await cloudflareRequests(world)) - cloudflareBefore;
  const made = (await simulator.certificates()).length;
  if (made !== certificates) throw new Error(`${certificates} were asked for and ${made} issued`);
  return {
    certificatesPerSecond: (certificates / (requests.lastWriteAt - startMs)) * 1000,
    cpuMsPerCertificate: (cpu * 1000) / certificates,
    writesPerIssuance: requests.writeCount / certificates,
    cloudflarePerIssuance: cloudflare / certificates,
    residentMb: (await operator.metric(RESIDENT)) / 1e6,
    requests,
  };
}

async function measureRest(
  { plane }: World,
  operator: OperatorProcess,
  certificates: number,
  mark: number,
): Promise<Figures['restart']> {
  await allLookedAt(operator, certificates);
  await atRest(operator);
  const cpuBefore = await operator.metric(CPU);
  await sleep(IDLE_MS);
  const idle = (await operator.metric(CPU)) - cpuBefore;
  const { writeCount } = await requestsSince(plane.auditLogPath, mark, OPERATOR_USER);
  return {
    readyMs: operator.readyMs,
    writes: writeCount,
    residentMb: (await operator.metric(RESIDENT)) / 1e6,
    idleCpuPercent: (idle * 100_000) / IDLE_MS,
  };
}

const CPU = 'process_cpu_seconds_total';
const RESIDENT = 'process_resident_memory_bytes';
