import { zonesOf } from '../api/hostname.ts';
import type { Ask, Breaker } from '../cloudflare/breaker.ts';
import type { IssuerSession } from '../sessions.ts';

type Token = Pick<IssuerSession, 'tokenDigest' | 'zones'>;

/** The request for a certificate of these names, made on behalf of the object of that queue key. */
export function creation({ tokenDigest, zones }: Token, hostnames: readonly string[], key: string): Ask {
  const named = hostnames.flatMap((hostname) => zonesOf(hostname, zones)).map(({ name }) => name);
  const place = [...new Set(named)].toSorted().join(' ');
  return { account: tokenDigest, operation: 'create_certificate', asker: key, place };
}

/** The search for what became of an earlier request, made on behalf of the object of that queue key. */
export function search({ tokenDigest }: Pick<Token, 'tokenDigest'>, key: string): Ask {
  return { account: tokenDigest, operation: 'list_certificates', asker: key };
}

/**
 * What a revocation needs next, made on behalf of the object of that queue key: it reads first. While one of the two
 * is held back, who waits tries that one.
 */
export function revocation(
  breaker: Pick<Breaker, 'holds'>,
  { tokenDigest }: Pick<Token, 'tokenDigest'>,
  key: string,
): Ask {
  const read: Ask = { account: tokenDigest, operation: 'get_certificate', asker: key };
  return breaker.holds(read) ? read : { ...read, operation: 'revoke_certificate' };
}
