import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { ObjectRef } from '../kube/object.ts';
import { keeperOf, type SecretFacts } from '../secret-facts.ts';
import type { Stores } from '../stores.ts';
import type { CertManagerKeeper } from './cert-manager.ts';
import type { Holder } from './world.ts';

export interface CertificateReader {
  certificate(ref: ObjectRef): Promise<OriginCertificate | undefined>;
  /** The cert-manager Certificate that writes this Secret. Absent: not looked for. */
  certManagerKeeper?(ref: ObjectRef): Promise<CertManagerKeeper>;
}

/**
 * Who may write the Secret that `certificate` names: the certificate that its annotation names, as long as that
 * one exists and still names this Secret; without one, the oldest of those that name it. A Secret without the
 * annotation is foreign, whatever it is called; of several that would take it over, the oldest may.
 */
export async function holderOf(
  certificate: OriginCertificate,
  target: SecretFacts | undefined,
  stores: Stores,
  reader: CertificateReader,
): Promise<Holder> {
  const { namespace, name } = certificate.metadata;
  const keeper = target && keeperOf(target);
  if (target && keeper === undefined) return foreign(certificate, stores, reader);
  if (keeper === name) return { kind: 'this' };
  if (keeper !== undefined) {
    const kept = await reader.certificate({ namespace, name: keeper });
    if (kept && claims(kept, certificate.spec.secretName)) return { kind: 'other', name: keeper };
  }
  const claimants = stores.certificatesNaming(namespace, certificate.spec.secretName);
  const rival = claimants.find(
    (other) => claims(other, certificate.spec.secretName) && isBefore(other, certificate),
  );
  return rival ? { kind: 'other', name: rival.metadata.name } : { kind: 'this' };
}

async function foreign(
  certificate: OriginCertificate,
  stores: Stores,
  reader: CertificateReader,
): Promise<Holder> {
  const { metadata, spec } = certificate;
  if (spec.existingSecret !== 'Adopt') return { kind: 'foreign' };
  const rival = stores
    .certificatesNaming(metadata.namespace, spec.secretName)
    .find(
      (other) =>
        other.spec.existingSecret === 'Adopt' &&
        claims(other, spec.secretName) &&
        isBefore(other, certificate),
    );
  if (rival) return { kind: 'other', name: rival.metadata.name };
  const keeper = await reader.certManagerKeeper?.({ namespace: metadata.namespace, name: spec.secretName });
  return { kind: 'foreign', ...keeper };
}

function claims({ metadata, spec }: OriginCertificate, secretName: string): boolean {
  return metadata.deletionTimestamp === undefined && spec.secretName === secretName;
}

/** The older object comes first; of two created in the same second, the one with the smaller uid. */
function isBefore(a: OriginCertificate, b: OriginCertificate): boolean {
  const rank = ({ metadata }: OriginCertificate): string =>
    `${metadata.creationTimestamp ?? ''} ${metadata.uid}`;
  return a.metadata.uid !== b.metadata.uid && rank(a) < rank(b);
}
