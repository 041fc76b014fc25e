import type { CertificateFacts } from '../pki/inspect.ts';
import type { SecretFacts } from '../secret-facts.ts';

/** What is known about a certificate that is noted for revocation, all of it read just now. */
export interface RevocationCase {
  readonly id: string;
  /** Digest of the public half of the pending key. */
  readonly pendingKeyDigest: string;
  /** The certificate of that id as Cloudflare has it; undefined when it has none. */
  readonly certificate: CertificateFacts | undefined;
  readonly revokedAlready: boolean;
  /** Every Secret of the namespace that could serve, listed live. */
  readonly secrets: readonly SecretFacts[];
  /** Hostnames of the certificate that the namespace may not ask this issuer for. */
  readonly notAllowed: readonly string[];
  /** Ms until no write that carries the certificate can still arrive. */
  readonly writeMs: number;
}

export type GuardVerdict =
  | { readonly verdict: 'revoke' }
  /** It must not be revoked, or need not be: the note counts as done. */
  | { readonly verdict: 'keep'; readonly why: string }
  | { readonly verdict: 'wait'; readonly ms: number };

/**
 * The one guard before every revocation. Annotations are hints that any writer of Secrets in the namespace can
 * plant, so nothing is revoked on their word: the certificate must bear the pending key, must serve nowhere in the
 * namespace, and must be one that this namespace could have asked for.
 */
export function guardRevocation(found: RevocationCase): GuardVerdict {
  const { certificate } = found;
  if (found.revokedAlready) return { verdict: 'keep', why: 'it is revoked already' };
  if (certificate === undefined) return { verdict: 'keep', why: 'Cloudflare has no certificate of this id' };
  if (certificate.id !== found.id || certificate.publicKeyDigest !== found.pendingKeyDigest) {
    return { verdict: 'keep', why: 'it does not bear the key of this issuance' };
  }
  const holder = found.secrets.find((secret) => holds(secret, found.id));
  if (holder) return { verdict: 'keep', why: `Secret ${holder.name} holds it` };
  if (found.notAllowed.length > 0) {
    return {
      verdict: 'keep',
      why: `the issuer does not let this namespace ask for ${found.notAllowed.join(', ')}`,
    };
  }
  return found.writeMs > 0 ? { verdict: 'wait', ms: found.writeMs } : { verdict: 'revoke' };
}

function holds({ pair }: SecretFacts, id: string): boolean {
  return (pair.state === 'Matching' || pair.state === 'InvalidKeyPair') && pair.certificate?.id === id;
}
