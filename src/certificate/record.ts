import { ANNOTATION } from '../api/names.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { formatNeed, type Need, needShownBy, parseNeed } from './need.ts';

/**
 * What the annotations of a target Secret say of its pair. Written in the same apply as the pair, so that
 * nothing about a certificate is known only from a status, which may be lost.
 */
export interface TargetRecord {
  readonly certificateName: string;
  readonly certificateId: string;
  readonly previousCertificateId: string;
  readonly revision: number;
  /** uid of the object it was issued for; empty when unknown, and then it is never revoked. */
  readonly issuedFor: string;
  readonly handledRenewRequest: string;
  readonly handledRekeyRequest: string;
  readonly need: Need;
  /** The Secret was there before us. */
  readonly adopted: boolean;
}

export function recordAnnotations(record: TargetRecord): Record<string, string> {
  return {
    [ANNOTATION.certificate]: record.certificateName,
    [ANNOTATION.certificateId]: record.certificateId,
    [ANNOTATION.previousCertificateId]: record.previousCertificateId,
    [ANNOTATION.revision]: String(record.revision),
    [ANNOTATION.issuedFor]: record.issuedFor,
    [ANNOTATION.handledRenewRequest]: bound(record, record.handledRenewRequest),
    [ANNOTATION.handledRekeyRequest]: bound(record, record.handledRekeyRequest),
    [ANNOTATION.need]: formatNeed(record.need),
    ...(record.adopted && { [ANNOTATION.adopted]: 'true' }),
  };
}

/**
 * The record of a pair that was not issued for an object of ours: in a Secret that is taken over, or a temporary one.
 * Only its hostnames are compared until it is due, for it was made by other rules than the spec's, and it is never
 * revoked.
 */
export function unissuedRecord(
  certificateName: string,
  certificate: CertificateFacts | undefined,
  requests: Requests,
  { adopted }: Pick<TargetRecord, 'adopted'>,
): TargetRecord {
  return {
    certificateName,
    certificateId: certificate?.id ?? '',
    previousCertificateId: '',
    revision: 1,
    issuedFor: '',
    handledRenewRequest: requests.renew,
    handledRekeyRequest: requests.rekey,
    need: { hostnames: certificate?.hostnames ?? [] },
    adopted,
  };
}

/**
 * The record as it should stand: what is there, and for what is missing or garbled the value that the
 * certificate itself shows. A lost record thereby costs a write and never an issuance.
 *
 * @param requests the request annotations of the OriginCertificate now: a lost "handled" counts as handled.
 */
export function repairedRecord(
  target: SecretFacts,
  certificate: CertificateFacts,
  certificateName: string,
  requests: Requests,
): TargetRecord {
  const { annotations } = target;
  const adopted = annotations[ANNOTATION.adopted] !== undefined;
  const issuedFor = annotations[ANNOTATION.issuedFor];
  return {
    certificateName,
    certificateId: certificate.id,
    previousCertificateId: decimal(annotations[ANNOTATION.previousCertificateId]) ?? '',
    revision: Number(decimal(annotations[ANNOTATION.revision])?.slice(0, 9) || '1'),
    issuedFor: issuedFor ?? '',
    handledRenewRequest:
      unbound(annotations[ANNOTATION.handledRenewRequest], certificate.id) ?? requests.renew,
    handledRekeyRequest:
      unbound(annotations[ANNOTATION.handledRekeyRequest], certificate.id) ?? requests.rekey,
    need:
      parseNeed(annotations[ANNOTATION.need], certificate) ??
      (issuedFor === '' ? { hostnames: certificate.hostnames } : needShownBy(certificate)),
    adopted,
  };
}

/** Values of the annotations by which a person asks for one issuance; empty when not set. */
export interface Requests {
  readonly renew: string;
  readonly rekey: string;
}

export function requestsOf(annotations: Readonly<Record<string, string>> | undefined): Requests {
  return {
    renew: requestIn(annotations?.[ANNOTATION.renewRequestedAt]),
    rekey: requestIn(annotations?.[ANNOTATION.rekeyRequestedAt]),
  };
}

/** A request is copied to the Secret, whose annotations have room for 256 KiB in all: of a very long one the beginning. */
const MAX_REQUEST = 256;

function requestIn(text = ''): string {
  return text.slice(0, MAX_REQUEST).toWellFormed();
}

/** Names of the annotations that do not say what the record says. */
export function damagedAnnotations(target: SecretFacts, record: TargetRecord): string[] {
  const wanted = recordAnnotations(record);
  return Object.keys(wanted).filter((name) => target.annotations[name] !== wanted[name]);
}

function decimal(text: string | undefined): string | undefined {
  return text !== undefined && /^\d*$/.test(text) ? text : undefined;
}

/**
 * A handled request stands with the id of its certificate before it. Its own value is any text, so that a garbled
 * one would look like an older request, and the present one like a new one that asks for another certificate.
 */
function bound({ certificateId }: TargetRecord, request: string): string {
  return `${certificateId}:${request}`;
}

function unbound(text: string | undefined, certificateId: string): string | undefined {
  const prefix = `${certificateId}:`;
  return text?.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}
