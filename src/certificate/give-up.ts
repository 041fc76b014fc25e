import { CloudflareError } from '../cloudflare/errors.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement, troubleKey } from './discard.ts';
import { isBeingChecked, issuerKey } from './issuer-view.ts';
import { failedRequest, type Outcome } from './outcome.ts';

/** How long an unwanted issuance is kept for while no token at hand may look for it. */
const GIVE_UP_MS = 5 * 60_000;
const ASK_AGAIN_MS = 5000;

/** No issuer that could be asked has a token. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  constructor() {
    super('the issuer it was posted to is gone, and no other issuer of the object can be asked');
  }
}

/** Cloudflare will not let this token do it, now or later. */
export function isRefusal({ kind }: CloudflareError): boolean {
  return kind === 'CredentialsInvalid' || kind === 'PermissionMissing' || kind === 'RequestRejected';
}

/** What a failed look or revocation leads to: another try, or giving up when no token may make one. */
export async function refusedOrFailed(
  context: CertificateContext,
  settlement: Settlement,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  if (error instanceof NoTokenError || (error instanceof CloudflareError && isRefusal(error))) {
    return giveUpLater(context, settlement, error.message, signal);
  }
  if (error instanceof CloudflareError) context.count.revocation('failed');
  return failedRequest(error, signal);
}

/**
 * No token may look for or revoke what this issuance may have left. That must not hold the object for ever: after a
 * while the pending Secret goes, and the certificate, if there is one, stays at Cloudflare, which is said aloud.
 */
export async function giveUpLater(
  context: CertificateContext,
  settlement: Settlement,
  why: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending, key } = settlement;
  if (isUndecided(context, settlement)) return { next: 'wait', ms: ASK_AGAIN_MS };
  const leftMs = context.memory.refusedSince(troubleKey(key), 'NoToken') + GIVE_UP_MS - context.clock.now();
  if (leftMs > 0) return { next: 'wait', ms: Math.min(leftMs, ASK_AGAIN_MS) };
  context.count.revocation('abandoned');
  announce.abandoned(context, pending, why);
  return discard(context, settlement, 'abandoned', signal);
}

/** A token that was not checked yet, as after a start during an outage, has refused nothing. */
function isUndecided(context: CertificateContext, { pending, otherIssuers }: Settlement): boolean {
  const refs = [...(pending.issuer ? [pending.issuer] : []), ...otherIssuers];
  return refs.some((ref) => isBeingChecked(context, issuerKey(pending.namespace, ref)));
}
