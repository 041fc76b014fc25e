import type { IssueReason } from '../api/conditions.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { isTemporary } from '../pki/temporary.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { badness, type Circumstances, difference } from './need.ts';
import { repairedRecord, requestsOf, type TargetRecord } from './record.ts';
import { renewalOf } from './renewal.ts';
import type { Living } from './world.ts';

/** Why another certificate is needed; undefined when the target holds a good one that is not due. */
export function issueReason(world: Living): IssueReason | undefined {
  const { certificate, target, now } = world;
  if (target === undefined) return 'DoesNotExist';
  if (target.pair.state !== 'Matching') return target.pair.state;
  const facts = target.pair.certificate;
  const record = recordOf(certificate, target, facts);
  const requests = requestsOf(certificate.metadata.annotations);
  return (
    badness(certificate.spec, facts, world) ??
    difference(certificate.spec, record.need) ??
    (requests.rekey !== '' && requests.rekey !== record.handledRekeyRequest ? 'RekeyRequested' : undefined) ??
    (requests.renew !== '' && requests.renew !== record.handledRenewRequest ? 'RenewRequested' : undefined) ??
    (renewalOf(certificate, facts, record.revision).at <= now ? 'Renewing' : undefined)
  );
}

/** The certificate that the next one replaces: one of an authority, also where it is not good any more. */
export function replacedCertificate(secret: SecretFacts | undefined): CertificateFacts | undefined {
  if (secret === undefined || !('certificate' in secret.pair)) return undefined;
  const { certificate } = secret.pair;
  return certificate && !isTemporary(certificate) ? certificate : undefined;
}

/**
 * The Secret that holds what the next certificate replaces: the target, or a former one as long as the target holds
 * nothing that was issued.
 */
export function replacedSecret({ target, formers }: Living): SecretFacts | undefined {
  return [target, ...formers].find((secret) => replacedCertificate(secret) !== undefined);
}

/** Whether the certificate in a Secret is a temporary one, whatever its key. */
export function holdsTemporary({ pair }: SecretFacts): boolean {
  return 'certificate' in pair && pair.certificate !== undefined && isTemporary(pair.certificate);
}

/** The certificate in a Secret if it is all that the spec asks for, due or not; undefined otherwise. */
export function goodCertificate(
  certificate: OriginCertificate,
  secret: SecretFacts,
  circumstances: Circumstances,
): CertificateFacts | undefined {
  if (secret.pair.state !== 'Matching') return undefined;
  const facts = secret.pair.certificate;
  const { need } = recordOf(certificate, secret, facts);
  return (badness(certificate.spec, facts, circumstances) ?? difference(certificate.spec, need)) === undefined
    ? facts
    : undefined;
}

/** The record of the pair in a Secret, with what is lost or garbled filled in. */
export function recordOf(
  certificate: OriginCertificate,
  secret: SecretFacts,
  facts: CertificateFacts,
): TargetRecord {
  const name = certificate.metadata.name;
  return repairedRecord(secret, facts, name, requestsOf(certificate.metadata.annotations));
}
