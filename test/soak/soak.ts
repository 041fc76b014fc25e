import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { events } from '../../src/kube/resource.ts';
import type { Ring } from '../kill/lane.ts';
import { errorMessage } from '../programs/errors.ts';
import type { OperatorProcess } from '../support/operator-process.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { Faults, type Restarts } from './faults.ts';
import { guardCloudflare } from './gates.ts';
import { Healing } from './healing.ts';
import { Journal, type Violation } from './journal.ts';
import { Leaks } from './leaks.ts';
import { Ledger } from './ledger.ts';
import { MemoryUse } from './memory-use.ts';
import { ObjectWatch } from './object-watch.ts';
import { slotsOf } from './places.ts';
import { planOf } from './plan.ts';
import { regularly } from './regularly.ts';
import { type Replica, Replicas } from './replicas.ts';
import { type Account, rest } from './rest.ts';
import { SecretWatch } from './secret-watch.ts';
import { Stage } from './stage.ts';
import { isByPeople } from './steps.ts';
import type { Tempo } from './tempo.ts';
import { Users } from './users.ts';
import { Visitors } from './visitors.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly tempo: Tempo;
  /** How many OriginCertificates people work with. */
  readonly slots: number;
  /** Directory for what the replicas logged, in each of their lives. */
  readonly logs: string | undefined;
  /** Absent where others use the control plane too. */
  readonly restarts?: Restarts;
  readonly say: (line: string) => void;
  readonly onViolation: (violation: Violation) => void;
}

/** What a soak came to. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** How often people did what, and what went wrong on purpose how often. */
  readonly people: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly account: Account;
  /** From the last fault to the rest of everything. */
  readonly restSeconds: number;
  /** The longest that an object was not as asked for and did not say why. */
  readonly longestUnhealedSeconds: number;
  readonly memory: MemoryUse;
  readonly visits: number;
  readonly refusedVisits: number;
  /** Looks of this program that failed: of too many of them a soak says little. */
  readonly failedLooks: number;
  /** How often a replica ended. */
  readonly ends: number;
  readonly searchedCharacters: number;
}

const LOOK_EVERY_MS = 10_000;
/** The bound of the design for ten thousand certificates, under the limits that `deploy/` sets: a handful stays below. */
const MOST_MB = 300;

/** Runs the operator in a world where everything goes wrong that can, and holds the promises against all that happens. */
export async function soak(ring: Ring, options: SoakOptions): Promise<Outcome> {
  const { tempo, seed, durationMs, say } = options;
  await using stack = new AsyncDisposableStack();
  const journal = new Journal(options.onViolation);
  const stage = stack.use(await Stage.start(ring, tempo));
  const leaks = new Leaks(stage.issuers.tokens, journal);
  const ledger = new Ledger();
  const users = new Users(stage, journal);
  const parts = { stage, users, ledger, leaks, journal };
  const secretWatch = new SecretWatch(parts);
  stack.defer(() => secretWatch.close());
  const objectWatch = new ObjectWatch(parts);
  stack.defer(() => objectWatch.close());
  await Promise.all([secretWatch.synced, objectWatch.synced]);
  const memory = new MemoryUse();
  const replicas = stack.use(
    await Replicas.start(stage, journal, {
      flags: options.logs === undefined ? [] : ['--log-level=debug'],
      onEnd: (replica, operator) => readLogs(replica, operator, leaks, options.logs),
    }),
  );
  guardCloudflare(replicas.cloudflare, stage, users, journal);
  await sitesAreUp(stage);
  const visitors = new Visitors(stage, journal);
  stack.defer(() => visitors.close());
  const healing = new Healing(stage, users, replicas, journal);
  stack.defer(() => healing.close());
  const faults = new Faults(stage, replicas, journal, options.restarts);
  const looking = new AbortController();
  const often = { everyMs: LOOK_EVERY_MS, signal: looking.signal, journal };
  const lookout = regularly(often, async () => {
    await lookAt({ replicas, leaks, memory, journal, stage });
    say(
      `${journal.seconds.toFixed(0).padStart(6)} s  ${journal.steps} operations and faults, ${visitors.visits} visits, ` +
        `${replicas.ends} ends, at most ${Math.round(memory.mostMb)} MB, ${journal.violations.length} violations`,
    );
  });
  stack.defer(async () => {
    looking.abort();
    await lookout;
  });
  const startMs = performance.now();
  for (const { atMs, step } of planOf(seed, tempo, slotsOf(options.slots))) {
    if (atMs > durationMs) break;
    const aheadMs = startMs + atMs - performance.now();
    if (aheadMs > 0) await sleep(aheadMs);
    journal.step(step);
    const done = isByPeople(step) ? users.run(step) : faults.begin(step);
    await done.catch((error: unknown) => journal.failedLook(errorMessage(error)));
  }
  say('faults and people stop');
  await faults.end();
  const endMs = performance.now();
  const account = await rest(stage, users, ledger, journal);
  const restSeconds = (performance.now() - endMs) / 1000;
  await Promise.all([secretWatch.settled(), objectWatch.settled()]);
  return {
    violations: journal.violations,
    people: journal.people,
    faults: journal.faults,
    account,
    restSeconds,
    longestUnhealedSeconds: healing.longestMs / 1000,
    memory,
    visits: visitors.visits,
    refusedVisits: visitors.refused,
    failedLooks: journal.failedLooks,
    ends: replicas.ends,
    searchedCharacters: leaks.searched,
  };
}

async function sitesAreUp({ sites, simulator }: Stage): Promise<void> {
  await waitFor(
    'every site to be on Full (strict)',
    async () => {
      const modes = await Promise.all(
        sites.map(
          async ({ zoneId }) => (await simulator.zoneSettings(zoneId)).find(({ id }) => id === 'ssl')?.value,
        ),
      );
      return modes.every((mode) => mode === 'strict') || new NotYet(modes);
    },
    { timeoutMs: 120_000, intervalMs: 200 },
  );
}

async function lookAt({
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

async function readLogs(
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
