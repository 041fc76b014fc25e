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

/** Those of the issuers, in order, that have a token to ask with. */
export function sessionsOf(
  { sessions }: Pick<CertificateContext, 'sessions'>,
  namespace: string,
  refs: readonly IssuerRef[],
): IssuerSession[] {
  const found = refs.map((ref) => sessions.get(issuerKey(namespace, ref)));
  return [...new Set(found)]
    .filter((session) => session?.client !== undefined)
    .filter((session) => session !== undefined);
}
