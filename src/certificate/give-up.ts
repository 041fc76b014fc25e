import { CloudflareError } from '../cloudflare/errors.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { settleKey } from './attempts.ts';
import { isBeingChecked, issuerKey, nameOf } from './issuer-view.ts';
import type { Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';

/** How long an unwanted issuance is kept for while no token at hand may look for it. */
export const GIVE_UP_MS = 5 * 60_000;
const ASK_AGAIN_MS = 5000;

/** No issuer that could be asked has a token. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  constructor() {
    super('the issuer it was posted to is gone, and no other issuer of the object can be asked');
  }
}

/** Cloudflare will not let this token do it, now or later. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof CloudflareError)) return error instanceof NoTokenError;
  const { kind } = error;
  return kind === 'CredentialsInvalid' || kind === 'PermissionMissing' || kind === 'RequestRejected';
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
  const said = { reason: 'PermissionMissing', message: undecidedMessage(why, pending) } as const;
  if (isUndecided(context, settlement)) return { next: 'wait', ms: ASK_AGAIN_MS, said };
  const leftMs =
    context.memory.attempts.refusedSince(settleKey(key), 'NoToken') + GIVE_UP_MS - context.clock.now();
  if (leftMs > 0) return { next: 'wait', ms: Math.min(leftMs, ASK_AGAIN_MS), said };
  context.count.revocation('abandoned');
  announce.abandoned(context, pending, why);
  return discard(context, settlement, 'abandoned', signal);
}

function undecidedMessage(why: string, { issuer }: Pending): string {
  const whom = issuer ? nameOf(issuer) : 'the issuer';
  return (
    `What an issuance that is not wanted any more left at Cloudflare cannot be looked for: ${why.replace(/\.$/, '')}. ` +
    `Give ${whom} a token with Zone:Read and SSL and Certificates:Edit for the zone; after five minutes it is given up.`
  );
}

/** A token that was not checked yet, as after a start during an outage, has refused nothing. */
function isUndecided(context: CertificateContext, { pending, otherIssuers }: Settlement): boolean {
  const refs = [...(pending.issuer ? [pending.issuer] : []), ...otherIssuers];
  return refs.some((ref) => isBeingChecked(context, issuerKey(pending.namespace, ref)));
}
