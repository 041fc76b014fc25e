import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateContext } from './context.ts';
import { type Failure, isFailureReason } from './failure.ts';
import { isPardoned } from './incidents.ts';
import { issuerKey } from './issuer-view.ts';
import type { CertificateMemory } from './memory.ts';
import type { Pending } from './pending.ts';
import { requestsOf } from './record.ts';
import { type Subject, subjectKey } from './subject.ts';
import { issuersNeededToLeave, sessionsOf } from './token-sessions.ts';

/** An object as far as attempts for it may fail: a living one, or one that is being deleted. */
interface Attempted {
  readonly certificate: OriginCertificate | undefined;
  readonly leaving: OriginCertificate | undefined;
  readonly pending: Pick<Pending, 'issuer'> | undefined;
}

/**
 * What the outcome of an attempt depends on. When it changes, an earlier failure says nothing about the next
 * attempt, and that is made at once.
 */
export function failureScope(
  context: Pick<CertificateContext, 'sessions'>,
  { certificate, leaving, pending }: Attempted,
): string {
  if (leaving !== undefined) return leavingScope(context, leaving, pending);
  if (certificate === undefined) return 'gone';
  const { metadata, spec } = certificate;
  const session = context.sessions.get(issuerKey(metadata.namespace, spec.issuerRef));
  const requests = requestsOf(metadata.annotations);
  return JSON.stringify([metadata.uid, metadata.generation, requests, session?.uid, session?.tokenDigest]);
}

/** What it still wants needs tokens alone, but any of several: a corrected one must not find it waiting to be let go. */
function leavingScope(
  { sessions }: Pick<CertificateContext, 'sessions'>,
  leaving: OriginCertificate,
  pending: Attempted['pending'],
): string {
  const { namespace, uid } = leaving.metadata;
  const known = sessionsOf({ sessions }, namespace, issuersNeededToLeave(leaving, pending));
  return JSON.stringify(['leaving', uid, ...known.map(({ tokenDigest }) => tokenDigest).toSorted()]);
}

/**
 * The failure that still holds the next attempt back. After a restart it comes from the status: the one thing that
 * is read back from there, because it can only delay.
 */
export function standingFailure(
  context: CertificateContext,
  subject: Subject,
  attempted: Attempted,
): Failure | undefined {
  const { certificate } = attempted;
  const key = subjectKey(subject);
  const scope = failureScope(context, attempted);
  // What it depended on includes the token: before that is known, nothing can be said.
  const session =
    certificate && context.sessions.get(issuerKey(subject.namespace, certificate.spec.issuerRef));
  if (session) context.memory.attempts.recall(key, scope, shownFailure(certificate));
  const failure = context.memory.attempts.failure(key, scope);
  if (failure === undefined || !certificate || !isPardoned(context, certificate, failure)) return failure;
  context.memory.attempts.pardon(key);
  return undefined;
}

/** The failure that the status shows for the present spec. */
function shownFailure({ status, metadata }: OriginCertificate): Failure | undefined {
  const shown = status?.failure;
  if (!shown || status.observedGeneration !== metadata.generation || !isFailureReason(shown.reason))
    return undefined;
  const { count, reason, message, rayId } = shown;
  return {
    reason,
    message: message ?? '',
    rayId,
    count,
    since: Date.parse(shown.since),
    lastTime: Date.parse(shown.lastTime),
    nextTime: Date.parse(shown.nextTime),
  };
}

/** When a person last asked for something else; ms since the epoch. */
export function askedAt(memory: CertificateMemory, { metadata, status }: OriginCertificate): number {
  const ask = JSON.stringify([metadata.generation, requestsOf(metadata.annotations)]);
  return memory.askedAt(metadata.uid, ask, status?.observedGeneration !== metadata.generation);
}

/** Times, ms since the epoch, of the certificates issued since a person last asked for something else. */
export function issuedAt(memory: CertificateMemory, certificate: OriginCertificate): number[] {
  const { metadata, status } = certificate;
  const since = askedAt(memory, certificate);
  const here = memory.issuedHere(metadata.uid);
  const ids = new Set(here.map(({ id }) => id));
  const earlier = (status?.issued ?? []).filter(({ id }) => !ids.has(id)).map(({ time }) => Date.parse(time));
  return [...earlier, ...here.map(({ time }) => time)].filter((time) => time >= since);
}
