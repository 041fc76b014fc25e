import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { Zone } from '../cloudflare/results.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { keeperOf } from '../secret-facts.ts';
import type { IssuerSession, IssuerSessions } from '../sessions.ts';
import type { Stores } from '../stores.ts';

/** A certificate that a Secret of ours holds for a living OriginCertificate. */
export interface InUse {
  readonly id: string;
  /** Queue key of that OriginCertificate. */
  readonly key: string;
  /** Its issuer's. */
  readonly session: IssuerSession;
  /** Whether no other zone can hold it: then it has to be in this one's listing. */
  readonly isOfOneZone: boolean;
  /** Ms since the epoch. */
  readonly notBefore: number;
}

const YOUNG_MS = 3_600_000;

/**
 * Whether Cloudflare may not know everywhere of the certificate yet.
 *
 * @param at ms since the epoch.
 */
export function isYoung({ notBefore }: Pick<InUse, 'notBefore'>, at: number): boolean {
  return notBefore > at - YOUNG_MS;
}

/** A zone at Cloudflare, and what is in use of it. */
export interface ZoneInUse {
  readonly id: string;
  readonly name: string;
  /** Issuers whose tokens see it, one per token. */
  readonly sessions: readonly IssuerSession[];
  readonly certificates: readonly InUse[];
}

/** The parts of the caches that tell what is in use. */
export interface Cluster {
  readonly stores: {
    readonly certificates: Pick<Stores['certificates'], 'list'>;
    readonly secrets: Pick<Stores['secrets'], 'get' | 'list'>;
  };
  readonly sessions: Pick<IssuerSessions, 'get'>;
}

interface Draft {
  readonly name: string;
  readonly sessions: Map<string, IssuerSession>;
  readonly certificates: InUse[];
}

/**
 * Every zone of a certificate in use that its issuer's token sees, by the zone's id.
 *
 * @param now ms since the epoch: what is past its end is renewed in any case.
 */
export function zonesInUse({ stores, sessions }: Cluster, now: number): ReadonlyMap<string, ZoneInUse> {
  const drafts = new Map<string, Draft>();
  const zonesByName = new Map<IssuerSession, ReadonlyMap<string, readonly Zone[]>>();
  for (const certificate of stores.certificates.list()) {
    const facts = certificateInUse(certificate, stores.secrets);
    const session = facts && facts.notAfter > now ? sessionOf(certificate, sessions) : undefined;
    if (facts === undefined || session === undefined) continue;
    const named = zonesByName.get(session) ?? Map.groupBy(session.zones, ({ name }) => name);
    zonesByName.set(session, named);
    const zones = new Set(facts.hostnames.flatMap((hostname) => zonesFor(hostname, named)));
    for (const zone of zones) {
      const draft: Draft = drafts.get(zone.id) ?? { name: zone.name, sessions: new Map(), certificates: [] };
      drafts.set(zone.id, draft);
      draft.sessions.set(session.tokenDigest, session);
      const { namespace, name } = certificate.metadata;
      const { id, notBefore } = facts;
      const isOfOneZone = zones.size === 1;
      draft.certificates.push({ id, key: `${namespace}/${name}`, session, isOfOneZone, notBefore });
    }
  }
  return new Map(
    [...drafts].map(([id, draft]) => [id, { ...draft, id, sessions: [...draft.sessions.values()] }]),
  );
}

/** Ids of the certificates in use, whatever is known of their zones. */
export interface IdsInUse {
  readonly all: ReadonlySet<string>;
  /** Of these: whose issuer's token is not known to work, so that nobody can tell their zones. */
  readonly unplaced: ReadonlySet<string>;
}

/** @param now ms since the epoch. */
export function idsInUse({ stores, sessions }: Cluster, now: number): IdsInUse {
  const all = new Set<string>();
  const unplaced = new Set<string>();
  for (const certificate of stores.certificates.list()) {
    const facts = certificateInUse(certificate, stores.secrets);
    if (facts === undefined || facts.notAfter <= now) continue;
    all.add(facts.id);
    if (sessionOf(certificate, sessions) === undefined) unplaced.add(facts.id);
  }
  return { all, unplaced };
}

function certificateInUse(
  { metadata, spec }: OriginCertificate,
  secrets: Pick<Stores['secrets'], 'get'>,
): CertificateFacts | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const target = secrets.get({ namespace: metadata.namespace, name: spec.secretName });
  if (target === undefined || keeperOf(target) !== metadata.name) return undefined;
  return target.pair.state === 'Matching' && target.pair.certificate.trusted
    ? target.pair.certificate
    : undefined;
}

/** Undefined while the issuer's token is not known to work. */
function sessionOf(
  { metadata, spec }: OriginCertificate,
  sessions: Pick<IssuerSessions, 'get'>,
): IssuerSession | undefined {
  const { kind, name } = spec.issuerRef;
  const session = sessions.get({ kind, name, namespace: kind === 'OriginIssuer' ? metadata.namespace : '' });
  return session?.ready === true && session.client !== undefined ? session : undefined;
}

/** The zones of the longest name that the hostname lies in, by labels: there may be ten thousand certificates. */
function zonesFor(hostname: string, byName: ReadonlyMap<string, readonly Zone[]>): readonly Zone[] {
  let name = hostname.startsWith('*.') ? hostname.slice(2) : hostname;
  for (;;) {
    const found = byName.get(name);
    if (found !== undefined) return found;
    const dot = name.indexOf('.');
    if (dot < 0) return [];
    name = name.slice(dot + 1);
  }
}
