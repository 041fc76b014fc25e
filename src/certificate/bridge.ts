import { ANNOTATION } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import { inspectCertificate } from '../pki/inspect.ts';
import { generateKey } from '../pki/keys.ts';
import { createTemporaryCertificate } from '../pki/temporary.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { issuanceNeed, keySpec } from './need.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import { refusedWrite } from './pending-io.ts';
import { requestsOf, unissuedRecord } from './record.ts';
import { targetSecret } from './target.ts';
import type { Living } from './world.ts';
import { apply } from './write.ts';

/**
 * Writes a self-signed pair where there is none yet, or over one of the same kind that is past its end or for other
 * names. It is written as every pair is: over exactly what was read live, or only where there still is nothing.
 */
export async function bridge(
  context: CertificateContext,
  world: Living,
  signal: AbortSignal,
): Promise<Outcome> {
  const { certificate, target, issuer, now } = world;
  const need = issuanceNeed(certificate.spec, issuer.state === 'Ready' ? issuer.defaults : {});
  const spec = keySpec(need);
  const { keys, privateKeyPem } = await generateKey(spec);
  const certificatePem = await createTemporaryCertificate(keys, spec, need.hostnames, now);
  const facts = inspectCertificate(certificatePem, context.roots.certificates);
  const { name, annotations } = certificate.metadata;
  const record = unissuedRecord(name, facts, requestsOf(annotations), {
    adopted: target?.annotations[ANNOTATION.adopted] !== undefined,
  });
  const content = { certificate, record, certificatePem, privateKeyPem, roots: context.roots };
  try {
    await apply(context, targetSecret(content, target), target, signal);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return refusedWrite(error, world.secretName);
  }
  announce.bridged(context, world);
  return OBSERVE;
}
