import type { OriginZone } from '../api/v1alpha1.ts';
import type { ListingBoard } from '../cloudflare/listings.ts';
import type { InventoryStatus } from './inventory-classify.ts';

/** Why the last listing brought nothing, while that lasts. The words stay until the kind of trouble changes. */
export interface InventoryTrouble {
  readonly kind: string;
  readonly message: string;
  /** Ms since the epoch. */
  readonly since: number;
  /** In a row. */
  readonly count: number;
  /** Monotonic ms: not before then is it tried again. */
  readonly untilMs: number;
}

/** What this process remembers of the certificates of one zone. */
export class InventoryMemory {
  /** What is being looked at: another object, zone or token is begun with anew. */
  readonly scope: string;
  readonly board: ListingBoard;
  /** Numbers of the last complete listing, that of a former process included. */
  last: InventoryStatus | undefined;
  /** Monotonic ms when that listing was taken; minus infinity: never. */
  takenMs: number;
  /** Certificates in the last listing, revoked and expired ones included: what a listing costs. */
  listed = 0;
  /** Uniform in [0, 1), drawn anew for every listing: by how much the interval is longer or shorter. */
  chance: number;
  trouble: InventoryTrouble | undefined;
  isListing = false;

  constructor(parts: Pick<InventoryMemory, 'scope' | 'board' | 'last' | 'takenMs' | 'chance'>) {
    this.scope = parts.scope;
    this.board = parts.board;
    this.last = parts.last;
    this.takenMs = parts.takenMs;
    this.chance = parts.chance;
  }
}

/** The memories of all OriginZones, by name. */
export class InventoryMemories {
  readonly #all = new Map<string, InventoryMemory>();

  /** The memory for this scope; `make` is called where there is none, or one of another scope. */
  of({ metadata }: OriginZone, scope: string, make: () => InventoryMemory): InventoryMemory {
    const known = this.#all.get(metadata.name);
    if (known?.scope === scope) return known;
    const made = make();
    this.#all.set(metadata.name, made);
    return made;
  }

  /** How many certificates the last listing of the zone had; 0 before the first. */
  listed(name: string): number {
    return this.#all.get(name)?.listed ?? 0;
  }

  forget(name: string): void {
    this.#all.delete(name);
  }
}
