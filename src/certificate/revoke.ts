import { CloudflareError } from '../cloudflare/errors.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import { secrets } from '../kube/resource.ts';
import { inspectCertificate } from '../pki/inspect.ts';
import { type SecretFacts, secretFacts } from '../secret-facts.ts';
import type { IssuerSession } from '../sessions.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { discard, type Settlement } from './discard.ts';
import { isRefusal, NoTokenError } from './give-up.ts';
import { guardRevocation } from './guard.ts';
import { refusedHostnames } from './issuer-view.ts';
import { settleKey } from './memory.ts';
import type { Outcome } from './outcome.ts';
import { isPendingSecret, type Pending } from './pending.ts';
import { sessionsFor } from './search.ts';
import { heldBack, refusedOrFailed } from './settle-trouble.ts';

/** Revokes what is noted, each id behind the guard, and gives the key up when nothing is left to do. */
export async function revoke(
  context: CertificateContext,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<Outcome> {
  const { pending } = settlement;
  const held = heldBack(context, settlement);
  if (held !== undefined) return held;
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

/** Undefined when the id is done with, one way or the other. Each session is tried until one is not refused. */
async function revokeOne(
  context: CertificateContext,
  settlement: Settlement,
  id: string,
  serving: readonly SecretFacts[],
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  let refusal: unknown = new NoTokenError();
  for (const session of sessionsFor(context, settlement.pending, settlement.otherIssuers)) {
    try {
      const rest = await revokeWith(context, session, settlement, id, serving, signal);
      // Only now: a token that is let read and never revoke would otherwise hold the object for ever.
      context.memory.refusedSince(settleKey(settlement.key), undefined);
      return rest;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

async function revokeWith(
  context: CertificateContext,
  session: IssuerSession,
  { pending }: Settlement,
  id: string,
  serving: readonly SecretFacts[],
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const certificate = await read(session, id, signal);
  const facts = certificate && inspectCertificate(certificate.certificate, context.roots.certificates);
  const notAllowed = facts
    ? await refusedHostnames(context, session.key, pending.namespace, facts.hostnames, signal)
    : [];
  if (notAllowed === undefined) throw new NoTokenError(); // The issuer went: what it allowed is not known any more.
  const verdict = guardRevocation({
    id,
    pendingKeyDigest: pending.keyDigest ?? '',
    certificate: facts,
    revokedAlready: certificate?.revokedAt !== undefined,
    secrets: serving,
    notAllowed,
    writeMs: context.memory.waits(pending).writeMs,
  });
  switch (verdict.verdict) {
    case 'wait':
      return { next: 'wait', ms: verdict.ms };
    case 'keep':
      context.count.revocation('kept');
      context.log.info({ certificateId: id, why: verdict.why }, 'certificate not revoked');
      return undefined;
    case 'revoke':
      await carryOut(context, session, pending, id, signal);
      return undefined;
  }
}

async function carryOut(
  context: CertificateContext,
  session: IssuerSession,
  pending: Pending,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const result = await session.client?.revokeCertificate(id, { signal });
    context.count.revocation(result === 'revoked' ? 'revoked' : 'already_revoked');
  } catch (error) {
    context.count.revocation('failed');
    throw error;
  }
  announce.revoked(context, pending, id);
}

/** The certificate of an id; undefined when Cloudflare has none. */
async function read(
  session: IssuerSession,
  id: string,
  signal: AbortSignal,
): Promise<ListedCertificate | undefined> {
  try {
    return await session.client?.getCertificate(id, { signal });
  } catch (error) {
    if (error instanceof CloudflareError && error.kind === 'NotFound') return undefined;
    throw error;
  }
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
    .filter((facts) => !isPendingSecret(facts));
}
