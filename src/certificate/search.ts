import { zonesOf } from '../api/hostname.ts';
import type { Listing } from '../cloudflare/listings.ts';
import type { ListedCertificate, Zone } from '../cloudflare/results.ts';
import type { IssuerSession } from '../sessions.ts';
import type { CertificateContext } from './context.ts';
import { isRefusal } from './give-up.ts';
import { nameOf } from './issuer-view.ts';
import { OBSERVE, type Outcome, failedRequest } from './outcome.ts';
import type { Pending } from './pending.ts';
import { accept } from './issue.ts';
import { sessionsFor } from './token-sessions.ts';
import { type Issuance, patchPending } from './pending-io.ts';

/** What Cloudflare has for the pending key. */
export type Found =
  | { readonly kind: 'matches'; readonly certificates: readonly ListedCertificate[] }
  /** Nothing in any of the zones, by complete listings that began when the POST could no longer be under way. */
  | { readonly kind: 'nothing' }
  /** A listing is still being read; it wakes us when it ends. */
  | { readonly kind: 'reading' }
  /** No session at hand sees the zone of this hostname. */
  | { readonly kind: 'unseen'; readonly hostname: string };

/** How long a worker stays with a listing; a longer one is read in the background and wakes the object. */
const STAY_MS = 2000;
const LOOK_AGAIN_MS = 15_000;

/** Looks for the certificate of a POST whose outcome is unknown: goes on with it, or notes that there is none. */
export async function search(
  context: CertificateContext,
  issuance: Issuance,
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending } = issuance;
  try {
    const found = await find(context, pending, sessionsFor(context, pending, []), key, signal);
    switch (found.kind) {
      case 'reading':
        return { next: 'wait', ms: LOOK_AGAIN_MS };
      case 'unseen':
        return unseen(found.hostname, pending);
      case 'nothing':
        return await nothingStored(context, pending, signal);
      case 'matches': {
        const [newest, ...twins] = newestFirst(found.certificates);
        if (newest === undefined) return OBSERVE;
        const ids = twins.map(({ id }) => id);
        return await accept(context, issuance, newest.certificate, 'recovered', signal, { twins: ids });
      }
    }
  } catch (error) {
    return failedRequest(error, signal);
  }
}

/** Nothing was stored and nothing can be any more: whether it is posted again is decided as for a first time. */
async function nothingStored(
  context: CertificateContext,
  pending: Pending,
  signal: AbortSignal,
): Promise<Outcome> {
  await patchPending(context, pending, { postedAt: '' }, signal);
  return OBSERVE;
}

/**
 * Lists the zones of the pending hostnames until a certificate with the pending key turns up that is neither revoked
 * nor noted for revocation. The key is that of the private key: a request or an annotation could be planted.
 */
export async function find(
  context: CertificateContext,
  pending: Pending,
  sessions: readonly IssuerSession[],
  key: string,
  signal: AbortSignal,
): Promise<Found> {
  const since = context.memory.pendings.postOverAt(pending);
  const places = new Map<string, Place>();
  for (const hostname of pending.need?.hostnames ?? []) {
    const found = placesOf(hostname, sessions);
    if (found.length === 0) return { kind: 'unseen', hostname };
    for (const place of found) places.set(place.zone.id, place);
  }
  for (const { session, zone } of places.values()) {
    let listing: Listing | undefined;
    try {
      listing = await read(context, session, zone, since, key, signal);
    } catch (error) {
      // Another issuer's token may see what this one is not let see any more.
      const others = sessions.filter((other) => other !== session);
      const found = isRefusal(error) ? await find(context, pending, others, key, signal) : undefined;
      if (found === undefined || found.kind === 'unseen') throw error;
      return found;
    }
    if (listing === undefined || !listing.complete) return { kind: 'reading' };
    const certificates = listing
      .byPublicKey(pending.keyDigest ?? '')
      .filter(({ id, revokedAt }) => revokedAt === undefined && !pending.revoke.includes(id));
    if (certificates.length > 0) return { kind: 'matches', certificates };
  }
  return { kind: 'nothing' };
}

function unseen(hostname: string, { need }: Pending): Outcome {
  const issuer = need?.issuer ? nameOf(need.issuer) : 'the issuer';
  const message =
    `What became of an earlier request cannot be looked up: no zone that the token of ${issuer} sees holds ${hostname}. ` +
    'Give the token Zone:Read and SSL and Certificates:Edit for that zone.';
  return { next: 'failed', attempt: { reason: 'PermissionMissing', message } };
}

interface Place {
  readonly session: IssuerSession;
  readonly zone: Zone;
}

/** The zone of a hostname; more than one where several accounts hold a zone of that name. */
function placesOf(hostname: string, sessions: readonly IssuerSession[]): Place[] {
  for (const session of sessions) {
    const zones = zonesOf(hostname, session.zones);
    if (zones.length > 0) return zones.map((zone) => ({ session, zone }));
  }
  return [];
}

async function read(
  context: CertificateContext,
  session: IssuerSession,
  zone: Zone,
  sinceMs: number,
  key: string,
  signal: AbortSignal,
): Promise<Listing | undefined> {
  const broken = context.memory.brokenListings.take(key, zone.id);
  if (broken !== undefined) throw broken;
  const listing = session.listings?.since(zone.id, sinceMs, key);
  if (listing === undefined) return undefined;
  const stay = new AbortController();
  const stayed = context.clock.after(STAY_MS, AbortSignal.any([signal, stay.signal])).then(
    () => undefined,
    () => undefined, // Cut short: the listing came first, or the pass is over.
  );
  try {
    const first = await Promise.race([listing, stayed]);
    if (first === undefined) {
      const wake = (): void => context.wake(key);
      const wakeFor = ({ complete }: Listing): void => {
        if (complete) wake(); // Another one waits for its time.
      };
      listing.then(wakeFor, (error: unknown) => {
        context.memory.brokenListings.note(key, zone.id, error);
        wake();
      });
    }
    return first;
  } finally {
    stay.abort();
  }
}

/** The certificate that was issued last comes first: ids are random, so by dates. */
function newestFirst(certificates: readonly ListedCertificate[]): ListedCertificate[] {
  return certificates.toSorted((a, b) => (b.expiresOn ?? 0) - (a.expiresOn ?? 0));
}
