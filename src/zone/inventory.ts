import { rfc3339 } from '../api/conditions.ts';
import { ListingBoard } from '../cloudflare/listings.ts';
import type { CertificateListing } from '../cloudflare/requests.ts';
import type { ZoneClient } from '../cloudflare/zone-client.ts';
import type { Stores } from '../stores.ts';
import { problemOf } from '../problem.ts';
import type { ConcernReport, ZonePass } from './concern.ts';
import type { ZoneContext } from './context.ts';
import { inventoryOf, type InventoryStatus } from './inventory-classify.ts';
import { knownOf } from '../known-certificates.ts';
import { InventoryMemory } from './inventory-memory.ts';
import { contained, waitMs } from './recurring.ts';
import { jittered } from './schedule.ts';

const MINUTE_MS = 60_000;

/** The parts of the zone's context that an inventory needs. */
export interface InventoryContext extends Pick<
  ZoneContext,
  'clock' | 'random' | 'inventories' | 'examine' | 'log' | 'signal' | 'wake'
> {
  readonly stores: {
    readonly certificates: Pick<Stores['certificates'], 'list'>;
    readonly secrets: Pick<Stores['secrets'], 'list'>;
  };
}

/** The parts of a pass that an inventory needs. */
export interface InventoryPass extends Pick<ZonePass, 'zone' | 'facts' | 'now' | 'monotonic' | 'intervals'> {
  readonly client: Pick<ZoneClient, 'tokenDigest' | 'listCertificates'>;
}

/**
 * The look at all certificates that the Origin CA has issued for the zone: one complete listing per interval, read in
 * the background, page by page as the budget allows. It reports and revokes nothing. What fails or is incomplete
 * leaves the numbers of the last complete listing, and says so.
 */
export function reconcileInventory(
  context: InventoryContext,
  pass: InventoryPass,
): ConcernReport<InventoryStatus> {
  const { zone, facts, client, monotonic, intervals } = pass;
  const scope = `${zone.metadata.uid} ${facts.id} ${client.tokenDigest}`;
  const memory = context.inventories.of(zone, scope, () => begin(context, pass, scope));
  const dueMs = memory.trouble?.untilMs ?? memory.takenMs + jittered(intervals.inventoryMs, memory.chance);
  if (!memory.isListing && dueMs <= monotonic) list(context, pass, memory);
  const nextMs = memory.isListing ? undefined : dueMs - monotonic;
  return { status: statusOf(memory), nextMs, problems: [] };
}

/** A restart is no reason to list again: the numbers in the status stand until they are due. */
function begin(
  { clock, random, signal }: InventoryContext,
  pass: InventoryPass,
  scope: string,
): InventoryMemory {
  const { zone, facts, client, now, monotonic } = pass;
  const { status } = zone;
  const checkedAt = Date.parse(status?.inventory?.checkedAt ?? '');
  const stands = status?.zone?.id === facts.id && checkedAt <= now;
  return new InventoryMemory({
    scope,
    board: new ListingBoard({ client, clock, signal }),
    last: stands ? withoutMessage(status.inventory) : undefined,
    takenMs: stands ? monotonic - (now - checkedAt) : Number.NEGATIVE_INFINITY,
    chance: random(),
  });
}

/** Begins a listing. Whoever waits for it is woken when it has ended. */
function list(context: InventoryContext, pass: InventoryPass, memory: InventoryMemory): void {
  const { name } = pass.zone.metadata;
  memory.isListing = true;
  take(context, pass, memory)
    .finally(() => {
      memory.isListing = false;
    })
    .then(
      () => context.wake(name),
      (error: unknown) => {
        if (context.signal.aborted) return;
        const problem = problemOf(error);
        context.log.warn({ zone: name, problem }, 'the certificates of a zone could not be listed');
      },
    );
}

async function take(
  context: InventoryContext,
  { facts, intervals }: InventoryPass,
  memory: InventoryMemory,
): Promise<void> {
  const { clock, random, stores } = context;
  const since = clock.monotonic();
  const beganAt = clock.now();
  try {
    const listing = await memory.board.since(facts.id, since);
    memory.listed = listing.certificates.length;
    const useless = uselessness(context, facts.id, listing, beganAt);
    if (useless !== undefined) {
      // It costs as much as one of use, and what was wrong with it today may be so tomorrow.
      const afterMs = Math.min(intervals.inventoryMs, MINUTE_MS * 2 ** (memory.trouble?.count ?? 0));
      return note(context, memory, { ...useless, afterMs });
    }
    memory.last = inventoryOf(
      listing.certificates,
      knownOf(stores.certificates.list(), stores.secrets.list()),
      clock.now(),
    );
    memory.takenMs = clock.monotonic();
    memory.chance = random();
    memory.trouble = undefined;
  } catch (error) {
    const failed = contained(error);
    const afterMs = waitMs(failed, (memory.trouble?.count ?? 0) + 1, random());
    note(context, memory, { kind: failed.kind, message: failed.message, afterMs });
  }
}

const INCOMPLETE =
  'The list of certificates was not complete: it changed while it was read, or Cloudflare did not say how long it is. ' +
  'Nothing needs to be done; it is read again.';

/** Why nothing can be counted by the listing; undefined when it is all there and believed. */
function uselessness(
  { examine }: InventoryContext,
  zoneId: string,
  listing: CertificateListing,
  beganAt: number,
): { readonly kind: string; readonly message: string } | undefined {
  if (!listing.complete) return { kind: 'Incomplete', message: INCOMPLETE };
  const message = examine(zoneId, listing, beganAt);
  return message === undefined ? undefined : { kind: 'Distrusted', message };
}

/** The same trouble again is no news: its first words stay, so that the status is not written for every try. */
function note(
  { clock }: InventoryContext,
  memory: InventoryMemory,
  { kind, message, afterMs }: { readonly kind: string; readonly message: string; readonly afterMs: number },
): void {
  const before = memory.trouble;
  memory.trouble = {
    kind,
    message: before?.kind === kind ? before.message : message,
    since: before?.since ?? clock.now(),
    count: (before?.count ?? 0) + 1,
    untilMs: clock.monotonic() + afterMs,
  };
}

/** Undefined before the first listing has ended. */
function statusOf({ last, trouble }: InventoryMemory): InventoryStatus | undefined {
  if (trouble === undefined) return last;
  const since = `Since ${rfc3339(trouble.since)}: ${trouble.message}`;
  const numbers = last?.checkedAt === undefined ? '' : ` The numbers are those of ${last.checkedAt}.`;
  return { ...last, message: `${since}${numbers}` };
}

function withoutMessage(status: InventoryStatus | undefined): InventoryStatus | undefined {
  if (status === undefined) return undefined;
  const { message: _, ...numbers } = status;
  return numbers;
}
