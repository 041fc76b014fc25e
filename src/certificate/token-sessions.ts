import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { IssuerSession } from '../sessions.ts';
import type { CertificateContext } from './context.ts';
import { issuerKey } from './issuer-view.ts';
import type { IssuerRef } from './need.ts';
import type { Pending } from './pending.ts';

/** The sessions that may be asked about a pending Secret: of the issuer it was posted to, then of others. */
export function sessionsFor(
  context: Pick<CertificateContext, 'sessions'>,
  pending: Pending,
  others: readonly IssuerRef[],
): IssuerSession[] {
  return sessionsOf(context, pending.namespace, [...(pending.issuer ? [pending.issuer] : []), ...others]);
}

/** The sessions that may be asked about a certificate of the object: of the issuer that issued it, then of its own. */
export function revokersOf(
  context: Pick<CertificateContext, 'sessions'>,
  { metadata, spec }: OriginCertificate,
  issuerRef: IssuerRef | undefined,
): IssuerSession[] {
  return sessionsOf(context, metadata.namespace, [...(issuerRef ? [issuerRef] : []), spec.issuerRef]);
}

/** The issuers whose tokens are needed to let an object go: of what it has, what it had, and what it asked for. */
export function issuersNeededToLeave(
  { spec, status }: OriginCertificate,
  pending: Pick<Pending, 'issuer'> | undefined,
): readonly IssuerRef[] {
  return [
    spec.issuerRef,
    ...(pending?.issuer ? [pending.issuer] : []),
    ...(status?.superseded ?? []).flatMap(({ issuerRef }) => issuerRef ?? []),
  ];
}

/** Those of the issuers, in order, that have a token to ask with; a token that is known to be refused is asked last. */
export function sessionsOf(
  { sessions }: Pick<CertificateContext, 'sessions'>,
  namespace: string,
  refs: readonly IssuerRef[],
): IssuerSession[] {
  const found = refs.map((ref) => sessions.get(issuerKey(namespace, ref)));
  return [...new Set(found)]
    .filter((session) => session?.client !== undefined)
    .filter((session) => session !== undefined)
    .toSorted((a, b) => Number(isRefused(a)) - Number(isRefused(b)));
}

/** Its token was refused when it was checked: nobody waits for its turn, or to try whether its trouble is over. */
export function isRefused({ ready }: IssuerSession): boolean {
  return ready === false;
}
