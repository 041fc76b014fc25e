import { rfc3339 } from '../api/conditions.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import { recordOf, replacedSecret } from './judge.ts';
import { requestsOf, type TargetRecord } from './record.ts';
import type { Living, World } from './world.ts';

/** A certificate that the present one replaced, as the status lists it. */
export type Superseded = NonNullable<NonNullable<OriginCertificate['status']>['superseded']>[number];

/** What this process found out about one of them and the status may not say yet. Times in ms since the epoch. */
export interface RevocationNote {
  readonly revokedAt?: number;
  readonly keptBecause?: string;
  /** It is in use: looked at again then. */
  readonly againAt?: number;
  /** It was tried then, and failed. */
  readonly triedAt?: number;
}

/** So many are kept in the status; one that is still to be revoked is never dropped. */
const KEPT = 5;
/** As many as the schema takes. */
const MOST = 100;
/** With so many to be revoked no renewal on request adds another. */
const CROWD = 50;

/** Tries to write one certificate follow each other within that time. */
const SAME_TRY_MS = 30_000;

/**
 * Those still to be revoked: entered for this very object while it asked for that, not expired, and not done with. One
 * that was tried stands behind those that were not.
 */
export function owed(world: World): readonly Superseded[] {
  const certificate = world.certificate ?? world.leaving?.certificate;
  if (certificate === undefined) return [];
  const triedAt = ({ id }: Superseded): number => world.revocations.get(id)?.triedAt ?? 0;
  return entriesOf(certificate, world)
    .filter((entry) => isOwed(certificate, entry) && !isOver(entry, world.now))
    .toSorted((a, b) => triedAt(a) - triedAt(b));
}

/** Whether the status has this one as to be revoked, or as done with. */
export function isMarked(world: World, certificate: OriginCertificate, id: string): boolean {
  const entry = entriesOf(certificate, world).find((each) => each.id === id);
  if (entry === undefined) return false;
  return entry.revokedAt !== undefined || entry.keptBecause !== undefined || isOwed(certificate, entry);
}

/** Whether so many wait for their revocation that none is to be added on request. */
export function isCrowded(world: World): boolean {
  return owed(world).length >= CROWD;
}

/**
 * The certificate that the next write replaces, if it is to be revoked: read with its key from its own Secret, which
 * says that it was issued for this object.
 */
export function replacedEntry(world: Living): Superseded | undefined {
  const { certificate, now } = world;
  const held = replacedSecret(world);
  if (held?.pair.state !== 'Matching') return undefined;
  const { id, notAfter } = held.pair.certificate;
  const record = recordOf(certificate, held, held.pair.certificate);
  const { issuedFor, need } = record;
  const revoke = causeOf(certificate, record);
  if (revoke === undefined || issuedFor !== certificate.metadata.uid) return undefined;
  const times = { notAfter: rfc3339(notAfter), supersededAt: rfc3339(now) };
  return { id, ...times, revoke, issuedFor, ...(need.issuer && { issuerRef: need.issuer }) };
}

/** Whether the status has it just so, of this very try to replace it: the time counts from there. */
export function isNoted({ certificate, now }: Living, { id, revoke, issuedFor }: Superseded): boolean {
  const found = certificate.status?.superseded?.find((entry) => entry.id === id);
  return (
    found?.revoke === revoke &&
    found?.issuedFor === issuedFor &&
    Math.abs(now - Date.parse(found?.supersededAt ?? '')) < SAME_TRY_MS
  );
}

/**
 * The list as the status is to have it, newest first. One is entered when the Secret says that this very object was
 * issued its successor: the record of a restored or copied Secret speaks of somebody else's. What the Secret holds is
 * not superseded, unless it is about to be.
 *
 * @param record of the pair in the Secret.
 * @param entering the one that is about to be replaced.
 */
export function supersededAfter(
  world: Living,
  record: TargetRecord | undefined,
  entering?: Superseded,
): Superseded[] | undefined {
  const { certificate, now, pending } = world;
  const { status, metadata } = certificate;
  // The write that replaces it may have been sent by a process that died since: then only the entry tells what is owed.
  const isBeingReplaced = pending !== undefined;
  const known = entriesOf(certificate, world)
    .filter(({ id }) => (id !== record?.certificateId || isBeingReplaced) && id !== entering?.id)
    .map((entry) => (isOwed(certificate, entry) ? entry : unmarked(entry)));
  const previous = [...(record ? [record] : []), ...formerRecords(world)]
    .filter(({ issuedFor }) => issuedFor === metadata.uid)
    .map(({ previousCertificateId }) => previousCertificateId)
    .filter((id) => id !== '' && id !== record?.certificateId && !known.some((each) => each.id === id));
  const entries = [...new Set(previous)].map((id) => {
    const notAfter = status?.certificate?.id === id ? status.certificate.notAfter : undefined;
    return { id, ...(notAfter !== undefined && { notAfter }), supersededAt: rfc3339(now) };
  });
  const all = [...(entering ? [entering] : []), ...entries, ...known]
    .filter((entry, index) => index < KEPT || (isOwed(certificate, entry) && !isOver(entry, now)))
    .slice(0, MOST);
  return all.length === 0 ? undefined : all;
}

/** As many as the schema takes: what nothing is to be done about goes first, then what is oldest. */
export function fitting(
  certificate: OriginCertificate,
  entries: readonly Superseded[],
  now: number,
): Superseded[] {
  const isStill = (entry: Superseded): boolean => isOwed(certificate, entry) && !isOver(entry, now);
  let room = Math.max(0, MOST - entries.filter(isStill).length);
  return entries.filter((entry) => isStill(entry) || room-- > 0).slice(0, MOST);
}

/** What the status says, and what this process knows better. */
function entriesOf({ status }: OriginCertificate, { revocations }: World): Superseded[] {
  return (status?.superseded ?? []).map((entry) => {
    const { revokedAt, keptBecause } = revocations.get(entry.id) ?? {};
    return {
      ...entry,
      ...(revokedAt !== undefined && { revokedAt: entry.revokedAt ?? rfc3339(revokedAt) }),
      ...(keptBecause !== undefined && { keptBecause }),
    };
  });
}

/** It was to be revoked when it was entered, for this object, and the spec has not taken that back. */
function isOwed({ metadata, spec }: OriginCertificate, { revoke, issuedFor }: Superseded): boolean {
  if (revoke === undefined || issuedFor !== metadata.uid) return false;
  return revoke !== 'Superseded' || spec.revocation?.superseded === 'Revoke';
}

/** Nothing is to be done about it any more. */
function isOver({ id, revokedAt, keptBecause, notAfter, supersededAt }: Superseded, now: number): boolean {
  if (revokedAt !== undefined || keptBecause !== undefined) return true;
  if (!/^\d+$/.test(id) || Number.isNaN(Date.parse(supersededAt))) return true;
  return notAfter !== undefined && Date.parse(notAfter) <= now;
}

/** It stays valid: what is asked for later does not concern it. */
function unmarked(entry: Superseded): Superseded {
  if (entry.revokedAt !== undefined || entry.keptBecause !== undefined) return entry;
  const { revoke: _, issuedFor: __, issuerRef: ___, ...rest } = entry;
  return rest;
}

/** Whether a person asked for another key because this one leaked, and the Secret's record does not say that it was done. */
export function isRekeyAsked(
  { metadata }: OriginCertificate,
  { handledRekeyRequest }: TargetRecord,
): boolean {
  const { rekey } = requestsOf(metadata.annotations);
  return rekey !== '' && rekey !== handledRekeyRequest;
}

function causeOf(certificate: OriginCertificate, record: TargetRecord): Superseded['revoke'] {
  if (isRekeyAsked(certificate, record)) return 'Rekeyed';
  return certificate.spec.revocation?.superseded === 'Revoke' ? 'Superseded' : undefined;
}

/** secretName may change before the status says what the last write replaced: then only a former Secret knows. */
function formerRecords({ certificate, formers }: Living): TargetRecord[] {
  return formers.flatMap((former) =>
    former.pair.state === 'Matching' ? recordOf(certificate, former, former.pair.certificate) : [],
  );
}
