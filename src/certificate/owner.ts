import { API_VERSION, GROUP } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { OwnerReference } from '../kube/object.ts';
import type { SecretFacts } from '../secret-facts.ts';

const KIND = 'OriginCertificate';

/**
 * What the garbage collector is told: with `secretDeletionPolicy: Delete` the Secret goes with its object. A Secret
 * that was there before the object outlives it whatever the policy. It never holds up a deletion in the foreground.
 */
export function ownersOf({ metadata, spec }: OriginCertificate, adopted: boolean): OwnerReference[] {
  if (spec.secretDeletionPolicy !== 'Delete' || adopted) return [];
  const { name, uid } = metadata;
  return [{ apiVersion: API_VERSION, kind: KIND, name, uid, blockOwnerDeletion: false }];
}

/** What is wrong with the references of ours; those of others are left alone. */
export function ownerDifferences(
  certificate: OriginCertificate,
  target: SecretFacts,
  adopted: boolean,
): string[] {
  const wanted = ownersOf(certificate, adopted).map(({ uid }) => uid);
  const isMissing = wanted.some((uid) => target.owners.every((owner) => owner.uid !== uid));
  const isSurplus = target.owned.owners.some((uid) => !wanted.includes(uid));
  return isMissing || isSurplus ? ['owner reference'] : [];
}

/** The references that stay when the object lets the Secret go. */
export function ownersBeside(
  { metadata: { name } }: OriginCertificate,
  { owners }: SecretFacts,
): OwnerReference[] {
  return owners.filter(
    (owner) => !(owner.kind === KIND && owner.apiVersion.startsWith(`${GROUP}/`) && owner.name === name),
  );
}
