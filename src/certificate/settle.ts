import { CloudflareError } from '../cloudflare/errors.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import { secrets } from '../kube/resource.ts';
import { inspectCertificate } from '../pki/inspect.ts';
import { type SecretFacts, secretFacts } from '../secret-facts.ts';
import type { IssuerSession } from '../sessions.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { guardRevocation } from './guard.ts';
import { refusedHostnames } from './issuer-view.ts';
import type { IssuerRef } from './need.ts';
import { failedRequest, OBSERVE, type Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import { deletePending, patchPending } from './pending-io.ts';
import { find, sessionsFor } from './search.ts';

/** How long an unwanted issuance is kept for while no token at hand may look for it. */
const GIVE_UP_MS = 5 * 60_000;
const LOOK_AGAIN_MS = 15_000;

/** A pass over an issuance that is not wanted any more. */
export interface Settlement {
  readonly pending: Pending;
  /** The queue key of the subject. */
  readonly key: string;
  /** The issuer that the object names now: its token may see the zone when the former issuer is gone. */
  readonly otherIssuers: readonly IssuerRef[];
}

/**
 * Looks for what an unwanted issuance left at Cloudflare. What is found is noted on the pending Secret before
 * anything is done about it: from then on that certificate can only be revoked, whatever spec and target say.
 */
export async function settle(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending, key } = settlement;
  try {
    const sessions = sessionsFor(context, pending, settlement.otherIssuers);
    const found = await find(context, pending, sessions, key, signal);
    switch (found.kind) {
      case 'reading':
        return { next: 'wait', ms: LOOK_AGAIN_MS };
      case 'unseen':
        return await giveUpLater(
          context,
          settlement,
          `no token at hand sees the zone of ${found.hostname}`,
          signal,
        );
      case 'nothing':
        if (pending.revoke.length > 0) return await note(context, pending, [], signal);
        return await discard(context, settlement, 'Cloudflare has nothing for its key', signal);
      case 'matches':
        return await note(
          context,
          pending,
          found.certificates.map(({ id }) => id),
          signal,
        );
    }
  } catch (error) {
    return await refusedOrFailed(context, settlement, error, signal);
  }
}

/** Revokes what is noted, each id behind the guard, and gives the key up when nothing is left to do. */
export async function revoke(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending } = settlement;
  try {
    const serving = await secretsOf(context, pending.namespace, signal);
    for (const id of pending.revoke) {
      const rest = await revokeOne(context, settlement, id, serving, signal);
      if (rest !== undefined) return rest;
    }
    return await discard(context, settlement, 'what it left is revoked or in use', signal);
  } catch (error) {
    return await refusedOrFailed(context, settlement, error, signal);
  }
}

/** Deletes the pending Secret and clears what was remembered of its troubles. */
export async function discard(
  context: CertificateContext,
  { pending, key }: Pick<Settlement, 'pending' | 'key'>,
  why: string,
  signal: AbortSignal,
): Promise<Outcome> {
  await deletePending(context, pending, signal);
  context.memory.succeeded(key);
  context.memory.refusedSince(troubleKey(key), undefined);
  context.log.debug({ secret: `${pending.namespace}/${pending.name}`, why }, 'pending Secret deleted');
  return OBSERVE;
}

async function note(
  context: CertificateContext,
  pending: Pending,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  await patchPending(context, pending, { postedAt: '', revoke: [...pending.revoke, ...ids] }, signal);
  return OBSERVE;
}

/** Undefined when the id is done with, one way or the other. */
async function revokeOne(
  context: CertificateContext,
  { pending, otherIssuers }: Settlement,
  id: string,
  serving: readonly SecretFacts[],
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const sessions = sessionsFor(context, pending, otherIssuers);
  const { session, certificate } = await locate(sessions, id, signal);
  const facts = certificate && inspectCertificate(certificate.certificate, context.roots.certificates);
  const verdict = guardRevocation({
    id,
    pendingKeyDigest: pending.keyDigest ?? '',
    certificate: facts,
    revokedAlready: certificate?.revokedAt !== undefined,
    secrets: serving,
    notAllowed: facts
      ? await refusedHostnames(context, session.key, pending.namespace, facts.hostnames, signal)
      : [],
    writeMs: context.memory.waits(pending).writeMs,
  });
  switch (verdict.verdict) {
    case 'wait':
      return { next: 'wait', ms: verdict.ms };
    case 'keep':
      context.count.revocation('kept');
      context.log.info({ certificateId: id, why: verdict.why }, 'certificate not revoked');
      return undefined;
    case 'revoke': {
      const result = await session.client?.revokeCertificate(id, { signal });
      context.count.revocation(result === 'revoked' ? 'revoked' : 'already_revoked');
      announce.revoked(context, pending, id);
      return undefined;
    }
  }
}

/** The certificate of an id, by the first session that may read it; undefined when Cloudflare has none of that id. */
async function locate(
  sessions: readonly IssuerSession[],
  id: string,
  signal: AbortSignal,
): Promise<{ session: IssuerSession; certificate: ListedCertificate | undefined }> {
  let refusal: unknown = new NoTokenError();
  for (const session of sessions) {
    try {
      return { session, certificate: await session.client?.getCertificate(id, { signal }) };
    } catch (error) {
      if (!(error instanceof CloudflareError)) throw error;
      if (error.kind === 'NotFound') return { session, certificate: undefined };
      if (!isRefusal(error)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Every Secret of the namespace that an Ingress or Gateway could serve, as it is now. */
async function secretsOf(
  { kube, roots }: CertificateContext,
  namespace: string,
  signal: AbortSignal,
): Promise<SecretFacts[]> {
  const all = await kube.listAll(secrets, { namespace, signal });
  return all
    .filter(({ data }) => data?.['tls.crt'] !== undefined)
    .map((secret) => secretFacts(secret, roots))
    .filter(isServing);
}

function isServing({ type }: SecretFacts): boolean {
  return type !== 'originca.dev/pending';
}

/** No issuer that could be asked has a token. */
class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  constructor() {
    super('the issuer it was posted to is gone, and no other issuer of the object can be asked');
  }
}

function isRefusal({ kind }: CloudflareError): boolean {
  return kind === 'CredentialsInvalid' || kind === 'PermissionMissing' || kind === 'RequestRejected';
}

async function refusedOrFailed(
  context: CertificateContext,
  settlement: Settlement,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  if (error instanceof NoTokenError || (error instanceof CloudflareError && isRefusal(error))) {
    return giveUpLater(context, settlement, error.message, signal);
  }
  if (error instanceof CloudflareError) context.count.revocation('failed');
  return failedRequest(error, signal);
}

/**
 * No token may look for or revoke what this issuance may have left. That must not hold the object for ever: after a
 * while the pending Secret goes, and the certificate, if there is one, stays at Cloudflare, which is said aloud.
 */
async function giveUpLater(
  context: CertificateContext,
  settlement: Settlement,
  why: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending, key } = settlement;
  const leftMs = context.memory.refusedSince(troubleKey(key), 'NoToken') + GIVE_UP_MS - context.clock.now();
  if (leftMs > 0) return { next: 'wait', ms: Math.min(leftMs, 30_000) };
  context.count.revocation('abandoned');
  announce.abandoned(context, pending, why);
  return discard(context, settlement, 'abandoned', signal);
}

function troubleKey(key: string): string {
  return `${key} settle`;
}
