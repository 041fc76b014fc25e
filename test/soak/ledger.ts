import type { CertificateView } from '../simulator/protocol.ts';

/** Why nobody but Cloudflare knows of a certificate any more: people's doing, and the design's stated limits. */
export const CAUSES = [
  'people deleted, overwrote or stripped its Secret',
  'people had it made by hand, and it was replaced',
  'people deleted its object',
  'people deleted its object, which was let go before it was revoked',
  'people stripped the status that named it',
  'five newer ones pushed it out of status.superseded',
  'people deleted the pending Secret with its key',
  'Cloudflare signed another key than was asked for',
] as const;
export type Cause = (typeof CAUSES)[number];

/** What became of every certificate, as far as it was seen. */
export class Ledger {
  /** Ids that were in a Secret, with the uids of the objects they were issued for. */
  readonly #served = new Map<string, Set<string>>();
  readonly #dropped = new Set<string>();
  readonly #stripped = new Set<string>();
  readonly #pushedOut = new Set<string>();
  /** Digests of keys that were in a pending Secret. */
  readonly #pendingKeys = new Set<string>();
  readonly #deletedKeys = new Set<string>();

  served(id: string, issuedFor: string): void {
    const uids = this.#served.get(id) ?? new Set();
    if (issuedFor !== '') uids.add(issuedFor);
    this.#served.set(id, uids);
  }

  wasServed(id: string): boolean {
    return this.#served.has(id);
  }

  dropped(id: string): void {
    if (id !== '') this.#dropped.add(id);
  }

  /** Whether people took it out of a Secret. */
  wasDropped(id: string): boolean {
    return this.#dropped.has(id);
  }

  stripped(id: string): void {
    this.#stripped.add(id);
  }

  pushedOut(id: string): void {
    this.#pushedOut.add(id);
  }

  pendingKey(digest: string): void {
    this.#pendingKeys.add(digest);
  }

  pendingDeleted(digest: string): void {
    this.#deletedKeys.add(digest);
  }

  /** Why this certificate may be valid although no Secret and no status knows it; undefined when it may not. */
  causeOf(
    { id, publicKeySha256 }: CertificateView,
    livingUids: ReadonlySet<string>,
    {
      leftToRevoke,
      byHand,
    }: { readonly leftToRevoke: ReadonlySet<string>; readonly byHand: ReadonlySet<string> },
  ): Cause | undefined {
    const [dropped, replaced, objectGone, letGo, stripped, pushedOut, pendingGone, otherKey] = CAUSES;
    if (this.#dropped.has(id)) return dropped;
    if (byHand.has(id)) return replaced;
    const uids = this.#served.get(id);
    if (uids && [...uids].some((uid) => !livingUids.has(uid)))
      return leftToRevoke.has(id) ? letGo : objectGone;
    if (this.#stripped.has(id)) return stripped;
    if (this.#pushedOut.has(id)) return pushedOut;
    if (this.#deletedKeys.has(publicKeySha256)) return pendingGone;
    if (!this.#pendingKeys.has(publicKeySha256)) return otherKey;
    return undefined;
  }
}
