import { type AllowRule, notAllowed, whoMay } from '../api/allow.ts';
import { zoneOf } from '../api/hostname.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Zone } from '../cloudflare/results.ts';
import { namespaces } from '../kube/resource.ts';
import type { IssuerKey, IssuerSession } from '../sessions.ts';
import type { CertificateContext } from './context.ts';
import type { IssuerDefaults, IssuerRef } from './need.ts';
import { subjectKey } from './subject.ts';
import type { IssuerView } from './world.ts';

/** The issuer object as far as certificates are concerned. */
interface IssuerObject {
  readonly uid: string;
  readonly defaults: IssuerDefaults;
  /** Undefined: everything is allowed (an OriginIssuer without `allow`). */
  readonly allow: readonly AllowRule[] | undefined;
}

export function issuerKey(namespace: string, ref: IssuerRef): IssuerKey {
  return { kind: ref.kind, namespace: ref.kind === 'OriginIssuer' ? namespace : '', name: ref.name };
}

/** As messages name an issuer: "OriginIssuer cloudflare". */
export function nameOf({ kind, name }: IssuerRef): string {
  return `${kind} ${name}`;
}

/** What the certificate's issuer says to the certificate's wish, before anything is asked of Cloudflare. */
export async function viewIssuer(
  context: CertificateContext,
  certificate: OriginCertificate,
  signal: AbortSignal,
): Promise<IssuerView> {
  const { namespace } = certificate.metadata;
  const key = issuerKey(namespace, certificate.spec.issuerRef);
  const issuer = findIssuer(context, key);
  if (issuer === undefined) return { state: 'IssuerNotFound', message: notFound(context, key) };
  const session = context.sessions.get(key);
  if (session === undefined) return { state: 'Unchecked' };
  if (session.ready !== true || session.uid !== issuer.uid || session.client === undefined) {
    const why = session.message
      ? `: ${session.message}`
      : ' yet: its token is being checked, and its condition Ready says what that waits for.';
    return { state: 'IssuerNotReady', message: `${nameOf(key)} is not ready${why}` };
  }
  const notAllowed = await refusal(context, key, issuer, certificate, signal);
  const ready = {
    state: 'Ready',
    defaults: issuer.defaults,
    notAllowed,
    noZone: undefined,
  } as const;
  if (notAllowed !== undefined || outside(certificate, session.zones).length === 0) return ready;
  return viewZones(context, session, certificate, ready, signal);
}

/** Until the zones are asked for again after a listing that failed. */
const LIST_AGAIN_MS = 60_000;

/** A zone that is missed may have been added since the list: none is said to be missing before it was listed anew. */
async function viewZones(
  context: CertificateContext,
  session: IssuerSession,
  certificate: OriginCertificate,
  ready: Extract<IssuerView, { readonly state: 'Ready' }>,
  signal: AbortSignal,
): Promise<IssuerView> {
  const { name, namespace, uid, generation } = certificate.metadata;
  const wake = (): void => context.wake(subjectKey({ namespace, name }));
  const answer = await session.refreshZones({ id: `${uid}/${generation}`, wake }, signal);
  const lost = outside(certificate, answer.zones);
  if (lost.length === 0) return ready;
  if (answer.fresh) return { ...ready, noZone: noZone(session.key, lost, answer.zones) };
  if (answer.problem === undefined) return { state: 'ZonesAwaited', retryMs: answer.retryMs };
  const message = `The zones that the token of ${nameOf(session.key)} sees could not be listed: ${answer.problem}`;
  return { state: 'IssuerNotReady', message, retryMs: LIST_AGAIN_MS };
}

/** The hostnames that the issuer does not let the namespace ask for; undefined when it is gone and nobody can say. */
export async function refusedHostnames(
  context: CertificateContext,
  key: IssuerKey,
  namespace: string,
  hostnames: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const issuer = findIssuer(context, key);
  return issuer && refusedBy(context, key, issuer, namespace, hostnames, signal);
}

async function refusedBy(
  context: CertificateContext,
  key: IssuerKey,
  { allow }: IssuerObject,
  namespace: string,
  hostnames: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (allow === undefined) return [];
  return notAllowed(allow, await namespaceLabels(context, key, namespace, signal), hostnames);
}

/** The issuer is there, and whether its token works is not known yet. */
export function isBeingChecked(context: CertificateContext, key: IssuerKey): boolean {
  return findIssuer(context, key) !== undefined && context.sessions.get(key)?.ready === undefined;
}

function findIssuer({ stores }: CertificateContext, key: IssuerKey): IssuerObject | undefined {
  const found =
    key.kind === 'OriginIssuer' ? stores.issuers.get(key) : stores.clusterIssuers.get({ name: key.name });
  if (found === undefined) return undefined;
  return { uid: found.metadata.uid, defaults: found.spec.defaults ?? {}, allow: found.spec.allow };
}

function notFound({ clusterKinds }: CertificateContext, key: IssuerKey): string {
  if (key.kind === 'ClusterOriginIssuer' && !clusterKinds) {
    return (
      'This operator watches chosen namespaces and does not read ClusterOriginIssuers; ' +
      'refer to an OriginIssuer of the namespace, or start the operator with --cluster-kinds.'
    );
  }
  const where = key.kind === 'OriginIssuer' ? ` in namespace ${key.namespace}` : '';
  return `There is no ${key.kind} ${key.name}${where}; create it, or correct spec.issuerRef.`;
}

async function refusal(
  context: CertificateContext,
  key: IssuerKey,
  issuer: IssuerObject,
  { metadata: { namespace }, spec }: OriginCertificate,
  signal: AbortSignal,
): Promise<string | undefined> {
  const refused = await refusedBy(context, key, issuer, namespace, spec.hostnames, signal);
  const [first] = refused;
  if (first === undefined) return undefined;
  const rules = issuer.allow ?? [];
  const allowed =
    key.kind === 'ClusterOriginIssuer'
      ? `${first} is allowed to ${whoMay(rules, first)}.`
      : `It allows ${firstOf([...new Set(rules.flatMap(({ hostnames }) => hostnames))])}.`;
  return (
    `${key.kind} ${key.name} does not let namespace ${namespace} ask for ${refused.join(', ')}. ${allowed} ` +
    `Extend spec.allow of the issuer, or take the names out of spec.hostnames.`
  );
}

/** Labels of the namespace, read live where a rule asks for them; an OriginIssuer's rules never do. */
async function namespaceLabels(
  { kube }: CertificateContext,
  key: IssuerKey,
  namespace: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (key.kind === 'OriginIssuer') return {};
  const found = await kube.get(namespaces, { name: namespace }, { signal });
  return found?.metadata.labels ?? {};
}

function outside({ spec }: OriginCertificate, zones: readonly Zone[]): string[] {
  return spec.hostnames.filter((hostname) => zoneOf(hostname, zones) === undefined);
}

function noZone(key: IssuerKey, lost: readonly string[], zones: readonly Zone[]): string {
  const seen = firstOf(zones.map(({ name }) => name)) || 'none';
  return (
    `${lost.join(', ')}: in none of the zones that the token of ${nameOf(key)} sees (${seen}). ` +
    'Correct the hostname, or give the token access to its zone.'
  );
}

/** Names in a message; an issuer may allow thousands. */
const SHOWN = 10;

function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
