import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../api/conditions.ts';
import { FIELD_MANAGER } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { originCertificates } from '../resources.ts';
import type { Action } from './action.ts';
import { announce } from './announce.ts';
import { conditionsOf } from './conditions.ts';
import type { CertificateContext } from './context.ts';
import type { Failure } from './failure.ts';
import { recordOf, replacedCertificate } from './judge.ts';
import { mendKey } from './attempts.ts';
import { servedCondition } from './origins.ts';
import { askedAt } from './recall.ts';
import type { TargetRecord } from './record.ts';
import { renewalOf } from './renewal.ts';
import { outlivesRoot } from './root.ts';
import { type Superseded, supersededAfter } from './superseded.ts';
import type { Living } from './world.ts';

type Status = NonNullable<OriginCertificate['status']>;

const ISSUED_KEPT = 10;

/**
 * Writes the status once, and only if it differs: a server-side apply with the resourceVersion read, so that it
 * never describes an object that has changed since. Resolves to the object as it is then.
 *
 * @param entering the certificate that is about to be replaced, if it is to be revoked.
 */
export async function report(
  context: CertificateContext,
  world: Living,
  action: Action,
  key: string,
  signal: AbortSignal,
  entering?: Superseded,
): Promise<OriginCertificate> {
  const { certificate } = world;
  const status = statusOf(context, world, action, key, entering);
  if (isDeepStrictEqual(withoutUndefined(certificate.status ?? {}), status)) return certificate;
  const applied = await applyStatus(context, certificate, status, signal);
  announceTrouble(context, world, status);
  announceRoot(context, world, status);
  return applied;
}

/** The whole status as it is to be, of the object as it was read. */
export function applyStatus(
  { kube }: CertificateContext,
  { apiVersion, kind, metadata }: OriginCertificate,
  status: Status,
  signal: AbortSignal,
): Promise<OriginCertificate> {
  const { name, namespace, uid, resourceVersion } = metadata;
  // Without a spec: an apply that carried it would make this controller an owner of what people write.
  const body = {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion },
    status,
  } as OriginCertificate;
  return kube.apply(originCertificates, body, {
    signal,
    fieldManager: FIELD_MANAGER.certificate,
    force: true,
    subresource: 'status',
  });
}

/** An event for every new reason why no certificate can be issued; the same reason again is not news. */
function announceTrouble(context: CertificateContext, world: Living, status: Status): void {
  const troubleIn = (conditions: Status['conditions']) =>
    conditions?.find((condition) => condition.type === 'Issuing' && condition.status === 'False');
  const trouble = troubleIn(status.conditions);
  const before = troubleIn(world.certificate.status?.conditions);
  if (trouble && trouble.reason !== before?.reason)
    announce.trouble(context, world, trouble.reason, trouble.message);
}

/** An event when Ready begins to say that the certificate outlives its root. */
function announceRoot(context: CertificateContext, world: Living, status: Status): void {
  const facts = factsOf(world);
  const outlives = facts && outlivesRoot(facts);
  if (outlives === undefined) return;
  const says = ({ conditions }: Status): boolean =>
    conditions?.some(({ type, message }) => type === 'Ready' && message.endsWith(outlives)) ?? false;
  if (says(status) && !says(world.certificate.status ?? {})) announce.outlivesRoot(context, world, outlives);
}

/** The certificate in use, if it is this object's to keep. */
function factsOf({ target, holder }: Living): CertificateFacts | undefined {
  return target?.pair.state === 'Matching' && holder.kind === 'this'
    ? replacedCertificate(target)
    : undefined;
}

/** The status that this world and this action make true. */
function statusOf(
  context: CertificateContext,
  world: Living,
  action: Action,
  key: string,
  entering: Superseded | undefined,
): Status {
  const { certificate, target } = world;
  const facts = factsOf(world);
  const record = target && facts ? recordOf(certificate, target, facts) : undefined;
  const refusal = refusalOf(world, action);
  const sinceMs = context.memory.attempts.refusedSince(key, refusal, shownSince(certificate, refusal));
  const served = facts && record && servedCondition(context, world, { facts, record }, key);
  return withoutUndefined({
    observedGeneration: certificate.metadata.generation ?? 0,
    conditions: conditionsOf(world, action, sinceMs, served),
    ...(facts && record && describePair(context, world, facts, record)),
    superseded: supersededAfter(world, record, entering),
    issued: issuedOf(context, world, facts, record),
    failure: failureOf(context, world, key),
  }) as Status;
}

/** Why no certificate can be asked for. */
function refusalOf({ failure }: Living, action: Action): string | undefined {
  if (action.type === 'Refuse') return action.reason;
  return (action.type === 'AwaitTurn' ? action.said?.reason : undefined) ?? failure?.reason;
}

/** Since when the status shows this reason; undefined when it shows another. */
function shownSince({ status }: OriginCertificate, reason: string | undefined): number | undefined {
  const shown = status?.conditions?.find((each) => each.type === 'Issuing' && each.status === 'False');
  return shown !== undefined && shown.reason === reason ? Date.parse(shown.lastTransitionTime) : undefined;
}

function describePair(
  context: CertificateContext,
  { certificate, secretName }: Living,
  facts: CertificateFacts,
  record: TargetRecord,
): Pick<Status, 'certificate' | 'renewalTime' | 'revision'> {
  const { id, serialNumber, fingerprintSHA256, hostnames, algorithm, size, issuer } = facts;
  const known = certificate.status?.certificate;
  const here = context.memory.issuedHere(certificate.metadata.uid).find((issued) => issued.id === id);
  return {
    certificate: {
      id,
      serialNumber,
      fingerprintSHA256,
      hostnames: [...hostnames],
      algorithm: `${algorithm} ${size}`,
      issuer,
      notBefore: rfc3339(facts.notBefore),
      notAfter: rfc3339(facts.notAfter),
      ...(record.issuedFor !== '' && { issuedFor: record.issuedFor }),
      ...issuedAtOf(known?.id === id ? known.issuedAt : undefined, here?.time),
      secretName,
    },
    renewalTime: rfc3339(renewalOf(certificate, facts, record.revision).at),
    revision: record.revision,
  };
}

/** When it was issued, as far as a status or this process knows. */
function issuedAtOf(known: string | undefined, hereMs: number | undefined): { issuedAt?: string } {
  if (known !== undefined) return { issuedAt: known };
  return hereMs === undefined ? {} : { issuedAt: rfc3339(hereMs) };
}

/** The newest certificates issued for this object, for the loop guard of a later process. */
function issuedOf(
  { memory }: CertificateContext,
  { certificate, now }: Living,
  facts: CertificateFacts | undefined,
  record: TargetRecord | undefined,
): Status['issued'] {
  const { status, metadata } = certificate;
  const known = status?.issued ?? [];
  const id = facts?.id;
  const isOurs = record?.issuedFor === metadata.uid;
  if (id === undefined || !isOurs || known.some((issued) => issued.id === id))
    return known.length === 0 ? undefined : known;
  const here = memory.issuedHere(metadata.uid).find((issued) => issued.id === id);
  const entry = { time: rfc3339(here?.time ?? now), id };
  const since = askedAt(memory, certificate);
  return [...known.filter(({ time }) => Date.parse(time) >= since), entry].slice(-ISSUED_KEPT);
}

/** What a former process noted stays until it has been taken over: else a restart would lose the backoff. */
function failureOf({ memory }: CertificateContext, world: Living, key: string): Status['failure'] {
  const shown = world.failure
    ? memory.attempts.shownFailure(key)
    : world.mendFailure && memory.attempts.shownFailure(mendKey(key));
  if (shown) return describeFailure(shown);
  return memory.attempts.hasRecalled(key) ? undefined : world.certificate.status?.failure;
}

function describeFailure(failure: Failure): NonNullable<Status['failure']> {
  return withoutUndefined({
    count: failure.count,
    since: rfc3339(failure.since),
    lastTime: rfc3339(failure.lastTime),
    nextTime: rfc3339(failure.nextTime),
    reason: failure.reason,
    message: failure.message,
    rayId: failure.rayId,
  }) as NonNullable<Status['failure']>;
}

/** As JSON carries it, so that what was read and what is wanted compare alike. */
function withoutUndefined(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
