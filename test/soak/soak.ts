import { setTimeout as sleep } from 'node:timers/promises';
import type { Ring } from '../kill/lane.ts';
import { errorMessage } from '../programs/errors.ts';
import { NotYet, waitFor } from '../support/wait.ts';
import { Doorkeepers } from './doorkeepers.ts';
import { Faults, type Restarts } from './faults.ts';
import { guardCloudflare } from './gates.ts';
import { Healing } from './healing.ts';
import { Journal, type Violation } from './journal.ts';
import { Leaks } from './leaks.ts';
import { Ledger } from './ledger.ts';
import { lookAt, readLogs } from './lookout.ts';
import { MemoryUse } from './memory-use.ts';
import { ObjectWatch } from './object-watch.ts';
import { slotsOf } from './places.ts';
import { planOf } from './plan.ts';
import { regularly } from './regularly.ts';
import { Replicas } from './replicas.ts';
import { type Account, rest } from './rest.ts';
import { SecretWatch } from './secret-watch.ts';
import { Stage } from './stage.ts';
import { isByPeople } from './steps.ts';
import type { Tempo } from './tempo.ts';
import { Strangers } from './strangers.ts';
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
  /** Visits at origins that demanded a client certificate and were shown it. */
  readonly shownVisits: number;
  /** How often an origin began to demand one. */
  readonly demands: number;
  /** Looks of this program that failed: of too many of them a soak says little. */
  readonly failedLooks: number;
  /** How often a replica ended. */
  readonly ends: number;
  /** Writes of the operator that somebody came before. */
  readonly clashes: number;
  /** Secrets of somebody else's that the operator took over. */
  readonly adopted: number;
  readonly revokedByPeople: number;
  readonly searchedCharacters: number;
}

const LOOK_EVERY_MS = 10_000;

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
  const strangers = new Strangers(stage.places, users, journal);
  for (const { api } of replicas.all) api.gate = strangers.gate;
  guardCloudflare(replicas.cloudflare, stage, users, journal);
  await sitesAreUp(stage);
  const visitors = new Visitors(stage, journal);
  stack.defer(() => visitors.close());
  const doorkeepers = new Doorkeepers(stage, leaks, journal);
  stack.defer(() => doorkeepers.close());
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
    const take = async (): Promise<unknown> => {
      if (step.kind === 'clash') return strangers.lieInWait(step);
      if (step.kind === 'origin pulls') return doorkeepers.wish(step.site, step.wish);
      return isByPeople(step) ? users.run(step) : faults.begin(step);
    };
    await take().catch((error: unknown) => journal.failedLook(errorMessage(error)));
  }
  say('faults and people stop');
  strangers.end();
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
    shownVisits: visitors.shown,
    demands: doorkeepers.demands,
    failedLooks: journal.failedLooks,
    ends: replicas.ends,
    clashes: strangers.hits,
    adopted: secretWatch.adopted.size,
    revokedByPeople: users.revoked.size,
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
