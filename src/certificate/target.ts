import { MANAGED, MANAGED_LABEL, SECRET_KEY } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Secret } from '../kube/object.ts';
import { combinedPem, encode, type SecretFacts, type TrustedRoots } from '../secret-facts.ts';
import { ownersOf } from './owner.ts';
import { recordAnnotations, type TargetRecord } from './record.ts';

export interface TargetContent {
  readonly certificate: OriginCertificate;
  readonly record: TargetRecord;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly roots: TrustedRoots;
}

/**
 * The Secret as one server-side apply: certificate, key, record, labels and outputs together, so that no reader
 * ever sees one without the other, and everything repeated, because what an apply leaves out it removes.
 *
 * @param existing the target as just read live. Absent: resourceVersion "1" makes the API server create the Secret
 *   and refuse with 409 if anybody, also another object under our own field manager, was faster.
 */
export function targetSecret(content: TargetContent, existing: SecretFacts | undefined): Secret {
  const { spec, metadata } = content.certificate;
  const ownerReferences = ownersOf(content.certificate, content.record.adopted);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: spec.secretName,
      namespace: metadata.namespace,
      ...(existing
        ? { uid: existing.uid, resourceVersion: existing.resourceVersion }
        : { resourceVersion: '1' }),
      labels: { ...spec.secretTemplate?.labels, [MANAGED_LABEL]: MANAGED.target },
      annotations: { ...spec.secretTemplate?.annotations, ...recordAnnotations(content.record) },
      ...(ownerReferences.length > 0 && { ownerReferences }),
    },
    type: existing?.type ?? 'kubernetes.io/tls',
    data: targetData(content),
  };
}

function targetData({
  certificate,
  certificatePem,
  privateKeyPem,
  roots,
}: TargetContent): Record<string, string> {
  const outputs = new Set(certificate.spec.additionalOutputs);
  return {
    [SECRET_KEY.certificate]: encode(certificatePem),
    [SECRET_KEY.privateKey]: encode(privateKeyPem),
    ...(outputs.has('CombinedPEM') && {
      [SECRET_KEY.combinedPem]: encode(combinedPem(certificatePem, privateKeyPem)),
    }),
    ...(outputs.has('CABundle') && { [SECRET_KEY.caBundle]: encode(roots.pem) }),
  };
}
