import { join } from 'node:path';
import { errorMessage } from '../programs/errors.ts';
import { startControlPlane } from '../programs/control-plane.ts';
import { bundle } from '../support/build.ts';
import { type BenchFlags, HELP, readBenchFlags } from './flags.ts';
import { reflectorHeapSlope } from './reflector-heap.ts';
import { JUDGED_FROM, machine, requestsPerCertificate, table } from './report.ts';
import { revokedTable, scaleHead, scaleTable } from './scale-report.ts';
import { measureScale } from './scale.ts';
import { type Figures, measure, type Scenario, type ScenarioOptions } from './scenario.ts';
import { zoneTable } from './zones-report.ts';
import { measureZones } from './zones.ts';

/**
 * `npm run bench`: measures the bundle as a process of its own against a control plane and the simulator, beside a
 * bare client that sends the same writes, and prints each figure with the bound that the design sets.
 */

const DELAYS_MS = [0, 150];
const PROGRAM = 'dist/bench/main.js';
/** Growth of the reflector's heap per 10 minutes. */
const HEAP_BOUND = 1e6;
/** Enough for one inventory of each zone. */
const HOURS = 6;
const ZONES = 100;

const flags = readFlags();
try {
  await bench();
} catch (error) {
  process.stderr.write(`The bench did not come to its end: ${errorMessage(error)}\n`);
  process.exitCode = 1;
}

/** Ends the process where there is nothing to measure. */
function readFlags(): BenchFlags {
  try {
    const values = readBenchFlags(process.argv.slice(2));
    if (!values.help) return values;
    process.stdout.write(HELP);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exit(2);
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function bench(): Promise<void> {
  const { quick, certificates, delay, profile, soak, scale, zones } = flags;
  if (scale) return printScale();
  if (zones !== undefined) return printZones(Number(zones), quick ? 1 : HOURS);
  const counts = certificates ? [Number(certificates)] : quick ? [200] : [200, 1000];
  const built = await operatorOptions(profile);
  const measured: [Scenario, Figures][] = [];
  for (const count of counts) {
    for (const delayMs of delay === undefined ? DELAYS_MS : [Number(delay)]) {
      const name = `${count} certificates, Cloudflare takes ${delayMs} ms`;
      const onProgress = (line: string): void => progress(`${name}: ${line}`);
      onProgress('starting a control plane');
      const scenario = { certificates: count, delayMs };
      measured.push([scenario, await measure(scenario, { ...built, onProgress })]);
    }
  }
  print(measured);
  const isWhole = !(quick || certificates);
  if (isWhole) await printZones(ZONES, HOURS);
  if (soak || isWhole) await printSoak();
}

/** The bundle, made now, and how Node is to run it. */
async function operatorOptions(profile: string | undefined): Promise<Omit<ScenarioOptions, 'onProgress'>> {
  await bundle('src/main.ts', PROGRAM);
  const nodeFlags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  return { program: join(import.meta.dirname, '../..', PROGRAM), nodeFlags };
}

async function printScale(): Promise<void> {
  const { certificates = 10_000, namespaces = 200, secrets = 20_000, minutes = 8, profile } = flags;
  const figures = await measureScale({
    ...(await operatorOptions(profile)),
    size: {
      certificates: Number(certificates),
      namespaces: Number(namespaces),
      secrets: Number(secrets),
    },
    idleMs: 60_000,
    revoked: { minutes: Number(minutes), minuteMs: 60_000 },
    onProgress: (line) => progress(`scale: ${line}`),
  });
  console.log(`\n${machine(figures.kubernetes)}\n${scaleHead(figures)}\n`);
  console.log(scaleTable(figures));
  console.log('\nunder a revoked token, every Secret missing, minute by minute from the start\n');
  console.log(revokedTable(figures));
}

function print(measured: readonly [Scenario, Figures][]): void {
  const [last] = measured.slice(-1);
  if (last === undefined) return;
  console.log(`\n${machine(last[1].kubernetes)}`);
  console.log('10 namespaces, rate limiter off (--cloudflare-rate 0), simulator on the same machine\n');
  console.log(table(measured));
  if (last[0].certificates < JUDGED_FROM)
    console.log(
      `\nbounds are judged from ${JUDGED_FROM} certificates: over fewer the fixed costs are not spread`,
    );
  console.log(
    `\nrequests to the API server per certificate (${last[0].certificates} at ${last[0].delayMs} ms)`,
  );
  console.log(requestsPerCertificate(...last));
}

async function printZones(zones: number, hours: number): Promise<void> {
  const figures = await measureZones({ zones, hours }, (line) => progress(`zones: ${line}`));
  console.log(
    `\n${zones} zones at rest for ${hours} h of simulated time, every setting managed, origin pulls Shared\n`,
  );
  console.log(zoneTable(figures));
}

async function printSoak(): Promise<void> {
  const plane = await startControlPlane();
  try {
    const { bytesPer10Min, heapBytes, changes, watches } = await reflectorHeapSlope({
      kubeconfigPath: plane.kubeconfigPath,
      onProgress: (line) => progress(`reflector: ${line}`),
    });
    const verdict = bytesPer10Min < HEAP_BOUND ? 'ok' : 'over';
    console.log(
      `\nreflector, 5 minutes under faults (${changes} changes, ${watches} watches): heap ` +
        `${(heapBytes / 1e6).toFixed(1)} MB, slope ${(bytesPer10Min / 1e6).toFixed(2)} MB per 10 min (bound < 1: ${verdict})`,
    );
  } finally {
    await plane.stop();
  }
}
