import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateContext } from './context.ts';
import { type Failure, isFailureReason } from './failure.ts';
import { issuerKey } from './issuer-view.ts';
import type { CertificateMemory } from './memory.ts';
import { type Subject, subjectKey } from './subject.ts';

/**
 * What the outcome of an attempt depends on. When it changes, an earlier failure says nothing about the next
 * attempt, and that is made at once.
 */
export function failureScope(
  context: CertificateContext,
  certificate: OriginCertificate | undefined,
): string {
  if (certificate === undefined) return 'gone';
  const { metadata, spec } = certificate;
  const session = context.sessions.get(issuerKey(metadata.namespace, spec.issuerRef));
  const requests = metadata.annotations?.['originca.dev/renew-requested-at'] ?? '';
  return JSON.stringify([metadata.uid, metadata.generation, requests, session?.uid, session?.tokenDigest]);
}

/**
 * The failure that still holds the next attempt back. After a restart it comes from the status: the one thing that
 * is read back from there, because it can only delay.
 */
export function standingFailure(
  context: CertificateContext,
  subject: Subject,
  certificate: OriginCertificate | undefined,
): Failure | undefined {
  const key = subjectKey(subject);
  const scope = failureScope(context, certificate);
  const shown = certificate?.status?.failure;
  if (shown && certificate.status?.observedGeneration === certificate.metadata.generation) {
    const { count, since, lastTime, nextTime, reason, message, rayId } = shown;
    const isSession =
      context.sessions.get(issuerKey(subject.namespace, certificate.spec.issuerRef)) !== undefined;
    if (isSession && isFailureReason(reason)) {
      const times = {
        since: Date.parse(since),
        lastTime: Date.parse(lastTime),
        nextTime: Date.parse(nextTime),
      };
      context.memory.recall(key, scope, { reason, message: message ?? '', rayId, count, ...times });
    }
  }
  return context.memory.failure(key, scope);
}

/** Times, ms since the epoch, of the certificates issued since a person last asked for one. */
export function issuedAt(memory: CertificateMemory, { metadata, status }: OriginCertificate): number[] {
  const here = memory.issuedHere(metadata.uid);
  const asked = here.findLastIndex((issued) => issued.askedFor);
  if (asked >= 0) return here.slice(asked + 1).map(({ time }) => time);
  const ids = new Set(here.map(({ id }) => id));
  const earlier = (status?.issued ?? []).filter(({ id }) => !ids.has(id)).map(({ time }) => Date.parse(time));
  return [...earlier, ...here.map(({ time }) => time)].filter((time) => !Number.isNaN(time));
}
