import { keeperOf, isLabelled, type SecretFacts } from '../secret-facts.ts';
import { MANAGED } from '../api/names.ts';
import type { OriginCertificate } from '../api/v1alpha1.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { isRefusal } from './give-up.ts';
import { holdsCertificate } from './guard.ts';
import { revocationOf } from './incidents.ts';
import { isGoing } from './leaving.ts';
import { revokeKey } from './attempts.ts';
import type { IssuerRef } from './need.ts';
import { failedRequest, OBSERVE, type Outcome } from './outcome.ts';
import { type Revocation, revokeOne, servingSecrets } from './revocation.ts';
import { revokersOf } from './token-sessions.ts';
import type { RevocationNote, Superseded } from './superseded.ts';
import { subjectKey } from './subject.ts';
import { isLiving, type World } from './world.ts';

/** One whose Secret came back while its object is being deleted: until that is gone once more. */
const BACK_MS = 5000;
/** One that is in use is looked at again after that time: a leaked key is worth a closer look. */
const AGAIN_MS = { Superseded: 3_600_000, Rekeyed: 60_000, Deleted: 0 } as const;
/** A leaked certificate is not left to an origin that does not let it go. */
const REKEY_LONGEST_MS = 10 * 60_000;

/**
 * Revokes certificates whose time has come, each behind the guard. What became of each is remembered until the status
 * says it; after a crash in between, Cloudflare says that it is revoked already.
 */
export async function revokeSuperseded(
  context: CertificateContext,
  world: World,
  entries: readonly Superseded[],
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const certificate = world.certificate ?? world.leaving?.certificate;
  if (certificate === undefined) return OBSERVE;
  const { namespace } = certificate.metadata;
  let serving: SecretFacts[];
  try {
    serving = await servingSecrets(context, namespace, signal);
  } catch (error) {
    return revocationFailed(error, `Replaced certificate ${idsOf(entries)}`, signal);
  }
  const work = async (entry: Superseded): Promise<void> => {
    // Until something else is known of it: the next time another one goes first.
    note(context, certificate, key, entry.id, { triedAt: context.clock.now() });
    const revoked = await revokeEntry(context, certificate, entry, serving, signal);
    note(context, certificate, key, entry.id, noteOf(context, world, entry, revoked, serving));
    tell(context, world, entry, revoked);
  };
  const isTurn = ({ issuerRef }: Superseded): boolean => hasTurn(context, certificate, issuerRef, key);
  const failed = await eachOf(entries, isTurn, signal, work);
  if (failed) return revocationFailed(failed.error, `Replaced certificate ${failed.id}`, signal);
  context.memory.succeeded(revokeKey(key));
  return OBSERVE;
}

/** Whether the object's turn goes on with a look at another certificate: each is paid for like the first. */
export function hasTurn(
  context: CertificateContext,
  certificate: OriginCertificate,
  issuerRef: IssuerRef | undefined,
  key: string,
): boolean {
  const want = revocationOf(context, certificate, issuerRef, key);
  return want === undefined || context.line.admits(want);
}

/**
 * One that cannot be revoked holds back no other: the first of them and its error, when all were tried for which it was
 * the object's turn. What is left stands in line again.
 */
export async function eachOf<One extends { readonly id: string }>(
  all: readonly One[],
  isTurn: (one: One) => boolean,
  signal: AbortSignal,
  work: (one: One) => Promise<void>,
): Promise<{ readonly id: string; readonly error: unknown } | undefined> {
  let failed: { readonly id: string; readonly error: unknown } | undefined;
  for (const [index, one] of all.entries()) {
    if (index > 0 && !isTurn(one)) break;
    try {
      await work(one);
    } catch (error) {
      failed ??= { id: one.id, error };
      if (signal.aborted) break;
    }
  }
  return failed;
}

function revokeEntry(
  context: CertificateContext,
  certificate: OriginCertificate,
  entry: Superseded,
  serving: readonly SecretFacts[],
  signal: AbortSignal,
): Promise<Revocation> {
  const { name, namespace } = certificate.metadata;
  const isRekeyed = entry.revoke === 'Rekeyed';
  // A released Secret that still holds a leaked pair is no reason to let the pair live.
  const isLetGo = (secret: SecretFacts): boolean =>
    isRekeyed && keeperOf(secret) === name && isLabelled(secret, MANAGED.released);
  const isLate = isRekeyed && context.clock.now() - Date.parse(entry.supersededAt) >= REKEY_LONGEST_MS;
  const isWhereverServed = isLate || entry.revoke === 'Deleted';
  const wish = {
    id: entry.id,
    namespace,
    asker: subjectKey({ namespace, name }),
    claim: { by: 'status' } as const,
    sessions: revokersOf(context, certificate, entry.issuerRef),
    serving: serving.filter((secret) => !isLetGo(secret)),
    // Every write that carried it was sent before the one that replaced it, and that refuses those that come late.
    writeMs: 0,
    ...(!isWhereverServed && { presentedAt: (facts: CertificateFacts) => presentedAt(context, facts) }),
  };
  return revokeOne(context, wish, signal);
}

/** Where a probe last met the certificate, under any of its own names: the spec may have other names by now. */
export function presentedAt(
  { origins }: CertificateContext,
  { id, hostnames }: CertificateFacts,
): string | undefined {
  return origins.verdictsFor(hostnames).find(({ presented }) => presented?.id === id)?.address;
}

function noteOf(
  { clock }: CertificateContext,
  { leaving }: World,
  entry: Superseded,
  revoked: Revocation,
  serving: readonly SecretFacts[],
): RevocationNote {
  const now = clock.now();
  switch (revoked.result) {
    case 'revoked':
    case 'over':
      return { revokedAt: now };
    case 'kept':
      return { keptBecause: revoked.why };
    case 'held':
      if (!leaving) return { againAt: now + AGAIN_MS[entry.revoke ?? 'Superseded'] };
      if (isBack(leaving.certificate, entry, serving)) return { againAt: now + BACK_MS };
      // An object that is being deleted does not wait for those who still use it.
      return { keptBecause: revoked.why };
    case 'wait':
      return { againAt: now + revoked.ms };
  }
}

/** A late write brought back a Secret that goes with the object: it is deleted once more, and keeps nothing valid. */
function isBack(
  certificate: OriginCertificate,
  { id }: Superseded,
  serving: readonly SecretFacts[],
): boolean {
  return serving.some((secret) => holdsCertificate(secret, id) && isGoing(secret, certificate));
}

/** What the status does not list any more needs no note. */
function note(
  { memory }: CertificateContext,
  { status }: OriginCertificate,
  key: string,
  id: string,
  found: RevocationNote,
): void {
  const listed = new Set(status?.superseded?.map((entry) => entry.id));
  const known = [...(memory.revocations.get(key) ?? [])].filter(([each]) => listed.has(each));
  memory.revocations.set(key, new Map([...known, [id, found]]));
}

/** No event can be told of an object that is being deleted with its namespace: the log has it all. */
function tell(
  context: CertificateContext,
  world: World,
  { id, revoke = 'Superseded' }: Superseded,
  revoked: Revocation,
): void {
  if (!isLiving(world)) {
    context.log.info({ certificateId: id, reason: revoke, ...revoked }, 'certificate of a deleted object');
    return;
  }
  if (revoked.result === 'revoked') announce.revokedReplaced(context, world, id, revoke);
  const isSpared = revoked.result === 'kept' || revoked.result === 'held';
  if (isSpared && world.revocations.get(id)?.againAt === undefined)
    announce.notRevoked(context, world, id, revoked.why);
}

function idsOf(entries: readonly Superseded[]): string {
  return entries.map(({ id }) => id).join(', ');
}

/** It is tried again later, and said: a person may have to help. `what` begins the sentence. */
export function revocationFailed(error: unknown, what: string, signal: AbortSignal): Outcome {
  const told = (message: string): string => `${what} could not be revoked: ${message}`;
  if (error instanceof Error && isRefusal(error) && error.name === 'NoTokenError') {
    return { next: 'failed', attempt: { reason: 'PermissionMissing', message: told(error.message) } };
  }
  const outcome = failedRequest(error, signal);
  if (outcome.next !== 'failed') return outcome;
  return { next: 'failed', attempt: { ...outcome.attempt, message: told(outcome.attempt.message) } };
}
