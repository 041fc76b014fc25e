import { ANNOTATION } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Twin } from '../known-certificates.ts';
import { keeperOf, type SecretFacts } from '../secret-facts.ts';
import { graceOf } from './revoke-time.ts';
import type { Living } from './world.ts';

/** Those that are old enough to be revoked. One whose key is not settled yet may still be put to use. */
export function dueTwins({ certificate, twins, pending, now }: Living): readonly Twin[] {
  return twins.filter(
    ({ notBefore, keyDigest }) => notBefore + graceOf(certificate) <= now && keyDigest !== pending?.keyDigest,
  );
}

/** When the next one is old enough, ms since the epoch; Infinity: never. */
export function nextTwinAt({ certificate, twins, now }: Living): number {
  const times = twins.map(({ notBefore }) => notBefore + graceOf(certificate)).filter((time) => time > now);
  return Math.min(Infinity, ...times);
}

/**
 * Whether the key is this very object's, by what was read just now: a Secret of its own holds it with the certificate
 * that was issued for this object, or did, which the status says. In another cluster, or in a namespace that was made
 * anew, the same Secret says that it was issued for somebody else.
 */
export function isOurKey(
  { metadata, status }: OriginCertificate,
  { of, keyDigest }: Pick<Twin, 'of' | 'keyDigest'>,
  secrets: readonly SecretFacts[],
): boolean {
  const isHeld = secrets.some(
    (secret) =>
      keeperOf(secret) === metadata.name &&
      secret.annotations[ANNOTATION.issuedFor] === metadata.uid &&
      secret.pair.state === 'Matching' &&
      secret.pair.certificate.id === of &&
      secret.pair.certificate.publicKeyDigest === keyDigest,
  );
  return isHeld || wasOurs(metadata.uid, status, of);
}

/** Whether the status lists the certificate as replaced, and as issued for this very object. */
function wasOurs(uid: string, status: OriginCertificate['status'], id: string): boolean {
  const entry = status?.superseded?.find((each) => each.id === id);
  if (entry === undefined) return false;
  return entry.issuedFor === uid || (status?.issued?.some((issued) => issued.id === id) ?? false);
}
