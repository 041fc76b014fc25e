import { ANNOTATION, PENDING_SECRET_TYPE } from './api/names.ts';
import type { OriginCertificate } from './api/v1alpha1.ts';
import { keeperOf, type SecretFacts } from './secret-facts.ts';

/** What this cluster knows of certificates at the Origin CA, by their ids and by digests of their public keys. */
export interface Known {
  /** Certificates that a Secret of ours holds. */
  readonly held: ReadonlySet<string>;
  /** Keys of those Secrets. */
  readonly heldKeys: ReadonlySet<string>;
  /** Keys of issuances that are not finished: whatever bears one is on its way into a Secret. */
  readonly pendingKeys: ReadonlySet<string>;
  /** Certificates that were replaced, by the statuses. */
  readonly superseded: ReadonlySet<string>;
  /** Every certificate that a Secret or a status names, those above included. */
  readonly named: ReadonlySet<string>;
}

/** Ids that a Secret's annotations may carry, some as lists. */
const ID_ANNOTATIONS = [
  ANNOTATION.certificateId,
  ANNOTATION.previousCertificateId,
  ANNOTATION.replaces,
  ANNOTATION.revoke,
];

/** Gathers what the caches say. Keys come from facts: no private key is looked at. */
export function knownOf(
  certificates: Iterable<Pick<OriginCertificate, 'status'>>,
  secrets: Iterable<SecretFacts>,
): Known {
  const held = new Set<string>();
  const heldKeys = new Set<string>();
  const pendingKeys = new Set<string>();
  const superseded = new Set<string>();
  const named = new Set<string>();
  for (const facts of secrets) {
    if (keeperOf(facts) === undefined) continue;
    for (const name of ID_ANNOTATIONS) for (const id of idsIn(facts.annotations[name])) named.add(id);
    const keys = facts.type === PENDING_SECRET_TYPE ? pendingKeys : heldKeys;
    if (facts.keyDigest !== undefined) keys.add(facts.keyDigest);
    if (!('certificate' in facts.pair)) continue;
    held.add(facts.pair.certificate.id);
    keys.add(facts.pair.certificate.publicKeyDigest);
  }
  for (const { status } of certificates) {
    for (const { id } of status?.superseded ?? []) superseded.add(id);
    for (const { id } of status?.issued ?? []) named.add(id);
    if (status?.certificate?.id !== undefined) named.add(status.certificate.id);
  }
  for (const ids of [held, superseded]) for (const id of ids) named.add(id);
  return { held, heldKeys, pendingKeys, superseded, named };
}

function idsIn(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((id) => /^\d+$/.test(id));
}

/** A certificate that bears the key of one of ours under another id: it was issued twice, and nothing here uses it. */
export interface Twin {
  readonly id: string;
  readonly keyDigest: string;
  /** The one of ours, which a Secret holds or its object's status lists as replaced. */
  readonly of: string;
  /** When each of the two was issued, ms since the epoch. */
  readonly notBefore: number;
  readonly ofNotBefore: number;
}
