import { FIELD_MANAGER, SECRET_KEY } from '../api/names.ts';
import type { IssueReason } from '../api/conditions.ts';
import type { CertificateRequest, CreatedCertificate } from '../cloudflare/client.ts';
import { detailsOf } from '../cloudflare/errors.ts';
import { KubeError } from '../kube/errors.ts';
import type { Secret } from '../kube/object.ts';
import { secrets } from '../kube/resource.ts';
import { createCsr } from '../pki/csr.ts';
import { generateKey } from '../pki/keys.ts';
import { decode, secretFacts } from '../secret-facts.ts';
import { announce } from './announce.ts';
import { creation } from './asks.ts';
import type { CertificateContext } from './context.ts';
import { issuerKey } from './issuer-view.ts';
import { replacedCertificate } from './judge.ts';
import { DEFAULT_VALIDITY_DAYS, issuanceNeed, keySpec } from './need.ts';
import type { Seen } from './observe.ts';
import { failedRequest, hadNoEffect, OBSERVE, type Outcome } from './outcome.ts';
import { type Pending, pendingSecret, readPending } from './pending.ts';
import { createPending, deletePending, type Issuance, patchPending, refusedWrite } from './pending-io.ts';
import { requestsOf } from './record.ts';
import { subjectKey } from './subject.ts';
import { targetSecret } from './target.ts';
import { verifyAnswer } from './verify.ts';
import type { Living } from './world.ts';
import { writeTarget } from './write.ts';

/**
 * Makes a key and keeps it in a pending Secret before anything is asked of Cloudflare, checks that the target could
 * be written, asks, and writes the answer.
 */
export async function issue(
  context: CertificateContext,
  seen: Seen,
  world: Living,
  reason: IssueReason,
  signal: AbortSignal,
): Promise<Outcome> {
  const { certificate, target, issuer } = world;
  const need = issuanceNeed(certificate.spec, issuer.state === 'Ready' ? issuer.defaults : {});
  const spec = keySpec(need);
  const { keys, privateKeyPem } = await generateKey(spec);
  const { namespace, name, uid } = certificate.metadata;
  const postedAt = new Date(world.now).toISOString();
  const wanted = pendingSecret({
    namespace,
    certificateName: name,
    certificateUid: uid,
    privateKeyPem,
    csr: await createCsr(keys, spec, need.hostnames),
    need,
    issuerUid: context.sessions.get(issuerKey(namespace, need.issuer))?.uid ?? '',
    requests: requestsOf(certificate.metadata.annotations),
    replaces: replacedCertificate(target)?.id ?? '',
    postedAt,
  });
  const created = await createPending(context, wanted, signal);
  if (created instanceof KubeError) return refusedWrite(created, wanted.metadata.name ?? '');
  if (created === 'occupied') return occupied(wanted);
  if (created === 'exists') return OBSERVE;
  const pending = readPending(secretFacts(created, context.roots));
  context.memory.pendings.made(pending.uid, postedAt);
  if (reason === 'Revoked') announce.revokedElsewhere(context, world);
  const issuance: Issuance = { world, seen, pending, pendingSecret: created };
  const refused = target === undefined ? await rehearse(context, issuance, signal) : undefined;
  context.log.debug({ certificate: `${namespace}/${name}`, reason }, 'issuing');
  return refused ?? post(context, issuance, signal);
}

/** Notes that a POST may be out, and sends it again with the same request. */
export async function postAgain(
  context: CertificateContext,
  issuance: Issuance,
  signal: AbortSignal,
): Promise<Outcome> {
  const postedAt = new Date(context.clock.now()).toISOString();
  const patched = await patchPending(context, issuance.pending, { postedAt }, signal);
  if (patched === undefined) return OBSERVE;
  const pending = readPending(secretFacts(patched, context.roots));
  return post(context, { ...issuance, pending, pendingSecret: patched }, signal);
}

/** What is known beside a certificate. */
interface Provenance {
  /** Ids of others that bear the key: if this one is bad, the key is given up with all of them. */
  readonly twins?: readonly string[];
  /** Of the answer that brought it. */
  readonly rayId?: string | undefined;
}

/**
 * Judges a certificate for the pending key, whether it came as an answer or was found, and writes it if it is good.
 */
export async function accept(
  context: CertificateContext,
  issuance: Issuance,
  certificatePem: string,
  how: 'issued' | 'recovered',
  signal: AbortSignal,
  { twins = [], rayId }: Provenance = {},
): Promise<Outcome> {
  const { pending } = issuance;
  const verdict = verifyAnswer(certificatePem, {
    keyDigest: pending.keyDigest ?? '',
    need: pending.need ?? { hostnames: [] },
    postedAt: Date.parse(pending.postedAt),
    now: context.clock.now(),
    roots: context.roots,
  });
  if (verdict.ok) return writeTarget(context, issuance, verdict, how, signal);
  context.count.issuance('bad_response');
  if (verdict.ours) {
    const revoke = [...pending.revoke, verdict.ours.id, ...twins];
    await patchPending(context, pending, { postedAt: '', revoke }, signal);
  }
  const message = `Cloudflare's answer was not used: ${verdict.problem}${detailsOf(undefined, rayId)}. Nothing was changed; it is tried again later.`;
  return { next: 'failed', attempt: { reason: 'BadResponse', message, rayId } };
}

async function post(context: CertificateContext, issuance: Issuance, signal: AbortSignal): Promise<Outcome> {
  const { pending, pendingSecret: secret } = issuance;
  const { need } = pending;
  const session = need?.issuer && context.sessions.get(issuerKey(pending.namespace, need.issuer));
  const csr = decode(secret.data?.[SECRET_KEY.csr]);
  if (!need || !session?.client || !csr) return OBSERVE;
  const wanted: CertificateRequest = {
    csr,
    hostnames: need.hostnames,
    requestType: need.algorithm === 'RSA' ? 'origin-rsa' : 'origin-ecc',
    requestedValidity: need.validityDays ?? DEFAULT_VALIDITY_DAYS,
  };
  context.memory.pendings.posting(pending.uid, pending.postedAt);
  const { namespace, certificateName: name } = pending;
  const { asker, place } = creation(session, need.hostnames, subjectKey({ namespace, name }));
  let answer: CreatedCertificate;
  try {
    answer = await session.client.createCertificate(wanted, { signal, asker, place });
  } catch (error) {
    return withoutAnswer(context, pending, error, signal);
  }
  return accept(context, issuance, answer.certificate, 'issued', signal, { rayId: answer.rayId });
}

/**
 * The POST failed. Only where it certainly had no effect may the same key be posted again without a search. That its end
 * is not known is noted first: a pass that is aborted here ends with an error.
 */
async function withoutAnswer(
  context: CertificateContext,
  pending: Pending,
  error: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  const isDefinite = hadNoEffect(error);
  if (isDefinite) await patchPending(context, pending, { postedAt: '' }, signal);
  else context.memory.pendings.postEndedUnknown(pending);
  context.count.issuance(isDefinite ? 'refused' : 'unknown');
  return failedRequest(error, signal);
}

function occupied({ metadata }: Secret): Outcome {
  const message =
    `Secret ${metadata.name ?? ''} exists and was not made by this operator, which needs that name ` +
    'to keep the key of an issuance that is not finished. Delete it.';
  return { next: 'failed', attempt: { reason: 'SecretWriteRefused', message } };
}

/**
 * The first write of the target, asked for but not carried out: a quota, an admission policy or a terminating
 * namespace refuses now, before a certificate exists that could not be stored.
 */
async function rehearse(
  context: CertificateContext,
  { world, pending }: Issuance,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { certificate } = world;
  const record = {
    certificateName: certificate.metadata.name,
    certificateId: '',
    previousCertificateId: '',
    revision: 1,
    issuedFor: certificate.metadata.uid,
    handledRenewRequest: '',
    handledRekeyRequest: '',
    need: pending.need ?? { hostnames: [] },
    adopted: false,
  };
  const body = targetSecret(
    { certificate, record, certificatePem: '', privateKeyPem: '', roots: context.roots },
    undefined,
  );
  try {
    await context.kube.apply(secrets, body, {
      signal,
      fieldManager: FIELD_MANAGER.certificate,
      dryRun: true,
    });
    return undefined;
  } catch (error) {
    await deletePending(context, pending, signal);
    if (!(error instanceof KubeError)) throw error;
    return refusedWrite(error, certificate.spec.secretName);
  }
}
