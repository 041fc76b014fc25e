import { FIELD_MANAGER, FINALIZER } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { KubeError } from '../kube/errors.ts';
import { originCertificates } from '../resources.ts';
import type { CertificateContext } from './context.ts';
import type { Seen } from './observe.ts';
import type { Outcome } from './outcome.ts';
import { owed } from './superseded.ts';
import type { Living } from './world.ts';

/** Whether the object's deletion waits for us. */
export function isProtected({ metadata }: OriginCertificate): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false;
}

/** Whether something would be left valid that is to be revoked, if the object went now. */
export function needsProtection(world: Living): boolean {
  return world.certificate.spec.revocation?.onDelete === 'Revoke' || owed(world).length > 0;
}

/** Puts the finalizer on a living object or takes it off. Without it nothing is issued that it is to protect. */
export async function finalize(
  context: CertificateContext,
  seen: Seen,
  { certificate }: Living,
  wanted: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const changed = await setFinalizer(context, certificate, wanted, signal);
    return { next: 'decide', seen: { ...seen, world: { ...seen.world, certificate: changed } } };
  } catch (error) {
    if (!(error instanceof KubeError) || (error.kind !== 'Invalid' && error.kind !== 'Forbidden'))
      throw error;
    const message =
      `The API server refuses to change the finalizer of this OriginCertificate: ${error.message}. Let the operator ` +
      'patch origincertificates: kubectl apply --server-side -k deploy (or the overlay in use) of this version grants that.';
    return { next: 'failed', attempt: { reason: 'SecretWriteRefused', message } };
  }
}

/**
 * Puts the finalizer on the object as it was read, or takes it off; those of others stay. A merge patch: an apply could
 * not take off what a restored backup brought under another manager.
 */
export async function setFinalizer(
  { kube }: CertificateContext,
  certificate: OriginCertificate,
  wanted: boolean,
  signal: AbortSignal,
): Promise<OriginCertificate> {
  if (isProtected(certificate) === wanted) return certificate;
  const { name, namespace, uid, resourceVersion, finalizers = [] } = certificate.metadata;
  const others = finalizers.filter((each) => each !== FINALIZER);
  const patch = {
    metadata: { uid, resourceVersion, finalizers: wanted ? [...others, FINALIZER] : others },
  };
  const options = { signal, fieldManager: FIELD_MANAGER.certificate };
  return kube.mergePatch(originCertificates, { name, namespace }, patch, options);
}
