import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { KubeObject, ObjectRef } from '../kube/object.ts';
import type { Resource } from '../kube/resource.ts';
import type { Holder } from './world.ts';

export type CertManagerKeeper = Pick<Extract<Holder, { kind: 'foreign' }>, 'keptBy' | 'doubt'>;

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
 * The cert-manager Certificate that names this Secret and so keeps writing it; empty where there is none, or no
 * cert-manager; a doubt where the operator may not look. Throws any other KubeError: then it is looked again later.
 */
export async function certManagerKeeper(
  kube: KubeClient,
  { namespace, name }: ObjectRef,
  signal: AbortSignal,
): Promise<CertManagerKeeper> {
  try {
    const all = await kube.listAll(certManagerCertificates, { namespace, signal });
    const keeper = all.find(({ spec }) => spec?.secretName === name);
    return keeper ? { keptBy: keeper.metadata.name } : {};
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.kind === 'NotFound') return {};
    if (error.kind === 'Forbidden') return { doubt: error.message };
    throw error;
  }
}
