import { rfc3339 } from '../api/conditions.ts';
import type { CertificateFacts } from '../pki/inspect.ts';
import { announce } from './announce.ts';
import type { CertificateContext } from './context.ts';
import { setFinalizer } from './finalizer.ts';
import { recordOf, replacedCertificate, replacedSecret } from './judge.ts';
import { marked } from './leaving.ts';
import { noteDeleted } from './let-go.ts';
import type { Outcome } from './outcome.ts';
import type { Pending } from './pending.ts';
import type { SecretFacts } from '../secret-facts.ts';
import { report } from './report.ts';
import { subjectKey } from './subject.ts';
import { isNoted, isRekeyAsked, replacedEntry } from './superseded.ts';
import type { Leaving, Living } from './world.ts';

/** The namespace was deleted while the POST was out, and the key with it: only this process knows of the certificate. */
export function noteStray(
  context: CertificateContext,
  { certificate }: Leaving,
  { id, notAfter }: CertificateFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const entry = marked(certificate, id, rfc3339(notAfter), certificate.spec.issuerRef, context.clock.now());
  return noteDeleted(context, certificate, [entry], signal);
}

/**
 * What is to be revoked stands in the status before it is replaced: afterwards only the Secret knows it, and that may be
 * deleted.
 */
export async function noteReplaced(
  context: CertificateContext,
  world: Living,
  pending: Pending,
  signal: AbortSignal,
): Promise<Living> {
  const entry = replacedEntry(world);
  if (entry === undefined || isNoted(world, entry)) return world;
  const { namespace, name } = world.certificate.metadata;
  const key = subjectKey({ namespace, name });
  const certificate = await setFinalizer(context, world.certificate, true, signal);
  const safe = { ...world, certificate };
  const action = { type: 'Write', pending } as const;
  return { ...safe, certificate: await report(context, safe, action, key, signal, entry) };
}

/** A leaked certificate that is not ours to revoke is somebody else's task. */
export function sayWhatRekeyLeaves(context: CertificateContext, before: Living): void {
  const { certificate } = before;
  const held = replacedSecret(before);
  const replaced = replacedCertificate(held);
  if (held === undefined || replaced === undefined || replacedEntry(before) !== undefined) return;
  if (!isRekeyAsked(certificate, recordOf(certificate, held, replaced))) return;
  const why =
    'the Secret does not say that it was issued for this object; revoke it in the Cloudflare dashboard';
  announce.notRevoked(context, before, replaced.id, why);
}

/** So is one whose Secret was let go before another took its place: nothing replaces it any more. */
export function sayWhatReleaseLeaves(context: CertificateContext, world: Living, former: SecretFacts): void {
  const { certificate, target } = world;
  const held = replacedCertificate(former);
  // Copied to the target, it is replaced there.
  if (held === undefined || held.id === replacedCertificate(target)?.id) return;
  if (certificate.status?.superseded?.some(({ id }) => id === held.id)) return;
  if (!isRekeyAsked(certificate, recordOf(certificate, former, held))) return;
  const why = `Secret ${former.name}, which holds it, was let go before it was replaced; revoke it in the Cloudflare dashboard`;
  announce.notRevoked(context, world, held.id, why);
}
