import type { OriginCertificate } from '../../src/api/v1alpha1.ts';
import type { Secret } from '../../src/kube/object.ts';
import { isLeaving } from './leaving.ts';
import {
  carriedBy,
  isForeign,
  isPending,
  isReleased,
  isSatisfied,
  noteOf,
  pairOf,
  servingSecrets,
} from './secrets.ts';
import { lacksTemporary } from './temporary.ts';
import { NAMESPACE, type Objects } from './state.ts';

type Refusal = 'SecretNotManaged' | 'AdoptRefused' | 'SecretConflict' | 'IssuerNotFound';

/** Why nobody can expect the object to have its Secret. */
export function refusalOf(
  { certificates, secrets, issuers, isKeptElsewhere }: Objects,
  certificate: OriginCertificate,
): Refusal | undefined {
  const { metadata, spec } = certificate;
  const secret = secrets[spec.secretName];
  const adopts = spec.existingSecret === 'Adopt';
  if (isForeign(secret) && !adopts) return 'SecretNotManaged';
  if (isForeign(secret) && !isAdoptable({ isKeptElsewhere }, secret)) return 'AdoptRefused';
  const claimants = Object.values(certificates).filter(
    (each) => each.spec.secretName === spec.secretName && !isLeaving(each),
  );
  const keeper = claimants.find((each) => each.metadata.name === noteOf(secret, 'certificate'));
  // As conflicts are settled: who keeps it, else the older, and of two made at once the smaller uid.
  const [first] = keeper ? [keeper] : claimants.toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
  if (first?.metadata.name !== metadata.name) return 'SecretConflict';
  return issuers.includes(spec.issuerRef.name) || isSatisfied(certificate, secret)
    ? undefined
    : 'IssuerNotFound';
}

/** Whether somebody else's Secret may be taken over: it holds a pair, and nobody else goes on writing it. */
export function isAdoptable(
  { isKeptElsewhere }: Pick<Objects, 'isKeptElsewhere'>,
  secret: Secret | undefined,
): boolean {
  return pairOf(secret) !== undefined && !isKeptElsewhere;
}

function age({ metadata }: OriginCertificate): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.uid}`;
}

/** Whether the object's status gives that reason. */
export function isSaid({ status }: OriginCertificate, refusal: Refusal): boolean {
  return status?.conditions?.some(({ reason }) => reason === refusal) ?? false;
}

/** A pending Secret that waits: with its certificate or before any POST, or for the issuer that can be asked about it. */
export function isParked(api: Objects, secret: Secret): boolean {
  const certificate = api.certificates[noteOf(secret, 'certificate')];
  if (certificate?.metadata.uid !== noteOf(secret, 'certificateUid')) return false;
  if (noteOf(secret, 'revoke') !== '') return false;
  const refusal = certificate && (refusalOf(api, certificate) ?? waitingFor(api, certificate));
  const isKnown = carriedBy(secret) !== undefined || noteOf(secret, 'postedAt') === '';
  return refusal === 'IssuerNotFound' || (refusal !== undefined && isKnown);
}

/**
 * Whether there is nothing to do under this queue key but to look: whether the object is still refused, or whether a
 * Secret that was let go still holds what is to be revoked.
 */
export function isResigned(api: Objects, key: string, now: number): boolean {
  const certificate = Object.values(api.certificates).find(
    ({ metadata }) => key === `${NAMESPACE}/${metadata.name}`,
  );
  if (certificate === undefined || isLeaving(certificate)) return false;
  const refusal = refusalOf(api, certificate) ?? waitingFor(api, certificate);
  if (refusal === 'IssuerNotFound' && lacksTemporary(api, certificate)) return false;
  const pending = Object.values(api.secrets).find(
    (secret) => isPending(secret) && noteOf(secret, 'certificateUid') === certificate.metadata.uid,
  );
  if (refusal === undefined) return pending === undefined && isOnlyOwing(api, certificate, now);
  const isWaiting = pending === undefined || isParked(api, pending);
  return isSaid(certificate, refusal) && isWaiting && cannotRevoke(api, certificate, now);
}

/** What else is asked for of an object that has its pair waits for an issuer. */
function waitingFor({ issuers }: Objects, certificate: OriginCertificate): Refusal | undefined {
  const isGone = !issuers.includes(certificate.spec.issuerRef.name);
  return isGone && isSaid(certificate, 'IssuerNotFound') ? 'IssuerNotFound' : undefined;
}

/** The grace is over by then, and it was tried. */
const TRIED_MS = 2 * 3_600_000;

/** It has what it asks for, and looks only at what it cannot revoke. */
function isOnlyOwing(api: Objects, certificate: OriginCertificate, now: number): boolean {
  return (
    owedBy(certificate).length > 0 &&
    cannotRevoke(api, certificate, now) &&
    (isSatisfied(certificate, api.secrets[certificate.spec.secretName]) ||
      !api.issuers.includes(certificate.spec.issuerRef.name))
  );
}

/** All that it is to revoke lies in Secrets that somebody may serve from, as was seen when its time came, or nobody can be asked. */
function cannotRevoke(api: Objects, certificate: OriginCertificate, now: number): boolean {
  if (!api.issuers.includes(certificate.spec.issuerRef.name)) return true;
  return owedBy(certificate).every(
    ({ id, revoke, supersededAt }) =>
      Date.parse(supersededAt) + TRIED_MS <= now &&
      servingSecrets(api).some(
        (secret) => carriedBy(secret)?.id === id && !(revoke === 'Rekeyed' && isReleased(secret)),
      ),
  );
}

function owedBy({ status }: OriginCertificate) {
  return (status?.superseded ?? []).filter(({ revoke, revokedAt }) => revoke && !revokedAt);
}
