import { zonesOf } from '../api/hostname.ts';
import type { Ask, Breaker } from '../cloudflare/breaker.ts';
import type { IssuerSession } from '../sessions.ts';
import type { Want } from '../cloudflare/turns.ts';

type Token = Pick<IssuerSession, 'tokenDigest' | 'source'>;

/** The request for a certificate of these names, made on behalf of the object of that queue key. */
export function creation(
  { tokenDigest, source, zones }: Token & Pick<IssuerSession, 'zones'>,
  hostnames: readonly string[],
  key: string,
): Ask {
  const named = hostnames.flatMap((hostname) => zonesOf(hostname, zones)).map(({ name }) => name);
  const place = [...new Set(named)].toSorted().join(' ');
  return { account: tokenDigest, operation: 'create_certificate', asker: key, place, source };
}

/** The search for what became of an earlier request, made on behalf of the object of that queue key. */
export function search({ tokenDigest, source }: Token, key: string): Ask {
  return { account: tokenDigest, operation: 'list_certificates', asker: key, source };
}

/** A certificate may be known to the token of the issuer that it was asked of, and to that of the object's issuer now. */
const OTHER_TOKENS = 1;

/**
 * One look at one certificate that is to be revoked, made on behalf of the object of that queue key: each token that may
 * know it reads it, then it is revoked. While one of the two is held back, who waits tries that one.
 */
export function revocation(
  breaker: Pick<Breaker, 'holds'>,
  [first, ...others]: readonly [Token, ...Token[]],
  key: string,
): Want {
  const { tokenDigest: account, source } = first;
  const read: Ask = { account, operation: 'get_certificate', asker: key, source };
  const requests = Math.min(others.length, OTHER_TOKENS) + 2;
  return breaker.holds(read) ? { ...read, requests } : { ...read, operation: 'revoke_certificate', requests };
}
