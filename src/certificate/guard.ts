import type { CertificateFacts } from '../pki/inspect.ts';
import type { SecretFacts } from '../secret-facts.ts';

/** Why a certificate may be ours to revoke. An annotation is never enough: any writer of Secrets can plant one. */
export type Claim =
  /** It bears the key with this digest, which a Secret of the namespace holds. */
  | { readonly by: 'key'; readonly digest: string }
  /**
   * It bears that key under another id than the one that a Secret of this very object holds or held, and was issued at
   * that time (ms since the epoch) or before. Later, somebody else who has the key asked for it, and may serve it.
   */
  | { readonly by: 'twin'; readonly digest: string; readonly latest: number }
  /** The status names it: read with its key from the Secret of this very object before it was replaced. */
  | { readonly by: 'status' };

/** What is known about a certificate that is to be revoked, all of it read just now. */
export interface RevocationCase {
  readonly id: string;
  readonly claim: Claim;
  /** The certificate of that id as Cloudflare has it; undefined when what it sent is none that can be read. */
  readonly certificate: CertificateFacts | undefined;
  readonly revokedAlready: boolean;
  /** Every Secret of the namespace that could serve, listed live, and every other that the operator keeps. */
  readonly secrets: readonly SecretFacts[];
  /** Where a probe last saw it presented, if that counts. */
  readonly presentedAt?: string | undefined;
  /** Hostnames of the certificate that the namespace may not ask this issuer for. */
  readonly notAllowed: readonly string[];
  /** Ms until no write that carries the certificate can still arrive. */
  readonly writeMs: number;
}

export type GuardVerdict =
  | { readonly verdict: 'revoke' }
  /** Nothing is left to revoke. */
  | { readonly verdict: 'over'; readonly why: string }
  /** It is not ours to revoke, and never will be. */
  | { readonly verdict: 'keep'; readonly why: string }
  /** It is in use, or cannot be judged now. */
  | { readonly verdict: 'held'; readonly why: string }
  | { readonly verdict: 'wait'; readonly ms: number };

/**
 * The one guard before every revocation. Annotations are hints that any writer of Secrets in the namespace can plant,
 * and a status may come out of a backup, so nothing is revoked on their word: the certificate must be the one that is
 * claimed, must serve nowhere that is known, and must be one that this namespace could have asked for.
 */
export function guardRevocation(found: RevocationCase): GuardVerdict {
  const { certificate } = found;
  if (found.revokedAlready) return { verdict: 'over', why: 'it is revoked already' };
  if (certificate === undefined)
    return { verdict: 'held', why: 'what Cloudflare sent for it cannot be read' };
  if (certificate.id !== found.id) return { verdict: 'keep', why: 'Cloudflare has another under this id' };
  const { claim } = found;
  if (claim.by !== 'status' && certificate.publicKeyDigest !== claim.digest) {
    return { verdict: 'keep', why: 'it does not bear the key of this issuance' };
  }
  if (claim.by === 'twin' && certificate.notBefore > claim.latest) {
    return { verdict: 'keep', why: 'somebody else who has our key asked for it later' };
  }
  const holder = found.secrets.find((secret) => holdsCertificate(secret, found.id));
  if (holder) return { verdict: 'held', why: `Secret ${holder.namespace}/${holder.name} holds it` };
  if (found.presentedAt !== undefined) {
    return { verdict: 'held', why: `${found.presentedAt} still serves it` };
  }
  if (found.notAllowed.length > 0) {
    return {
      verdict: 'keep',
      why: `the issuer does not let this namespace ask for ${found.notAllowed.join(', ')}`,
    };
  }
  return found.writeMs > 0 ? { verdict: 'wait', ms: found.writeMs } : { verdict: 'revoke' };
}

/**
 * Whether the certificate of that id lies in the Secret, with its key, with another or with none: who cannot load what
 * is there now goes on serving what was there before.
 */
export function holdsCertificate({ pair }: SecretFacts, id: string): boolean {
  return 'certificate' in pair && pair.certificate?.id === id;
}
