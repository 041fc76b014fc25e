import type { OriginCertificate } from '../api/v1alpha1.ts';
import { fromSource } from '../cloudflare/errors.ts';
import type { Want } from '../cloudflare/turns.ts';
import type { IssuerSession } from '../sessions.ts';
import { type Action, isRest } from './action.ts';
import { creation, revocation, search } from './asks.ts';
import type { CertificateContext } from './context.ts';
import { decide } from './decide.ts';
import { type Failure, isShared } from './failure.ts';
import { issuerKey } from './issuer-view.ts';
import type { IssuerRef } from './need.ts';
import { reasonOf } from './outcome.ts';
import { type Subject, subjectKey } from './subject.ts';
import { due } from './revoke-time.ts';
import { owed } from './superseded.ts';
import { isRefused, revokersOf, sessionsFor } from './token-sessions.ts';
import { type IncidentView, isLiving, type Request, type World } from './world.ts';

/** What may be asked of Cloudflare for a subject; absent where there is no token to ask with. */
export type Asks = Readonly<Partial<Record<Request, Want | undefined>>>;
type Incidents = World['incidents'];
type Turns = World['turns'];
const NONE: IncidentView = { state: 'none' };
export const NO_INCIDENTS: Incidents = { creation: NONE, search: NONE, revocation: NONE, settlement: NONE };
/** Nobody has to wait; or nothing is asked for. */
export const ALL_TURNS: Turns = { creation: true, search: true, revocation: true, settlement: true };

/**
 * The world with what it may ask of Cloudflare now. Last, for what is granted is kept from others: nothing is awaited
 * between that and what is decided. A turn is asked for in the very world in which it is used: who is called as a probe
 * and did not ask would be called again at once, for ever.
 */
export function withRequests(
  context: Pick<CertificateContext, 'sessions' | 'breaker' | 'line'>,
  subject: Subject,
  world: World,
): World {
  const asks = asksOf(context, subject, world);
  const known = { ...world, incidents: incidentsFor(context, asks) };
  return { ...known, turns: turnsFor(context, asks, known) };
}

/** The requests that a subject may need, each made with the token that is to make it. */
export function asksOf(
  context: Pick<CertificateContext, 'sessions' | 'breaker'>,
  subject: Subject,
  world: World,
): Asks {
  const { certificate, leaving, pending } = world;
  const key = subjectKey(subject);
  const object = certificate ?? leaving?.certificate;
  const [first] = isLiving(world) ? due(world) : owed(world);
  const refs = object ? [object.spec.issuerRef] : [];
  return {
    ...(certificate && ofIssuer(context, certificate, key)),
    revocation: object && revocationOf(context, object, first?.issuerRef, key),
    settlement: pending && look(context, sessionsFor(context, pending, refs), key),
  };
}

/** A look at a certificate of the object that is to be revoked. */
export function revocationOf(
  context: Pick<CertificateContext, 'sessions' | 'breaker'>,
  object: OriginCertificate,
  issuerRef: IssuerRef | undefined,
  key: string,
): Want | undefined {
  return look(context, revokersOf(context, object, issuerRef), key);
}

/** What holds back the requests of each of them. */
function incidentsFor(context: Pick<CertificateContext, 'breaker'>, asks: Asks): Incidents {
  const view = (request: Request): IncidentView => viewOf(context, asks[request]);
  return {
    creation: view('creation'),
    search: view('search'),
    revocation: view('revocation'),
    settlement: view('settlement'),
  };
}

/**
 * Which of them the budget grants now. Only what would be sent is asked for, for a request that is granted is kept from
 * others: what waits for nothing but its turn, one after the other.
 */
function turnsFor({ line }: Pick<CertificateContext, 'line'>, asks: Asks, world: World): Turns {
  const asked = new Set<Request>();
  let turns: Turns = { ...NO_TURNS };
  const whole = unbridged(world);
  for (;;) {
    const request = turnsMissing(decide({ ...whole, turns })).find((each) => !asked.has(each));
    if (request === undefined) return turns;
    asked.add(request);
    const want = asks[request];
    turns = { ...turns, [request]: want === undefined || line.admits(want) };
  }
}

/** A temporary pair is what is done without a turn: it does not tell which turn that was. */
function unbridged(world: World): World {
  const { certificate } = world;
  if (certificate?.spec.temporaryCertificate !== true) return world;
  return {
    ...world,
    certificate: { ...certificate, spec: { ...certificate.spec, temporaryCertificate: false } },
  };
}

/** A search reads the shared listing, which takes a turn for every page. */
const NO_TURNS: Turns = { creation: false, search: true, revocation: false, settlement: false };

function turnsMissing(action: Action): readonly Request[] {
  if (action.type === 'Done' || !isRest(action) || action.type === 'AwaitIssuer') return [];
  const own = action.type === 'AwaitTurn' && action.said === undefined ? [action.request] : [];
  return [...own, ...(action.alsoFor ? [action.alsoFor] : [])];
}

function ofIssuer(
  { sessions }: Pick<CertificateContext, 'sessions'>,
  { metadata, spec }: OriginCertificate,
  key: string,
): Pick<Asks, 'creation' | 'search'> {
  const session = sessions.get(issuerKey(metadata.namespace, spec.issuerRef));
  if (session === undefined) return {};
  return { creation: creation(session, spec.hostnames, key), search: search(session, key) };
}

/** Where all tokens are refused, that is heard without a turn: then it can be given up. */
function look(
  { breaker }: Pick<CertificateContext, 'breaker'>,
  sessions: readonly IssuerSession[],
  key: string,
): Want | undefined {
  const [first, ...others] = sessions;
  return first === undefined || isRefused(first) ? undefined : revocation(breaker, [first, ...others], key);
}

/** Told in the same words to all who wait, for as long as it lasts. */
function viewOf({ breaker }: Pick<CertificateContext, 'breaker'>, ask: Want | undefined): IncidentView {
  if (ask === undefined) return NONE;
  const incident = breaker.incident(ask);
  if (incident === undefined) return breaker.holds(ask) ? { state: 'probe' } : NONE;
  const error = fromSource(incident.error, ask.source);
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
  if (!isShared(reason)) return false;
  const { namespace, name } = certificate.metadata;
  const { creation: created, search: searched } = ofIssuer(
    context,
    certificate,
    subjectKey({ namespace, name }),
  );
  // A revocation fails apart from them, see replacedBackoff.
  return [created, searched].some((ask) => ask && context.breaker.isOver(ask, lastTime));
}
