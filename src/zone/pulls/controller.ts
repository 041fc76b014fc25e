import type { OriginZone } from '../../api/v1alpha1.ts';
import { CloudflareError } from '../../cloudflare/errors.ts';
import type { ConcernReport, ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import { act, type Work } from './act.ts';
import { announce, announceUnlisted } from './announce.ts';
import { decide, safeToDemand } from './decide.ts';
import type { PullMemory } from './memory.ts';
import { observe, type Seen } from './observe.ts';
import { maxAgeMs } from './reading.ts';
import { effectText, showsWithinMs } from './repeats.ts';
import { keptStatus, refusedReport, reportOf, unavailableReport } from './report.ts';
import { StoreRefused } from './store-io.ts';
import type { PullEffect, PullStep } from './world.ts';

type Report = ConcernReport<NonNullable<OriginZone['status']>['authenticatedOriginPulls']>;

/** After something was done, what follows is looked at at once. */
const AT_ONCE_MS = 1;
const REST_MS = 3_600_000;
/** How old it may be that an origin was seen to demand, while nobody may. */
const SEEN_MS = 30_000;
/** What was not safe becomes so only by what was read after the change that has come everywhere by now. */
const SURE_MS = 4 * 60_000;
/** What changes something at Cloudflare: then what was read is so no more. */
const AT_CLOUDFLARE: ReadonlySet<PullEffect['do']> = new Set(['Upload', 'Delete', 'Enable', 'SetShared']);

/**
 * One pass over a zone's Authenticated Origin Pulls: observe → decide → act → report, with one effect at most. What
 * Cloudflare refuses or fails to answer is part of the report, as is that our Secret may not be written; what else the
 * API server fails at is thrown.
 */
export async function reconcilePulls(
  context: PullsContext,
  pass: ZonePass,
  signal: AbortSignal,
): Promise<Report> {
  const { metadata, spec } = pass.zone;
  if (spec.authenticatedOriginPulls.mode === 'Unmanaged') {
    context.pulls.forget(metadata.name);
    return { status: undefined, problems: [] };
  }
  // The mode decides whether anything is presented at all; it is read soon.
  if (pass.ssl === undefined) return { status: keptStatus(pass), problems: [] };
  const memory = context.pulls.of(metadata);
  memory.enter(scopeOf(pass));
  const { failure } = memory;
  if (failure !== undefined) return unavailableReport(pass, failure.error, failure.leftMs);
  try {
    return await work(context, pass, memory, signal);
  } catch (error) {
    if (!(error instanceof CloudflareError) || error.kind === 'Fenced' || error.kind === 'Aborted')
      throw error;
    if (error.kind !== 'BudgetExhausted') memory.expire();
    memory.failed(error, context.random());
    return unavailableReport(pass, memory.failure?.error ?? error, memory.failure?.leftMs ?? AT_ONCE_MS);
  }
}

function scopeOf({ zone, enforce, facts, client }: ZonePass): string {
  return `${zone.metadata.generation} ${enforce} ${facts.id} ${client.tokenDigest}`;
}

async function work(
  context: PullsContext,
  pass: ZonePass,
  memory: PullMemory,
  signal: AbortSignal,
): Promise<Report> {
  const seen = await lookUntilSure(context, pass, memory, signal);
  const step = decide(seen.world);
  announceUnlisted(context, pass, memory);
  announce(context, pass, memory, step, safeToDemand(seen.world));
  memory.isSafe = safeToDemand(seen.world);
  askForVerdicts(context, pass, seen);
  const { effect } = step;
  if (effect !== undefined && memory.storeRefusal(effect.do) === undefined) {
    if (AT_CLOUDFLARE.has(effect.do)) memory.expire();
    await once({ context, pass: { ...pass, client: seen.client }, memory, seen, signal }, effect);
  }
  memory.succeeded();
  const refusal = effect && memory.storeRefusal(effect.do);
  if (refusal !== undefined)
    return refusedReport(reportOf(seen.world, step, refusal.leftMs), refusal.message);
  return reportOf(seen.world, step, nextLookMs(step));
}

/** Acts, and remembers it: the same again waits its time. */
async function once(work: Work, effect: PullEffect): Promise<void> {
  const { memory } = work;
  try {
    const outcome = await act(work, effect);
    const what = effectText(effect);
    if (what !== undefined) memory.repeats.tried(what, outcome === 'done' ? showsWithinMs(effect) : 0);
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error;
    memory.storeRefused(effect.do, error.message);
  }
}

/** What was read a while ago is enough to see that there is nothing to do; nothing is done or promised by it. */
async function lookUntilSure(
  context: PullsContext,
  pass: ZonePass,
  memory: PullMemory,
  signal: AbortSignal,
): Promise<Seen> {
  const seen = await observe(context, pass, memory, { fresh: false }, signal);
  const { ageMs, world } = seen;
  const isEnough =
    ageMs < maxAgeMs(decide(world), pass.intervals) &&
    (memory.isSafe || !safeToDemand(world) || ageMs < SURE_MS);
  return ageMs === 0 || isEnough ? seen : observe(context, pass, memory, { fresh: true }, signal);
}

/** Who demands is asked again, and whoever was not looked at yet for the first time. */
function askForVerdicts(
  { probes, clock }: PullsContext,
  pass: ZonePass,
  { world, demandSinceMs }: Seen,
): void {
  if (demandSinceMs === undefined) return;
  probes.refresh(pass.gate(demandSinceMs).missing, demandSinceMs);
  const open = [...world.demand.required, ...world.demand.unknown].map(({ hostname }) => hostname);
  if (world.mode === 'Off' && open.length > 0)
    probes.refresh([...new Set(open)], clock.monotonic() - SEEN_MS);
}

function nextLookMs({ effect, againMs }: PullStep): number {
  return effect === undefined ? (againMs ?? REST_MS) : AT_ONCE_MS;
}
