import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateContext } from './context.ts';
import { isBeingChecked, issuerKey } from './issuer-view.ts';
import { leavingKey } from './attempts.ts';
import { issuersNeededToLeave, sessionsOf } from './token-sessions.ts';
import type { Leaving, World } from './world.ts';

/** How long a deletion waits for us at most, what it stands in our own line for others not counted. */
const LONGEST_MS = 5 * 60_000;
/** Also when thousands go at once: nobody is to find a namespace that never ends. */
const LONGEST_IN_LINE_MS = 60 * 60_000;

/** An object that is being deleted, as far as it depends on time and tokens. */
export function leavingOf(
  context: CertificateContext,
  { now, pending, failure, revokeFailure }: World,
  certificate: OriginCertificate,
  key: string,
): Leaving {
  const { metadata } = certificate;
  const issuers = issuersNeededToLeave(certificate, pending);
  const isAwaited = issuers.some((ref) => isBeingChecked(context, issuerKey(metadata.namespace, ref)));
  const isKnown = sessionsOf(context, metadata.namespace, issuers).length > 0;
  const token = isKnown ? 'known' : isAwaited ? 'awaited' : 'gone';
  const seenMs = now - context.memory.attempts.refusedSince(leavingKey(key), 'Deleting');
  // A process that starts anew and fails once more has no five minutes of its own.
  const hasFailed = failure !== undefined || revokeFailure !== undefined;
  const deletedMs = hasFailed ? now - Date.parse(metadata.deletionTimestamp ?? '') : 0;
  const longestMs = Math.min(LONGEST_MS + context.memory.lineWaits.totalMs(key), LONGEST_IN_LINE_MS);
  return { certificate, token, leftMs: Math.max(0, longestMs - Math.max(seenMs, deletedMs)) };
}
