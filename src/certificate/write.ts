import { ANNOTATION, FIELD_MANAGER, SECRET_KEY } from '../api/names.ts';
import { KubeError } from '../kube/errors.ts';
import type { Secret } from '../kube/object.ts';
import { secrets } from '../kube/resource.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { originCertificates } from '../resources.ts';
import { decode, type SecretFacts, secretFacts } from '../secret-facts.ts';
import type { CertificateContext } from './context.ts';
import { announce } from './announce.ts';
import { gate } from './gates.ts';
import { type Issuance, patchPending, refusedWrite } from './pending-io.ts';
import { issueReason, recordOf, replacedCertificate, replacedSecret } from './judge.ts';
import { observeLive, type Seen } from './observe.ts';
import { noteReplaced, noteStray, sayWhatRekeyLeaves } from './note-replaced.ts';
import { OBSERVE, type Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import { pause } from './pause.ts';
import { isFinished, isUnwanted } from './pending-rules.ts';
import { subjectKey } from './subject.ts';
import type { TargetRecord } from './record.ts';
import { targetSecret } from './target.ts';
import { isLiving, type Living } from './world.ts';

/** How often a conflicting write is judged and tried anew before the queue's backoff takes over. */
const ATTEMPTS = 5;

interface Checked {
  readonly certificate: CertificateFacts;
  readonly pem: string;
}

/**
 * Puts a checked certificate in place. What is good is judged by the object and target read here, just before the
 * write; a change in the instant between is caught by the resourceVersion or healed by the next pass.
 */
export async function writeTarget(
  context: CertificateContext,
  issuance: Issuance,
  checked: Checked,
  how: 'issued' | 'recovered',
  signal: AbortSignal,
): Promise<Outcome> {
  const { namespace, name } = issuance.world.certificate.metadata;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const seen = await observeLive(context, { namespace, name }, signal);
    const { world } = seen;
    const { pending } = world;
    if (
      pending === undefined &&
      world.leaving?.certificate.metadata.uid === issuance.world.certificate.metadata.uid
    )
      return noteStray(context, world.leaving, checked.certificate, signal);
    if (pending?.uid !== issuance.pending.uid || !isLiving(world) || isUnwanted(world, pending))
      return OBSERVE;
    // An earlier write arrived after all: written again, it would name itself as the one that it replaces.
    if (isFinished(world, pending)) return OBSERVE;
    if (pause(world) ?? gate(world, 'target')) return park(context, pending, checked, OBSERVE, signal);
    try {
      const noted = await noteReplaced(context, world, pending, signal);
      const target = await applyTarget(context, seen, noted, pending, checked, signal);
      const facts = secretFacts(target, context.roots);
      const after = { ...seen, world: { ...noted, target: facts, served: 'Lagging' as const }, target };
      return written(context, after, noted, checked, how);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const isConflict = error.kind === 'Conflict' || error.kind === 'AlreadyExists';
      if (isConflict && attempt < ATTEMPTS) continue;
      return afterParking(context, pending, checked, { error, secretName: world.secretName }, signal);
    }
  }
  return OBSERVE;
}

/** The write did not succeed: the certificate is kept first, then the error says how it goes on. */
async function afterParking(
  context: CertificateContext,
  pending: Pending,
  checked: Checked,
  { error, secretName }: { readonly error: KubeError; readonly secretName: string },
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await park(context, pending, checked, OBSERVE, signal);
  } catch (parking) {
    // The API server has trouble with everything: the certificate will be found again by its key.
    context.log.debug({ problem: parking instanceof Error ? parking.message : 'unknown' }, 'not parked');
  }
  return refusedWrite(error, secretName);
}

async function applyTarget(
  context: CertificateContext,
  seen: Seen,
  world: Living,
  pending: Pending,
  checked: Checked,
  signal: AbortSignal,
): Promise<Secret> {
  const { certificate, target } = world;
  const replaced = replacedSecret(world);
  const previous = replacedCertificate(replaced);
  const record: TargetRecord = {
    certificateName: certificate.metadata.name,
    certificateId: checked.certificate.id,
    previousCertificateId: previous?.id ?? '',
    revision: replaced && previous ? recordOf(certificate, replaced, previous).revision + 1 : 1,
    issuedFor: certificate.metadata.uid,
    handledRenewRequest: pending.requests.renew,
    handledRekeyRequest: pending.requests.rekey,
    need: pending.need ?? { hostnames: [] },
    adopted: target?.annotations[ANNOTATION.adopted] !== undefined,
  };
  const privateKeyPem = decode(seen.pending?.data?.[SECRET_KEY.privateKey]) ?? '';
  const content = { certificate, record, certificatePem: checked.pem, privateKeyPem, roots: context.roots };
  context.memory.pendings.writing(pending.uid);
  try {
    const applied = await apply(context, targetSecret(content, target), target, signal);
    context.memory.pendings.writeAnswered(pending.uid);
    return applied;
  } catch (error) {
    if (error instanceof KubeError && isAnswer(error)) context.memory.pendings.writeAnswered(pending.uid);
    throw error;
  }
}

/** The server has spoken: the write cannot take effect later. */
function isAnswer({ kind }: KubeError): boolean {
  return kind !== 'Network' && kind !== 'Timeout' && kind !== 'Server' && kind !== 'Aborted';
}

/** Forced only over what was read live: its uid and resourceVersion are in the body. */
export async function apply(
  { kube }: CertificateContext,
  body: Secret,
  existing: SecretFacts | undefined,
  signal: AbortSignal,
): Promise<Secret> {
  if (existing) await checkNewOwners(kube, body, existing, signal);
  return kube.apply(secrets, body, {
    signal,
    fieldManager: FIELD_MANAGER.certificate,
    force: existing !== undefined,
  });
}

/**
 * With `--cascade=orphan` the garbage collector takes our reference off the Secret before the object goes: put back, it
 * would take the Secret along after all. Whoever is there after the Secret was read lost no reference before.
 */
async function checkNewOwners(
  kube: CertificateContext['kube'],
  { metadata: { namespace = '', ownerReferences = [] } }: Secret,
  { owners }: SecretFacts,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, uid } of ownerReferences.filter((each) => owners.every((own) => own.uid !== each.uid))) {
    const found = await kube.get(originCertificates, { namespace, name }, { signal });
    if (found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined) continue;
    throw new KubeError('Conflict', `OriginCertificate ${name} is being deleted`);
  }
}

function written(
  context: CertificateContext,
  seen: Seen,
  before: Living,
  { certificate: { id } }: Checked,
  how: 'issued' | 'recovered',
): Outcome {
  const { namespace, name, uid } = before.certificate.metadata;
  const reason = issueReason(before) ?? 'Renewing';
  context.memory.issued(uid, { id, time: context.clock.now() });
  context.memory.succeeded(subjectKey({ namespace, name }));
  context.count.issuance(how);
  announce.issued(context, before, id, reason, how);
  sayWhatRekeyLeaves(context, before);
  return { next: 'decide', seen: { ...seen, world: { ...seen.world, failure: undefined } } };
}

/**
 * Keeps a checked certificate that cannot be written on its pending Secret: with it there, nothing is asked of
 * Cloudflare again until the target may be written.
 */
async function park(
  context: CertificateContext,
  pending: Pending,
  { certificate, pem }: Checked,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<Outcome> {
  if (pending.parked?.id !== certificate.id)
    await patchPending(context, pending, { certificatePem: pem }, signal);
  return outcome;
}
