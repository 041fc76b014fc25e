import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Ask } from '../cloudflare/breaker.ts';
import type { IssuerSession } from '../sessions.ts';
import { creation, revocation, search } from './asks.ts';
import type { CertificateContext } from './context.ts';
import { type Failure, isShared } from './failure.ts';
import { issuerKey } from './issuer-view.ts';
import { reasonOf } from './outcome.ts';
import { subjectKey } from './subject.ts';
import type { IncidentView, Request, World } from './world.ts';

type Incidents = World['incidents'];

const NONE: IncidentView = { state: 'none' };
export const NO_INCIDENTS: Incidents = { creation: NONE, search: NONE, revocation: NONE };

/** The requests that a certificate may need, made with its issuer's token; undefined while there is no token. */
export function asksOf(
  context: Pick<CertificateContext, 'sessions' | 'breaker'>,
  { metadata, spec }: OriginCertificate,
): Readonly<Record<Request, Ask>> | undefined {
  const { namespace, name } = metadata;
  const session: IssuerSession | undefined = context.sessions.get(issuerKey(namespace, spec.issuerRef));
  if (session === undefined) return undefined;
  const key = subjectKey({ namespace, name });
  return {
    creation: creation(session, spec.hostnames, key),
    search: search(session, key),
    revocation: revocation(context.breaker, session, key),
  };
}

/** What holds back the requests of the certificate's token. */
export function incidentsFor(
  context: CertificateContext,
  certificate: OriginCertificate | undefined,
): Incidents {
  const asks = certificate && asksOf(context, certificate);
  if (asks === undefined) return NO_INCIDENTS;
  return {
    creation: viewOf(context, asks.creation),
    search: viewOf(context, asks.search),
    revocation: viewOf(context, asks.revocation),
  };
}

/** Told in the same words to all who wait, for as long as it lasts. */
function viewOf({ breaker }: CertificateContext, ask: Ask): IncidentView {
  const incident = breaker.incident(ask);
  if (incident === undefined) return breaker.holds(ask) ? { state: 'probe' } : NONE;
  const { error } = incident;
  const message =
    `${error.message} Other certificates of this token met the same: until a request gets through, ` +
    'one at a time is tried, and the others wait.';
  return { state: 'held', reason: reasonOf(error), message };
}

/** Whether the failure was met in an incident that is over: it was not the object's own, and holds nothing back. */
export function isPardoned(
  context: Pick<CertificateContext, 'sessions' | 'breaker'>,
  certificate: OriginCertificate,
  { reason, lastTime }: Failure,
): boolean {
  const asks = isShared(reason) ? asksOf(context, certificate) : undefined;
  // A revocation fails apart from them, see replacedBackoff.
  return (
    asks !== undefined && [asks.creation, asks.search].some((ask) => context.breaker.isOver(ask, lastTime))
  );
}
