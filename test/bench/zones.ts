import { request } from 'undici';
import type { OriginZone } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { secrets } from '../../src/kube/resource.ts';
import { originZones } from '../../src/resources.ts';
import { Idleness } from '../support/idleness.ts';
import { type RunningOperator, startOperator, trust } from '../support/scene-operator.ts';
import { TestClock } from '../support/test-clock.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { auditMark, requestsSince } from './audit.ts';
import { parallel } from './parallel.ts';
import { OPERATOR_USER, startWorld, type World } from './world.ts';

export interface ZonesScenario {
  readonly zones: number;
  /** Simulated. */
  readonly hours: number;
}

export interface ZoneFigures {
  /** By the simulator's name of the operation, per zone and hour, most first. */
  readonly perZoneAndHour: readonly (readonly [operation: string, requests: number])[];
  /** Of all zones together, in 5 minutes: on average, and the busiest. */
  readonly per5Min: { readonly mean: number; readonly most: number };
  /** To the API server, events aside. */
  readonly writesPerZoneAndHour: number;
}

/** What Cloudflare allows a user in 5 minutes. */
export const CLOUDFLARE_PER_5_MIN = 1200;

const NAMESPACE = 'originca-system';
const TOKEN = 'zones';
/** Of a zone: with the rest of what is managed they make it an ordinary one. */
const RECORDS = 40;
const CERTIFICATES = 60;
const STEP_MS = 30_000;
const STEPS_PER_5_MIN = 300_000 / STEP_MS;
const HOUR_MS = 3_600_000;
/** In which all that is new about the zones is done. */
const WARM_UP_MS = 15 * 60_000;

/**
 * Requests of zones at rest: the operator in this process, whose clock is advanced in steps of half a minute, against
 * the simulator and a control plane of its own. Settings are enforced and in sync; nothing changes.
 */
export async function measureZones(
  { zones, hours }: ZonesScenario,
  onProgress: (line: string) => void,
): Promise<ZoneFigures> {
  await using world = await startWorld(0);
  onProgress(`making ${zones} zones`);
  await createZones(world, zones);
  await trust(world.simulator.caFile);
  const clock = new TestClock(Date.now());
  const operator = await startOperator({ flags: flagsFor(world), identity: 'bench', clock });
  try {
    await inSync(world, operator, clock, zones);
    await pass(operator, clock, WARM_UP_MS);
    return await measure(world, operator, clock, { zones, hours }, onProgress);
  } finally {
    await operator.stop();
  }
}

function flagsFor({ operatorKubeconfig, simulator }: World): readonly string[] {
  return [
    `--kubeconfig=${operatorKubeconfig}`,
    `--operator-namespace=${NAMESPACE}`,
    `--cloudflare-base-url=${simulator.apiUrl}`,
    `--origin-ca-roots=${simulator.originCaRootsFile}`,
    '--cloudflare-rate=3',
    '--cloudflare-burst=100',
  ];
}

async function createZones({ kube, simulator }: World, count: number): Promise<void> {
  const options = { fieldManager: 'bench', force: true, signal: AbortSignal.timeout(120_000) };
  const { value } = await simulator.seedToken();
  const data = { 'api-token': Buffer.from(value).toString('base64') };
  await kube.apply(
    secrets,
    { metadata: { name: TOKEN, namespace: NAMESPACE }, data } satisfies Secret,
    options,
  );
  await parallel(count, 8, async (index) => {
    const name = `zone-${index}.example`;
    const { id } = await simulator.seedZone({ name, ssl: 'full' });
    for (const [setting, value] of IN_SYNC) await simulator.setSetting(id, setting, value);
    await simulator.seedRecords(id, { count: RECORDS, proxied: false });
    await simulator.seedCertificates(id, { count: CERTIFICATES, validityDays: 365 });
    const zone = { metadata: { name }, spec: specOf() };
    await kube.apply(originZones, zone as unknown as OriginZone, options); // The server fills in the rest.
  });
}

/** What the spec asks for, as Cloudflare has it. */
const IN_SYNC = [
  ['min_tls_version', '1.2'],
  ['tls_1_3', 'on'],
  ['always_use_https', 'on'],
  ['security_header', { strict_transport_security: { enabled: true, max_age: 3600 } }],
  ['tls_client_auth', 'on'],
] as const;

function specOf(): Partial<OriginZone['spec']> {
  return {
    apiTokenSecretRef: { name: TOKEN, key: 'api-token' },
    mode: 'Enforce',
    settings: {
      ssl: 'full',
      minTlsVersion: '1.2',
      tls13: 'on',
      alwaysUseHttps: true,
      hsts: { enabled: true, maxAge: 3600, acknowledgeLockIn: false },
    },
    authenticatedOriginPulls: { mode: 'Shared' },
  };
}

/** Resolves when every setting is as asked for and every zone's certificates are counted. */
async function inSync(
  { kube }: World,
  operator: RunningOperator,
  clock: TestClock,
  zones: number,
): Promise<void> {
  await waitFor(
    `${zones} zones in sync`,
    async (signal) => {
      await pass(operator, clock, 2 * STEP_MS);
      const all = await kube.listAll(originZones, { signal });
      const waiting = all.filter((zone) => !isAtRest(zone));
      return waiting.length === 0 || new NotYet([waiting.length, waiting[0]?.status]);
    },
    { timeoutMs: 1_800_000 },
  );
}

function isAtRest({ status }: OriginZone): boolean {
  const isInSync = status?.conditions?.find(({ type }) => type === 'InSync')?.status === 'True';
  return isInSync && status?.inventory?.total === CERTIFICATES;
}

/** Lets time pass, and the operator do what falls due in every step. */
async function pass(operator: RunningOperator, clock: TestClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await clock.advance(STEP_MS);
    await atRest(operator);
  }
}

/** Resolves when no controller has anything to do. */
async function atRest({ metricsPort }: RunningOperator): Promise<void> {
  const idleness = new Idleness();
  await waitFor(
    'the operator to come to rest',
    async () => {
      const { body } = await request(`http://127.0.0.1:${metricsPort}/metrics`);
      return idleness.look(await body.text()) || new NotYet('busy');
    },
    { timeoutMs: 120_000, intervalMs: 25 },
  );
}

async function measure(
  { simulator, plane }: World,
  operator: RunningOperator,
  clock: TestClock,
  { zones, hours }: ZonesScenario,
  onProgress: (line: string) => void,
): Promise<ZoneFigures> {
  const counts = async (): Promise<Map<string, number>> => {
    const sums = new Map<string, number>();
    for (const { operation, count } of await simulator.counts())
      sums.set(operation, (sums.get(operation) ?? 0) + count);
    return sums;
  };
  const mark = await auditMark(plane.auditLogPath);
  const before = await counts();
  let total = sumOf(before);
  const windows: number[] = [];
  const steps = (hours * HOUR_MS) / STEP_MS;
  for (let step = 0; step < steps; step += STEPS_PER_5_MIN) {
    await pass(operator, clock, STEPS_PER_5_MIN * STEP_MS);
    const sum = sumOf(await counts());
    windows.push(sum - total);
    total = sum;
    if (windows.length % 12 === 0) onProgress(`${windows.length / 12} of ${hours} simulated hours`);
  }
  const perZoneAndHour = [...(await counts())]
    .map(([operation, count]) => [operation, (count - (before.get(operation) ?? 0)) / zones / hours] as const)
    .filter(([, requests]) => requests > 0)
    .toSorted(([, a], [, b]) => b - a);
  const mean = windows.reduce((sum, each) => sum + each, 0) / windows.length;
  const { writeCount } = await requestsSince(plane.auditLogPath, mark, OPERATOR_USER);
  return {
    perZoneAndHour,
    per5Min: { mean, most: Math.max(...windows) },
    writesPerZoneAndHour: writeCount / zones / hours,
  };
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
