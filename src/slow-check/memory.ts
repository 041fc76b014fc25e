import type { Twin } from '../known-certificates.ts';
import type { ZoneInUse } from './in-use.ts';
import { type Answer, type Fate, fateOf } from './judge.ts';
import type { FoundTwin } from './twins.ts';

interface Moment {
  /** Monotonic ms. */
  readonly nowMs: number;
  readonly intervalMs: number;
}

/** What this process knows of the certificates in use that are, or may be, revoked. Lost by a restart, and found anew. */
export class Revocations {
  readonly #revoked = new Set<string>();
  /** Not found: since when, monotonic ms. */
  readonly #missedMs = new Map<string, number>();

  has(id: string): boolean {
    return this.#revoked.has(id);
  }

  /** What becomes of a suspect with this answer; `isNews` when it turned out to be revoked just now. */
  answered(
    id: string,
    answer: Answer,
    { nowMs, intervalMs }: Moment,
  ): { readonly fate: Fate; readonly isNews: boolean } {
    const missedMs = this.#missedMs.get(id);
    const fate = fateOf(answer, { missedMs, nowMs, intervalMs });
    const isNews = fate === 'revoked' && !this.#revoked.has(id);
    if (fate === 'in-force') this.inForce(id);
    if (fate === 'suspected') this.#missedMs.set(id, missedMs ?? nowMs);
    if (fate === 'revoked') this.#revoked.add(id);
    return { fate, isNews };
  }

  /** Cloudflare shows it in force. */
  inForce(id: string): void {
    this.#revoked.delete(id);
    this.#missedMs.delete(id);
  }

  /** Forgets all that is not in use any more. */
  keep(ids: ReadonlySet<string>): void {
    for (const known of [this.#revoked, this.#missedMs])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  }
}

/** Certificates that were issued twice, as the last listing of each zone showed them. */
export class Twins {
  readonly #byZone = new Map<string, readonly FoundTwin[]>();

  set(zoneId: string, twins: readonly FoundTwin[]): void {
    if (twins.length === 0) this.#byZone.delete(zoneId);
    else this.#byZone.set(zoneId, twins);
  }

  /** Those of the OriginCertificate with this queue key. */
  of(key: string): readonly Twin[] {
    return [...this.#byZone.values()].flat().filter((twin) => twin.key === key);
  }

  forget(id: string): void {
    for (const [zoneId, twins] of this.#byZone)
      this.set(
        zoneId,
        twins.filter((twin) => twin.id !== id),
      );
  }
}

/** What this process remembers of the slow check of one zone. Times in monotonic ms unless said otherwise. */
export class ZoneRecord {
  readonly name: string;
  /** Ms since the epoch when it was first seen in use. */
  readonly usedSince: number;
  /** Ids in use there, also those that were when their issuer's token was last known to work. */
  #ids: ReadonlySet<string>;
  /** When it is to be listed. */
  dueMs: number;
  /** Absent from the last listing, and not asked for since. */
  toAsk: readonly string[] = [];
  /** Not before then are they asked for. */
  askMs = Number.NEGATIVE_INFINITY;
  /** Tries in a row that brought nothing: listings that failed or were not believed, and suspects not asked for. */
  failures = 0;
  /** Why; the words stay while the kind of trouble does. */
  trouble: { readonly kind: string; readonly message: string } | undefined;
  /** Whether the last complete listing was not believed. */
  isDistrusted = false;
  /** Ms since the epoch of the last listing that was believed. */
  checkedAt: number | undefined;
  /** In use, by that listing. */
  checked = 0;
  /** Of these: absent, and not known to be in force or revoked. */
  suspected: ReadonlySet<string> = new Set();

  constructor(zone: ZoneInUse, { usedSince, dueMs }: Pick<ZoneRecord, 'usedSince' | 'dueMs'>) {
    this.name = zone.name;
    this.#ids = new Set(zone.certificates.map(({ id }) => id));
    this.usedSince = usedSince;
    this.dueMs = dueMs;
  }

  /**
   * Whether the zone is in use still.
   *
   * @param zone what is known to be in use there now.
   * @param unplaced ids in use that may be in any zone: they stay where they were.
   */
  isInUse(zone: ZoneInUse | undefined, unplaced: ReadonlySet<string>): boolean {
    const placed = zone?.certificates.map(({ id }) => id) ?? [];
    this.#ids = new Set([...placed, ...[...this.#ids].filter((id) => unplaced.has(id))]);
    return this.#ids.size > 0;
  }
}
