import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject, ObjectRef } from '../kube/object.ts';
import type { Resource } from '../kube/resource.ts';

interface CertManagerCertificate extends KubeObject {
  readonly spec?: { readonly secretName?: string };
}

const certManagerCertificates: Resource<CertManagerCertificate> = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  plural: 'certificates',
  namespaced: true,
};

/**
 * The cert-manager Certificate that names this Secret and so keeps writing it; undefined where there is none, or no
 * cert-manager. Throws a KubeError where that cannot be found out: then nothing is taken over.
 */
export async function certManagerKeeper(
  kube: KubeClient,
  { namespace, name }: ObjectRef,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const all = await kube.listAll(certManagerCertificates, { namespace, signal });
    return all.find(({ spec }) => spec?.secretName === name)?.metadata.name;
  } catch (error) {
    if (error instanceof KubeError && error.kind === 'NotFound') return undefined;
    throw error;
  }
}
