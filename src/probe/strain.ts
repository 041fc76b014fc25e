import type { X509Certificate } from 'node:crypto';
import type { Dialled } from './dial.ts';

/** Certificates that an authority's chain has at most, leaf and root among them: four in practice. */
const MOST_CERTIFICATES = 10;

/** No authority has larger keys. OpenSSL reckons with 16,384 bits, and with exponents as long as the key itself. */
const MOST_RSA_BITS = 8192;
const EXPONENT_LIMIT = 2n ** 64n;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Nobody knocks at an address for so long after a look that may have strained this process: while OpenSSL checks
 * signatures by the keys of a hostile origin, which it does as part of the handshake, nothing else is done here. A
 * hundred kilobytes of them, which is what OpenSSL takes, are half a second's work.
 */
export const REST_MS = 3000;

/**
 * A handshake that failed sooner cannot have cost more than that, whatever was presented in it. Far more than plain
 * HTTP, or a reset for a name that nobody there knows, takes on any way: an address has hundreds of such names at
 * times, beside those that are in order, which must not wait for so many rests.
 */
export const LONG_MS = 250;

/** Whether it may have cost far more than the looks at origins that mean no harm. */
export function strains(dialled: Dialled): boolean {
  switch (dialled.kind) {
    case 'no-connection':
      return false;
    case 'no-tls':
      // What it presented before it ended the handshake is not always seen.
      return dialled.chain === undefined ? dialled.tookMs >= LONG_MS : isStraining(dialled.chain);
    case 'presented':
      return isStraining(dialled.chain);
  }
}

function isStraining(chain: readonly X509Certificate[]): boolean {
  return chain.length > MOST_CERTIFICATES || !chain.every(hasUsualKey);
}

/** Whether its key is of a kind and a size that authorities have: by others no signature is checked. */
export function hasUsualKey(certificate: X509Certificate): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    switch (asymmetricKeyType) {
      case 'rsa':
      case 'rsa-pss': {
        const { modulusLength = Infinity, publicExponent = EXPONENT_LIMIT } = asymmetricKeyDetails ?? {};
        return modulusLength <= MOST_RSA_BITS && publicExponent < EXPONENT_LIMIT;
      }
      case 'ec':
        return CURVES.has(asymmetricKeyDetails?.namedCurve ?? '');
      case 'ed25519':
      case 'ed448':
        return true;
      default:
        return false;
    }
  } catch {
    return false; // A key that OpenSSL cannot read, which is the finding.
  }
}
