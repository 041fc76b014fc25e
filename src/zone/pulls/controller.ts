import type { OriginZone } from '../../api/v1alpha1.ts';
import { CloudflareError } from '../../cloudflare/errors.ts';
import type { ConcernReport, ZonePass } from '../concern.ts';
import type { PullsContext } from './context.ts';
import { retryMs } from '../schedule.ts';
import { act, type Work } from './act.ts';
import { announce, announceUnlisted } from './announce.ts';
import { decide, safeToDemand } from './decide.ts';
import type { PullMemory } from './memory.ts';
import { observe, type Seen } from './observe.ts';
import { effectText, showsWithinMs } from './repeats.ts';
import { keptStatus, reportOf, unavailableReport } from './report.ts';
import type { PullEffect, PullStep } from './world.ts';

type Report = ConcernReport<NonNullable<OriginZone['status']>['authenticatedOriginPulls']>;

/** After something was done, what follows is looked at at once. */
const AT_ONCE_MS = 1;
const REST_MS = 3_600_000;

/**
 * One pass over a zone's Authenticated Origin Pulls: observe → decide → act → report, with one effect at most. What
 * Cloudflare refuses or fails to answer is part of the report; what the API server fails at is thrown.
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
  try {
    return await work(context, pass, memory, signal);
  } catch (error) {
    if (!(error instanceof CloudflareError) || error.kind === 'Fenced' || error.kind === 'Aborted')
      throw error;
    memory.expire();
    return unavailableReport(pass, error, error.retryAfterMs ?? retryMs(memory.failed(), context.random()));
  }
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
  askForVerdicts(context, pass, seen);
  if (step.effect !== undefined) {
    memory.expire();
    await once({ context, pass, memory, seen, signal }, step.effect);
  }
  memory.succeeded();
  return reportOf(seen.world, step, nextLookMs(step));
}

/** Acts, and remembers it: the same again waits its time. */
async function once(work: Work, effect: PullEffect): Promise<void> {
  const outcome = await act(work, effect);
  const what = effectText(effect);
  if (what !== undefined) work.memory.repeats.tried(what, outcome === 'done' ? showsWithinMs(effect) : 0);
}

/** What was read a while ago is enough to see that all is at rest; nothing is done by it. */
async function lookUntilSure(
  context: PullsContext,
  pass: ZonePass,
  memory: PullMemory,
  signal: AbortSignal,
): Promise<Seen> {
  const seen = await observe(context, pass, memory, { fresh: false }, signal);
  if (seen.fresh || isAtRest(decide(seen.world))) return seen;
  return observe(context, pass, memory, { fresh: true }, signal);
}

function isAtRest({ effect, againMs }: PullStep): boolean {
  return effect === undefined && againMs === undefined;
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
  if (world.mode === 'Off' && open.length > 0) probes.refresh([...new Set(open)], clock.monotonic());
}

function nextLookMs({ effect, againMs }: PullStep): number {
  return effect === undefined ? (againMs ?? REST_MS) : AT_ONCE_MS;
}
