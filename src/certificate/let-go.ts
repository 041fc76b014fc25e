import type { OriginCertificate } from '../api/v1alpha1.ts';
import { KubeError } from '../kube/errors.ts';
import { secrets } from '../kube/resource.ts';
import type { SecretFacts } from '../secret-facts.ts';
import type { CertificateContext } from './context.ts';
import { setFinalizer } from './finalizer.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { refusedWrite } from './pending-io.ts';
import { applyStatus } from './report.ts';
import { fitting, type Superseded } from './superseded.ts';

/** Notes in the status what is to be revoked with the object: from now on any process knows it. */
export async function noteDeleted(
  context: CertificateContext,
  certificate: OriginCertificate,
  entries: readonly Superseded[],
  signal: AbortSignal,
): Promise<Outcome> {
  const ids = new Set(entries.map(({ id }) => id));
  const others = certificate.status?.superseded?.filter(({ id }) => !ids.has(id)) ?? [];
  const superseded = fitting(certificate, [...entries, ...others], context.clock.now());
  const status = { ...certificate.status, superseded };
  await applyStatus(context, certificate, status, signal);
  return OBSERVE;
}

/** Deletes exactly the Secret that was read: a late deletion must not take one that was made since. */
export async function deleteSecret(
  context: CertificateContext,
  secret: SecretFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { uid, resourceVersion, namespace, name } = secret;
  try {
    await context.kube.delete(secrets, secret, { signal, uid, resourceVersion });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return refusedWrite(error, name);
  }
  context.log.info({ secret: `${namespace}/${name}` }, 'Secret deleted with its OriginCertificate');
  return OBSERVE;
}

/** Lets the deletion of the object go on, and says what stays valid at Cloudflare: no event can be told any more. */
export async function letGo(
  context: CertificateContext,
  certificate: OriginCertificate,
  { left, why }: { readonly left: readonly string[]; readonly why: string },
  signal: AbortSignal,
): Promise<Outcome> {
  await setFinalizer(context, certificate, false, signal);
  const { namespace, name } = certificate.metadata;
  const line = { certificate: `${namespace}/${name}`, why };
  if (left.length === 0) {
    context.log.debug(line, 'the deletion goes on');
    return OBSERVE;
  }
  for (const _ of left) context.count.revocation('abandoned');
  context.log.warn(
    { ...line, certificateIds: left },
    'the deletion goes on and certificates stay valid that were to be revoked: revoke them in the Cloudflare dashboard',
  );
  return OBSERVE;
}
