import type { Clock } from '../clock.ts';
import type { CertificateListing, ListOptions } from './requests.ts';
import type { ListedCertificate } from './results.ts';

/** One reading of a zone's certificates, with an index by public key. */
export class Listing implements CertificateListing {
  readonly complete: boolean;
  readonly certificates: readonly ListedCertificate[];
  readonly #byPublicKey = new Map<string, ListedCertificate[]>();

  constructor({ complete, certificates }: CertificateListing) {
    this.complete = complete;
    this.certificates = certificates;
    for (const certificate of certificates) {
      const digest = certificate.publicKeyDigest;
      if (digest === undefined) continue;
      const same = this.#byPublicKey.get(digest);
      if (same === undefined) this.#byPublicKey.set(digest, [certificate]);
      else same.push(certificate);
    }
  }

  /** Certificates that bear the key with this digest (see pki's publicKeyDigest), revoked ones included. */
  byPublicKey(digest: string): readonly ListedCertificate[] {
    return this.#byPublicKey.get(digest) ?? [];
  }
}

export interface ListingBoardOptions {
  readonly client: { listCertificates(zoneId: string, options: ListOptions): Promise<CertificateListing> };
  readonly clock: Clock;
  /** Ends every listing and forgets all of them. */
  readonly signal: AbortSignal;
}

/** A finished listing serves those who come within this time; after it, it only costs memory. */
const KEEP_MS = 60_000;
/** After a listing that was incomplete the zone is left alone, twice as long each time: the next may be no better. */
const REST_MS = { first: 15_000, longest: 600_000 } as const;

/** A zone whose last listing was incomplete. */
interface Rest {
  readonly untilMs: number;
  readonly lastMs: number;
  readonly listing: Listing;
}

interface Round {
  /** Monotonic; undefined while it waits for the round before it to end. */
  readonly startedMs: number | undefined;
  /** `over`: it failed, was incomplete or is too old, and serves nobody any more. */
  state: 'running' | 'kept' | 'over';
  readonly result: Promise<Listing>;
}

/**
 * Shares listings, because one costs many requests and answers for every pending Secret of its zone: whoever asks
 * gets a listing that began at or after the moment named, never an older one. Per zone at most one runs, and at
 * most one more is agreed on for all who came too late for it. One board per client.
 */
export class ListingBoard {
  readonly #options: ListingBoardOptions;
  readonly #rounds = new Map<string, { latest: Round; next: Round | undefined }>();
  readonly #rests = new Map<string, Rest>();

  constructor(options: ListingBoardOptions) {
    this.#options = options;
  }

  /**
   * A listing of the zone that began at or after `atMs` of the monotonic clock. Rejects with the listing's
   * CloudflareError: all who waited get it, and the next to ask starts anew. Who comes soon after an
   * incomplete one gets that one.
   *
   * @param asker for whom: the failures of one alone say nothing of others.
   */
  since(zoneId: string, atMs: number, asker?: string): Promise<Listing> {
    const rounds = this.#rounds.get(zoneId);
    const rest = this.#rests.get(zoneId);
    if (rounds === undefined && rest !== undefined && this.#options.clock.monotonic() < rest.untilMs)
      return Promise.resolve(rest.listing);
    if (rounds === undefined) return this.#begin(zoneId, asker).result;
    const { latest, next } = rounds;
    const serves = latest.state !== 'over' && latest.startedMs !== undefined && latest.startedMs >= atMs;
    if (serves) return latest.result;
    if (next !== undefined) return next.result;
    if (latest.state !== 'running') return this.#begin(zoneId, asker).result;
    rounds.next = this.#follow(zoneId, latest, asker);
    return rounds.next.result;
  }

  /** Lists now. */
  #begin(zoneId: string, asker: string | undefined): Round {
    const { client, clock, signal } = this.#options;
    const listing = client.listCertificates(zoneId, { signal, waitForBudget: true, asker });
    const round: Round = {
      startedMs: clock.monotonic(),
      state: 'running',
      // The state changes before anybody sees the result: who asks again after a failure gets a new listing.
      result: listing.then(
        (read) => {
          const ended = new Listing(read);
          if (read.complete) this.#keep(zoneId, round);
          else this.#rest(zoneId, round, ended);
          return ended;
        },
        (error: unknown) => {
          this.#drop(zoneId, round);
          throw error;
        },
      ),
    };
    this.#rounds.set(zoneId, { latest: round, next: undefined });
    return round;
  }

  /** Lists as soon as the round before has ended, however it ended. */
  #follow(zoneId: string, before: Round, asker: string | undefined): Round {
    const ended = before.result.then(
      () => undefined,
      () => undefined, // Its own waiters are told; this round starts all the same.
    );
    return {
      startedMs: undefined,
      state: 'running',
      result: ended.then(() => this.#begin(zoneId, asker).result),
    };
  }

  #keep(zoneId: string, round: Round): void {
    const { clock, signal } = this.#options;
    const drop = (): void => {
      this.#drop(zoneId, round);
    };
    round.state = 'kept';
    this.#rests.delete(zoneId);
    clock.after(KEEP_MS, signal).then(drop, drop); // At shutdown it is dropped as well.
  }

  #rest(zoneId: string, round: Round, { complete }: Listing): void {
    this.#drop(zoneId, round);
    const beforeMs = this.#rests.get(zoneId)?.lastMs;
    const lastMs = Math.min(REST_MS.longest, beforeMs === undefined ? REST_MS.first : 2 * beforeMs);
    // What it held is of no use to anybody, and may be much.
    const listing = new Listing({ complete, certificates: [] });
    this.#rests.set(zoneId, { untilMs: this.#options.clock.monotonic() + lastMs, lastMs, listing });
  }

  #drop(zoneId: string, round: Round): void {
    round.state = 'over';
    const rounds = this.#rounds.get(zoneId);
    if (rounds?.latest === round && rounds.next === undefined) this.#rounds.delete(zoneId);
  }
}
