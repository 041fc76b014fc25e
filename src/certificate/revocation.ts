import { CloudflareError } from '../cloudflare/errors.ts';
import type { ListedCertificate } from '../cloudflare/results.ts';
import { secrets } from '../kube/resource.ts';
import { type CertificateFacts, inspectCertificate } from '../pki/inspect.ts';
import { type SecretFacts, secretFacts } from '../secret-facts.ts';
import type { IssuerSession } from '../sessions.ts';
import type { CertificateContext } from './context.ts';
import { isRefusal, NoTokenError } from './give-up.ts';
import { type Claim, guardRevocation, type GuardVerdict, holdsCertificate } from './guard.ts';
import { refusedHostnames } from './issuer-view.ts';
import { isPendingSecret } from './pending.ts';

/** One certificate that is to be revoked, whoever found it. */
export interface Wish {
  readonly id: string;
  /** On whose behalf: its Secrets are looked through, and it must be allowed to ask for the hostnames. */
  readonly namespace: string;
  /** The queue key of the object that asks for it. */
  readonly asker: string;
  readonly claim: Claim;
  /** Whose tokens may do it: each is tried until one is not refused. */
  readonly sessions: readonly IssuerSession[];
  /** The namespace's Secrets, as `servingSecrets` listed them for this pass. */
  readonly serving: readonly SecretFacts[];
  /** Ms until no write that carries the certificate can still arrive. */
  readonly writeMs: number;
  /** Where the certificate was last seen served. Absent: that does not count. */
  readonly presentedAt?: (certificate: CertificateFacts) => string | undefined;
}

/** What became of it. Everything but `wait` and `held` is for good. */
export type Revocation =
  | { readonly result: 'revoked' }
  | { readonly result: 'over' | 'kept' | 'held'; readonly why: string }
  | { readonly result: 'wait'; readonly ms: number };

/**
 * Revokes one certificate behind the guard, and counts what became of it. Nothing else in the operator revokes. Throws
 * NoTokenError where no token can be asked, else the error of the last one that was refused.
 */
export async function revokeOne(
  context: CertificateContext,
  wish: Wish,
  signal: AbortSignal,
): Promise<Revocation> {
  let refusal: unknown;
  const absent: Absent[] = [];
  for (const session of wish.sessions) {
    try {
      const found = await read(session, wish, signal);
      if (typeof found === 'object') return await revokeWith(context, session, wish, found, signal);
      absent.push(found); // A token of another account finds none of ours.
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal = error;
    }
  }
  if (refusal !== undefined || absent.length === 0) throw refusal ?? new NoTokenError();
  return absentFrom(context, wish.id, absent.includes('perhaps'));
}

/** Every Secret of the namespace that an Ingress or Gateway could serve, as it is now. */
export async function servingSecrets(
  { kube, roots }: CertificateContext,
  namespace: string,
  signal: AbortSignal,
): Promise<SecretFacts[]> {
  const found = await kube.collect(secrets, { namespace, signal }, (secret) =>
    secret.data?.['tls.crt'] === undefined ? [] : [secretFacts(secret, roots)],
  );
  return found.filter((facts) => !isPendingSecret(facts));
}

async function revokeWith(
  context: CertificateContext,
  session: IssuerSession,
  wish: Wish,
  certificate: ListedCertificate,
  signal: AbortSignal,
): Promise<Revocation> {
  const { id, namespace } = wish;
  const facts = inspectCertificate(certificate.certificate, context.roots.certificates);
  const notAllowed = facts
    ? await refusedHostnames(context, session.key, namespace, facts.hostnames, signal)
    : [];
  if (notAllowed === undefined) throw new NoTokenError(); // The issuer went: what it allowed is not known any more.
  const verdict = guardRevocation({
    id,
    claim: wish.claim,
    certificate: facts,
    revokedAlready: certificate.revokedAt !== undefined,
    secrets: [...wish.serving, ...keptElsewhere(context, wish)],
    presentedAt: facts && wish.presentedAt?.(facts),
    notAllowed,
    writeMs: wish.writeMs,
  });
  if (verdict.verdict === 'revoke') return carryOut(context, session, wish, signal);
  context.memory.absences.forget(id);
  return spared(context, id, verdict);
}

/** Secrets of other namespaces that hold it, by the cache: a copy that the operator keeps, as of a restored namespace. */
function keptElsewhere({ stores }: CertificateContext, { id, namespace }: Wish): readonly SecretFacts[] {
  return stores.secrets
    .list()
    .filter((secret) => secret.namespace !== namespace && holdsCertificate(secret, id));
}

function spared(
  context: CertificateContext,
  id: string,
  verdict: Exclude<GuardVerdict, { readonly verdict: 'revoke' }>,
): Revocation {
  if (verdict.verdict === 'wait') return { result: 'wait', ms: verdict.ms };
  const { why } = verdict;
  context.count.revocation(verdict.verdict === 'over' ? 'already_revoked' : 'kept');
  context.log.info({ certificateId: id, why }, 'certificate not revoked');
  return { result: verdict.verdict === 'keep' ? 'kept' : verdict.verdict, why };
}

async function carryOut(
  context: CertificateContext,
  session: IssuerSession,
  { id, asker }: Wish,
  signal: AbortSignal,
): Promise<Revocation> {
  try {
    const result = await session.client?.revokeCertificate(id, { signal, asker });
    if (result === undefined) throw new NoTokenError();
    if (result === 'not-found') return notFoundAfterAll(context, id);
    context.memory.absences.forget(id);
    context.count.revocation(result === 'revoked' ? 'revoked' : 'already_revoked');
    return { result: 'revoked' };
  } catch (error) {
    context.count.revocation('failed');
    throw error;
  }
}

/** It was just read: nobody can say what such an answer means, and less so that it is revoked. */
function notFoundAfterAll(context: CertificateContext, id: string): Revocation {
  const ms = context.memory.absences.doubt(id);
  if (ms > 0) return { result: 'wait', ms };
  context.memory.absences.forget(id);
  return spared(context, id, {
    verdict: 'keep',
    why: 'Cloudflare shows it, and knows none of this id when it is to revoke it',
  });
}

/** Every token at hand says that there is none. Where that may mean something else it is believed the second time. */
function absentFrom(context: CertificateContext, id: string, isDoubtful: boolean): Revocation {
  const ms = isDoubtful ? context.memory.absences.doubt(id) : 0;
  if (ms > 0) return { result: 'wait', ms };
  context.memory.absences.forget(id);
  return spared(context, id, { verdict: 'over', why: 'Cloudflare has no certificate of this id' });
}

/** Whether HTTP says too that there is none: the code alone is also the one of a database that cannot be read. */
type Absent = 'certainly' | 'perhaps';

/** The certificate of an id, if Cloudflare has one. */
async function read(
  session: IssuerSession,
  { id, asker }: Wish,
  signal: AbortSignal,
): Promise<ListedCertificate | Absent> {
  try {
    const found = await session.client?.getCertificate(id, { signal, asker });
    if (found === undefined) throw new NoTokenError();
    return found;
  } catch (error) {
    if (!(error instanceof CloudflareError) || error.kind !== 'NotFound') throw error;
    return error.status === 404 ? 'certainly' : 'perhaps';
  }
}
