import type { Clock } from '../clock.ts';
import type { CertificateListing, ListOptions } from './client.ts';
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

interface Round {
  /** Monotonic; undefined while it waits for the round before it to end. */
  startedMs: number | undefined;
  /** Monotonic; undefined until it has ended well. */
  finishedMs: number | undefined;
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

  constructor(options: ListingBoardOptions) {
    this.#options = options;
  }

  /**
   * A listing of the zone that began at or after `atMs` of the monotonic clock. Rejects with the listing's
   * CloudflareError: all who waited get it, and the next to ask starts anew. The same holds for an incomplete one.
   */
  since(zoneId: string, atMs: number): Promise<Listing> {
    const rounds = this.#rounds.get(zoneId);
    if (rounds === undefined) return this.#begin(zoneId).result;
    const { latest, next } = rounds;
    if (this.#serves(latest, atMs)) return latest.result;
    if (next !== undefined) return next.result;
    if (latest.finishedMs !== undefined) return this.#begin(zoneId).result;
    rounds.next = this.#follow(zoneId, latest);
    return rounds.next.result;
  }

  #serves({ startedMs, finishedMs }: Round, atMs: number): boolean {
    if (startedMs === undefined || startedMs < atMs) return false;
    return finishedMs === undefined || this.#options.clock.monotonic() - finishedMs < KEEP_MS;
  }

  /** Lists now. */
  #begin(zoneId: string): Round {
    const { client, clock, signal } = this.#options;
    const listing = client.listCertificates(zoneId, { signal, waitForBudget: true });
    const round: Round = {
      startedMs: clock.monotonic(),
      finishedMs: undefined,
      result: listing.then((read) => new Listing(read)),
    };
    this.#rounds.set(zoneId, { latest: round, next: undefined });
    this.#settle(zoneId, round);
    return round;
  }

  /** Lists as soon as the round before has ended, however it ended. */
  #follow(zoneId: string, before: Round): Round {
    const ended = before.result.then(
      () => undefined,
      () => undefined, // Its own waiters are told; this round starts all the same.
    );
    return {
      startedMs: undefined,
      finishedMs: undefined,
      result: ended.then(() => this.#begin(zoneId).result),
    };
  }

  /** Keeps a complete listing for a while; anything else is forgotten at once. */
  #settle(zoneId: string, round: Round): void {
    const { clock, signal } = this.#options;
    const forget = (): void => {
      const rounds = this.#rounds.get(zoneId);
      if (rounds?.latest === round && rounds.next === undefined) this.#rounds.delete(zoneId);
    };
    round.result
      .then(async (listing) => {
        if (!listing.complete) return;
        round.finishedMs = clock.monotonic();
        await clock.after(KEEP_MS, signal);
      })
      .then(forget, forget); // A failure is delivered to those who wait for the result.
  }
}
