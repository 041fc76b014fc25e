import { CloudflareError } from '../cloudflare/errors.ts';
import type { CertificateListing } from '../cloudflare/requests.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import type { Twin } from '../known-certificates.ts';
import { problemOf } from '../problem.ts';
import type { SlowCheckSeries } from '../telemetry/slow-check-series.ts';
import { askForSuspects } from './ask.ts';
import type { SlowCheckContext } from './context.ts';
import { type IdsInUse, idsInUse, isYoung, type ZoneInUse, zonesInUse } from './in-use.ts';
import { judgeListing } from './judge.ts';
import { Revocations, Twins, ZoneRecord } from './memory.ts';
import { distrust, INCOMPLETE, type Trouble } from './trouble.ts';
import { findTwins } from './twins.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How often it is looked whether something is due, at most: among ten thousand certificates a look takes its time. */
const LOOK_MS = MINUTE_MS;
/** How long it may go without a look: a zone that is new is noticed so much later. */
const LONGEST_MS = 5 * MINUTE_MS;
const INTERVAL_MS = 6 * HOUR_MS;
/**
 * A process that is started again and again lists nothing; one that stays has looked at all zones that it knew at its
 * start within a quarter of an hour.
 */
const FIRST_MS = { least: 5 * MINUTE_MS, spread: 10 * MINUTE_MS } as const;
/** An OriginZone's listings serve; where they fail to come, it is listed with the issuer's token. */
const OVERDUE = 1.25;
/** Intervals vary by a tenth. What is asked for an interval apart is asked for in two listings. */
const APART = 0.75;

/**
 * Looks every few hours whether what is in use is still in force at Cloudflare: by a complete listing of every zone,
 * and by asking for what that lacks. It changes nothing itself; what it finds it tells the certificate controller.
 * One zone at a time, in the background and from the zones' share of the budget.
 */
export class SlowCheck {
  readonly #context: SlowCheckContext;
  readonly #records = new Map<string, ZoneRecord>();
  readonly #revocations = new Revocations();
  readonly #twins = new Twins();
  #isBusy = false;

  constructor(context: SlowCheckContext) {
    this.#context = context;
  }

  /** Whether the certificate of this id, in use here, is known to be revoked. */
  isRevoked(id: string): boolean {
    return this.#revocations.has(id);
  }

  /** Certificates that were issued twice for the OriginCertificate with this queue key, by the last listings. */
  twinsOf(key: string): readonly Twin[] {
    return this.#twins.of(key);
  }

  /** Nothing is left to do about it, until the next listing shows it again. */
  forgetTwin(id: string): void {
    this.#twins.forget(id);
  }

  /** Begins what is due, if anything is; never waits for it. */
  look(): { readonly requeueAfterMs: number } {
    const { clock, clockSkew } = this.#context;
    const zones = zonesInUse(this.#context, clock.now());
    const ids = idsInUse(this.#context, clock.now());
    for (const zone of zones.values()) this.#record(zone);
    this.#forget(zones, ids);
    const next = this.#isBusy || clockSkew() !== undefined ? undefined : this.#next(zones);
    if (next !== undefined) this.#begin(next);
    // An issuer that is not ready yet, as at the start, may be soon.
    return { requeueAfterMs: ids.unplaced.size > 0 ? LOOK_MS : this.#nextLookMs(zones) };
  }

  /**
   * Takes a complete listing that somebody else has read: the zone needs none of its own then.
   *
   * @param beganAt ms since the epoch when the listing began.
   * @returns why it is not believed, as a sentence; undefined when it is.
   */
  share(zoneId: string, listing: CertificateListing, beganAt: number): string | undefined {
    const { clock, wake } = this.#context;
    const zone = zonesInUse(this.#context, clock.now()).get(zoneId);
    if (zone === undefined) return undefined;
    const sentence = this.#judge(zone, listing, beganAt);
    wake();
    return sentence;
  }

  /** The zones as metrics show them. */
  list(): SlowCheckSeries[] {
    return [...this.#records].map(([zoneId, record]) => ({
      zone: record.name,
      zoneId,
      checked: record.checked,
      suspected: record.suspected.size,
      isDistrusted: record.isDistrusted,
      usedSince: record.usedSince,
      checkedAt: record.checkedAt,
    }));
  }

  #record(zone: ZoneInUse): ZoneRecord {
    const known = this.#records.get(zone.id);
    if (known !== undefined) return known;
    const { clock, random } = this.#context;
    const dueMs = clock.monotonic() + FIRST_MS.least + FIRST_MS.spread * random();
    const record = new ZoneRecord(zone, { usedSince: clock.now(), dueMs });
    this.#records.set(zone.id, record);
    return record;
  }

  /** What is in use is remembered while its issuer's token fails: nobody could find it anew. */
  #forget(zones: ReadonlyMap<string, ZoneInUse>, { all, unplaced }: IdsInUse): void {
    for (const [id, record] of this.#records) {
      if (record.isInUse(zones.get(id), unplaced)) continue;
      this.#records.delete(id);
      this.#twins.set(id, []);
    }
    this.#revocations.keep(all);
  }

  /** Suspects first, then the zone that is due for the longest time. */
  #next(zones: ReadonlyMap<string, ZoneInUse>): ZoneInUse | undefined {
    const nowMs = this.#context.clock.monotonic();
    const due = [...zones.values()]
      .map((zone) => ({ zone, atMs: workMs(this.#record(zone)) }))
      .filter(({ atMs }) => atMs <= nowMs)
      .toSorted((a, b) => a.atMs - b.atMs);
    return due[0]?.zone;
  }

  /** Until the first zone is due. What ends in the background wakes, unless it broke off: then the zone is still due. */
  #nextLookMs(zones: ReadonlyMap<string, ZoneInUse>): number {
    const dueMs = Math.min(...[...zones.values()].map((zone) => workMs(this.#record(zone))));
    return Math.min(LONGEST_MS, Math.max(LOOK_MS, dueMs - this.#context.clock.monotonic()));
  }

  #begin(zone: ZoneInUse): void {
    const { log, signal, wake } = this.#context;
    this.#isBusy = true;
    this.#check(zone)
      .finally(() => {
        this.#isBusy = false;
      })
      .then(wake, (error: unknown) => {
        if (signal.aborted) return;
        log.warn({ zone: zone.name, problem: problemOf(error) }, 'the slow check of a zone broke off');
      });
  }

  async #check(zone: ZoneInUse): Promise<void> {
    const record = this.#record(zone);
    try {
      if (record.toAsk.length === 0) await this.#list(zone, record);
      const intervalMs = this.#intervalMs(zone.name) * APART;
      if (record.toAsk.length === 0) return;
      await askForSuspects(this.#context, zone, { record, revocations: this.#revocations, intervalMs });
      record.failures = 0;
      record.trouble = undefined;
    } catch (error) {
      if (!(error instanceof CloudflareError) || error.kind === 'Fenced' || error.kind === 'Aborted')
        throw error;
      this.#failed(zone, error);
    }
  }

  async #list(zone: ZoneInUse, record: ZoneRecord): Promise<void> {
    const { clock, signal } = this.#context;
    const session = zone.sessions[record.failures % zone.sessions.length];
    const beganAt = clock.now();
    const listing = await session?.client?.inventory.listCertificates(zone.id, { signal });
    if (listing?.complete !== true) return this.#failed(zone, { kind: 'Incomplete', message: INCOMPLETE });
    this.#judge(zone, listing, beganAt);
  }

  #judge(zone: ZoneInUse, { certificates }: CertificateListing, beganAt: number): string | undefined {
    const { clock, random } = this.#context;
    const record = this.#record(zone);
    const expected = zone.certificates.map((each) => ({ ...each, isYoung: isYoung(each, beganAt) }));
    const judgement = judgeListing(certificates, expected);
    record.isDistrusted = judgement.verdict === 'distrusted';
    if (judgement.verdict === 'distrusted') {
      const trouble = distrust(judgement);
      this.#failed(zone, trouble);
      return trouble.message;
    }
    const { suspects, inForce } = judgement;
    for (const id of inForce) this.#revocations.inForce(id);
    const unknown = suspects.filter((id) => !this.#revocations.has(id));
    this.#noteTwins(zone, certificates);
    record.toAsk = unknown;
    record.suspected = new Set(unknown);
    record.checked = suspects.length + inForce.length;
    record.checkedAt = clock.now();
    record.failures = 0;
    record.trouble = undefined;
    record.askMs = Number.NEGATIVE_INFINITY;
    record.dueMs = clock.monotonic() + this.#intervalMs(zone.name) * (0.9 + 0.2 * random());
    return undefined;
  }

  #noteTwins({ id }: ZoneInUse, listed: readonly ListedCertificate[]): void {
    const { stores, clock, wakeCertificate } = this.#context;
    const twins = findTwins(listed, stores.certificates.list(), stores.secrets.list(), clock.now());
    this.#twins.set(id, twins);
    for (const { key } of twins) wakeCertificate(key);
  }

  #intervalMs(zoneName: string): number {
    const shared = this.#context.zoneIntervalMs(zoneName);
    return shared === undefined ? INTERVAL_MS : shared * OVERDUE;
  }

  #failed(zone: ZoneInUse, { kind, message, retryAfterMs = 0 }: Trouble): void {
    const { clock, log } = this.#context;
    const record = this.#record(zone);
    const waitMs = Math.min(this.#intervalMs(zone.name), MINUTE_MS * 2 ** Math.min(record.failures, 10));
    const againMs = clock.monotonic() + Math.max(waitMs, retryAfterMs);
    if (record.toAsk.length === 0) record.dueMs = againMs;
    record.askMs = againMs;
    record.failures += 1;
    if (record.trouble?.kind === kind) return;
    record.trouble = { kind, message };
    log.warn({ zone: zone.name, problem: message }, 'the slow check of a zone found nothing out');
  }
}

/** When the zone has work to do next. */
function workMs({ toAsk, askMs, dueMs }: ZoneRecord): number {
  return toAsk.length > 0 ? askMs : dueMs;
}
