import type { Condition } from '../api/conditions.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import type { Verdict } from '../probe/types.ts';
import type { CertificateContext } from './context.ts';
import type { TargetRecord } from './record.ts';
import { recordOf } from './judge.ts';
import { servedBy, type ServedFinding, type ServedSaid } from './served.ts';
import { SETTLE_MS, type Sighting } from './sightings.ts';
import type { Living, Served } from './world.ts';

/** What the certificate controller is told of origins. Where no OriginZone looks after a name, nothing. */
export interface OriginWatch {
  /** What was last seen at each address of these names; a wildcard stands for the names that it covers. */
  verdictsFor(hostnames: readonly string[]): readonly Verdict[];
  /** Has these names looked at again once that moment (monotonic ms) has passed. */
  refresh(hostnames: readonly string[], notBeforeMs: number): void;
  /** Whether any of the names is in the zone of an OriginZone. */
  watches(hostnames: readonly string[]): boolean;
}

/** The parts of the context that this needs. */
export type OriginContext = Pick<CertificateContext, 'origins' | 'clock'> & {
  readonly stores: Pick<CertificateContext['stores'], 'certificates'>;
  readonly memory: Pick<CertificateContext['memory'], 'sightings'>;
};

/** After a start the origins are looked at by then: longer nobody waits with what the status says. */
const KEEP_MS = 10 * 60_000;

type Said = Pick<Condition, 'status' | 'reason' | 'message'>;

/**
 * The condition `Served`: whether origins present the pair of the Secret. Undefined where nobody looks at them. It
 * stands beside Ready and never changes it: an Ingress controller's fault is no reason to issue anything.
 */
export function servedCondition(
  context: OriginContext,
  { certificate, secretName }: Living,
  pair: { readonly facts: CertificateFacts; readonly record: TargetRecord },
  key: string,
): Said | undefined {
  const { origins, clock } = context;
  const { sightings } = context.memory;
  const { hostnames } = certificate.spec;
  const sighting = sightings.see(key, pair.facts.fingerprintSHA256);
  const finding = lookAt(context, certificate, secretName, pair, sighting.sinceMs + SETTLE_MS);
  if (finding.type === 'found' && finding.said.status === 'True') return finding.said;
  if (finding.type !== 'unknown' || sighting.isChange) {
    const nextMs = sightings.nextLook(sighting);
    if (nextMs !== undefined) origins.refresh(hostnames, nextMs);
  }
  if (finding.type === 'found') return finding.said;
  const before = sighting.isChange ? undefined : shown(certificate);
  if (finding.type === 'awaited') return before ?? PROBING;
  const isOver = clock.monotonic() - sighting.sinceMs > KEEP_MS;
  return isOver || !origins.watches(hostnames) ? undefined : before;
}

/**
 * What the revocation of the certificate before this one waits for. A verdict may be older than the pair, and after a
 * start there is none: as long as one may still come, nobody can say that origins let the old one go.
 */
export function seenServed(
  context: OriginContext,
  { certificate, target, secretName }: Living,
  key: string,
): Served {
  if (target?.pair.state !== 'Matching') return 'Lagging';
  const facts = target.pair.certificate;
  const known = context.memory.sightings.get(key);
  const sighting = known?.fingerprint === facts.fingerprintSHA256 ? known : undefined;
  const freshMs = sighting === undefined ? Number.POSITIVE_INFINITY : sighting.sinceMs + SETTLE_MS;
  const record = recordOf(certificate, target, facts);
  const finding = lookAt(context, certificate, secretName, { facts, record }, freshMs);
  switch (finding.type) {
    case 'awaited':
      return 'Lagging';
    case 'found':
      if (finding.said.status === 'True') return 'Served';
      return finding.said.status === 'False' ? 'Lagging' : 'Unknown';
    case 'unknown':
      return isLookedFor(context, certificate.spec.hostnames, sighting) ? 'Lagging' : 'Unknown';
  }
}

/** Nobody has looked yet, and somebody will. */
function isLookedFor(
  { origins, clock }: OriginContext,
  hostnames: readonly string[],
  sighting: Sighting | undefined,
): boolean {
  if (!origins.watches(hostnames) || origins.verdictsFor(hostnames).length > 0) return false;
  return sighting === undefined || clock.monotonic() - sighting.sinceMs <= KEEP_MS;
}

/** @param freshMs monotonic: what was seen in a look that began earlier may have been served before the pair was written. */
function lookAt(
  { origins, stores }: OriginContext,
  certificate: Living['certificate'],
  secretName: string,
  { facts, record }: { readonly facts: CertificateFacts; readonly record: TargetRecord },
  freshMs: number,
): ServedFinding {
  return servedBy(origins.verdictsFor(certificate.spec.hostnames), {
    certificate: facts,
    place: `Secret ${certificate.metadata.namespace}/${secretName}`,
    formerIds: formerIds(certificate, record),
    isOthers: (id) =>
      stores.certificates
        .list()
        .some(
          ({ metadata, status }) =>
            metadata.uid !== certificate.metadata.uid && status?.certificate?.id === id,
        ),
    freshMs,
  });
}

/** Ms until what a former process saw is no longer shown, if nobody has looked by then. */
export function keptServedMs(
  { memory, clock }: OriginContext,
  { certificate }: Living,
  key: string,
): number | undefined {
  const sighting = memory.sightings.get(key);
  if (sighting === undefined || sighting.isChange || shown(certificate) === undefined) return undefined;
  const leftMs = sighting.sinceMs + KEEP_MS - clock.monotonic();
  return leftMs < 0 ? undefined : leftMs + 1;
}

const PROBING: ServedSaid = {
  status: 'Unknown',
  reason: 'Probing',
  message: 'The certificate is new in the Secret; its origins are looked at in a moment.',
};

function shown({ status }: Living['certificate']): Said | undefined {
  const found = status?.conditions?.find(({ type }) => type === 'Served');
  return found && { status: found.status, reason: found.reason, message: found.message };
}

function formerIds(
  { status }: Living['certificate'],
  { previousCertificateId }: TargetRecord,
): ReadonlySet<string> {
  return new Set([previousCertificateId, ...(status?.superseded ?? []).map(({ id }) => id)]);
}
