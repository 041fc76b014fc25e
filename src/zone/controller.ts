import { KubeError } from '../kube/errors.ts';
import { enact } from './act.ts';
import { Overtaken } from './change.ts';
import type { Problem, ZonePass } from './concern.ts';
import { contain, type Contained } from './contain.ts';
import type { ControllerContext } from './controller-context.ts';
import { gateView } from './gate.ts';
import { reconcileInventory } from './inventory.ts';
import { observe, type Seen } from './observe.ts';
import { partsOf } from './parts.ts';
import { reconcilePulls } from './pulls/controller.ts';
import { instantOf, listRecordsAnew } from './readings.ts';
import { findingOf } from './ready.ts';
import { type Draft, type Parts, report } from './report.ts';
import { sslModeOf } from './settings.ts';
import { verifiedOf } from './verified.ts';
import { enforcementOf, namesToRead, nextReadingMs, waitsForBudget, type ZoneView } from './view.ts';
import type { SettingAction } from './world.ts';

/** How often a token Secret is read: a corrected token heals within twice this time. */
const READ_MS = 30_000;
/** Until the caches have what overtook our status. */
const OVERTAKEN_MS = 100;
/** A spec that the caches do not have yet wakes its zone when they do. */
const STALE_MS = 10_000;
/** Until the next step of a change that takes two. */
const STEP_MS = 1000;

export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

/** observe → decide → act → report for one OriginZone: its settings, then what depends on the mode that they have. */
export async function reconcileZone(
  context: ControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    const seen = await observe(context, key, signal);
    if (seen.state === 'gone') return forget(context, key);
    return seen.state === 'refused'
      ? await refuse(context, key, seen, signal)
      : await pass(context, seen.view, signal);
  } catch (error) {
    if (error instanceof Overtaken) return { requeueAfterMs: STALE_MS };
    if (isConflict(error)) return { requeueAfterMs: OVERTAKEN_MS };
    throw error;
  }
}

/** Nothing is changed at Cloudflare: what was set stays set. */
function forget(
  { memories, pulls, inventories, probes, count }: ControllerContext,
  key: string,
): ReconcileResult {
  memories.forget(key);
  pulls.forget(key);
  inventories.forget(key);
  probes.drop(key);
  count.forget(key);
  return {};
}

async function refuse(
  context: ControllerContext,
  key: string,
  { zone, reason, message }: Extract<Seen, { state: 'refused' }>,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const finding = { outcome: 'refused', reason, message } as const;
  const isRival = reason === 'ZoneConflict';
  if (isRival) forget(context, key);
  const parts = isRival ? {} : keptParts(zone);
  const nothing = {
    actions: undefined,
    verified: undefined,
    problems: [],
    pullProblems: [],
    isWaiting: false,
  };
  await report(context, zone, { ...nothing, finding, parts }, signal);
  return isRival ? {} : { requeueAfterMs: READ_MS };
}

async function pass(
  context: ControllerContext,
  view: ZoneView,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { facts, origins, key, memory, client, intervals } = view;
  context.count.show(key, namesToRead(view));
  const { actions, zone } = await enact(context, view, signal);
  if (facts !== undefined && actions.some((action) => action.type === 'Hold' && action.listsRecords))
    listRecordsAnew(context, memory, client, { key, zoneId: facts.id, intervals });
  const gate = gateView(origins, context.probes.since(key, Number.NEGATIVE_INFINITY));
  const { said: verified, stands } = verifiedOf(view, gate);
  const parts: Draft = { ...keptParts(zone), ...partsOf(context, view, actions, { gate, stands }) };
  const finding = findingOf(view);
  const concerns = facts === undefined ? undefined : await concernsOf(context, view, facts, signal);
  const spoken = {
    finding,
    actions,
    isWaiting: waitsForBudget(view),
    verified,
    problems: problemsOf(view),
    pullProblems: concerns?.pulls.problems ?? [],
  };
  await report(context, zone, { ...spoken, parts: concerns ? withConcerns(parts, concerns) : parts }, signal);
  return { requeueAfterMs: nextLookMs(context, view, actions, concerns) };
}

interface Concerns {
  readonly pulls: Contained<Parts['authenticatedOriginPulls']>;
  readonly inventory: Contained<Parts['inventory']>;
}

async function concernsOf(
  context: ControllerContext,
  view: ZoneView,
  facts: NonNullable<ZoneView['facts']>,
  signal: AbortSignal,
): Promise<Concerns> {
  const { zone, client, hold, key, origins, intervals, memory } = view;
  const read = memory.setting('ssl').value;
  const passed: ZonePass = {
    zone,
    facts,
    client,
    ...instantOf(context),
    ...enforcementOf(hold, facts),
    ssl: read && sslModeOf(read.value),
    verdicts: context.probes.since(key, Number.NEGATIVE_INFINITY).verdicts,
    gate: (sinceMs) => gateView(origins, context.probes.since(key, sinceMs)),
    intervals,
  };
  const { authenticatedOriginPulls, inventory } = zone.status ?? {};
  return {
    pulls: await contain(context, authenticatedOriginPulls, () => reconcilePulls(context, passed, signal)),
    inventory: await contain(context, inventory, () => Promise.resolve(reconcileInventory(context, passed))),
  };
}

function withConcerns(parts: Draft, { pulls, inventory }: Concerns): Draft {
  return { ...parts, authenticatedOriginPulls: pulls.status, inventory: inventory.status };
}

/** What the status said, while nothing new can be said. */
function keptParts({ status }: ZoneView['zone']): Draft {
  const { conditions: _, observedGeneration: __, ...parts } = status ?? {};
  return parts;
}

function problemsOf({ hold, trust }: ZoneView): readonly Problem[] {
  return [
    ...(hold.invalid === undefined
      ? []
      : [{ reason: 'HoldUntilInvalid', message: hold.invalid, stalled: true }]),
    ...(trust.state === 'usable'
      ? []
      : [{ reason: 'TrustedCAUnusable', message: trust.message, stalled: true }]),
  ];
}

/** Whatever comes first: something to read, a hold that ends, a step that was put off, the token's Secret. */
function nextLookMs(
  context: ControllerContext,
  view: ZoneView,
  actions: readonly SettingAction[],
  concerns: Concerns | undefined,
): number {
  const { now, monotonic } = instantOf(context);
  const { hold } = view;
  const again = actions.flatMap((action) =>
    action.type === 'Hold' && action.againMs !== undefined ? [action.againMs - monotonic] : [],
  );
  const steps = actions.some(({ type }) => type === 'Patch') ? [STEP_MS] : [];
  const held = hold.untilMs === undefined ? [] : [hold.untilMs - now];
  const theirs = [concerns?.pulls.nextMs, concerns?.inventory.nextMs].filter((ms) => ms !== undefined);
  const ours = Math.min(READ_MS, nextReadingMs(view) - monotonic, ...again, ...steps, ...held);
  return Math.max(1, Math.min(Math.max(STEP_MS, ours), ...theirs));
}

/** Somebody else changed or deleted the object first: what is true now decides. */
function isConflict(error: unknown): boolean {
  return error instanceof KubeError && (error.kind === 'Conflict' || error.kind === 'NotFound');
}
