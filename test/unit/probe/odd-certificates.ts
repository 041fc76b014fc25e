import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { bitString, element, integer, oid, pem, sequence, TAG, time } from '../../simulator/ca/der.ts';

/** How something is signed, or what stands for a signature: OpenSSL reckons all the same. */
export interface Signing {
  /** DER AlgorithmIdentifier. */
  readonly algorithm: Buffer;
  readonly signature: (signed: Buffer) => Buffer;
}

export interface OddContent {
  readonly subject: string;
  readonly issuer: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly signing: Signing;
  readonly isCa?: boolean;
}

const DAY = 86_400_000;
const TRUE = element(TAG.boolean, Buffer.from([0xff]));

const NULL = element(TAG.null);
const CA = [
  extension('2.5.29.19', sequence(TRUE)),
  // keyCertSign and digitalSignature, without which OpenSSL sees no issuer.
  extension('2.5.29.15', element(TAG.bitString, Buffer.from([2, 0b1000_0100]))),
];

/** A certificate of whatever key, by whatever signature; PEM. */
export function oddCertificate({ subject, issuer, publicKey, signing, isCa = false }: OddContent): string {
  const toBeSigned = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(number(64)),
    signing.algorithm,
    named(issuer),
    sequence(time(Date.now() - DAY), time(Date.now() + DAY)),
    named(subject),
    publicKey,
    ...(isCa ? [element(0xa3, sequence(...CA))] : []),
  );
  return pem(
    'CERTIFICATE',
    sequence(toBeSigned, signing.algorithm, bitString(signing.signature(toBeSigned))),
  );
}

/** By a key that there is. */
export function signedBy(key: KeyObject, kind: 'RSA' | 'ECDSA' | 'DSA'): Signing {
  return { algorithm: ALGORITHM[kind], signature: (signed) => sign('sha256', signed, key) };
}

/** By a key that nobody has: what looks like a signature of so many bits. */
export function garbageOf(kind: 'RSA' | 'DSA', bits: number): Signing {
  const rs = (): Buffer => integer(number(248));
  return {
    algorithm: ALGORITHM[kind],
    signature: () => (kind === 'DSA' ? sequence(rs(), rs()) : number(bits)),
  };
}

const ALGORITHM = {
  RSA: sequence(oid('1.2.840.113549.1.1.11'), NULL),
  ECDSA: sequence(oid('1.2.840.10045.4.3.2')),
  DSA: sequence(oid('2.16.840.1.101.3.4.3.2')),
} as const;

export function rsaKey(bits: number, exponentBits = 17): Buffer {
  const exponent = exponentBits === 17 ? Buffer.from([1, 0, 1]) : number(exponentBits);
  return sequence(
    sequence(oid('1.2.840.113549.1.1.1'), NULL),
    bitString(sequence(integer(number(bits)), integer(exponent))),
  );
}

/** OpenSSL takes up to ten thousand bits. */
export function dsaKey(bits: number): Buffer {
  const divisor = number(256);
  divisor[0] = 0xff; // DSA knows divisors of 256 bits, and none of 255.
  const parameters = sequence(integer(number(bits)), integer(divisor), integer(number(bits - 8)));
  return sequence(sequence(oid('1.2.840.10040.4.1'), parameters), bitString(integer(number(bits - 8))));
}

/** As it stands in a certificate. */
export function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Odd, as every modulus is, and with its highest bit set but one. */
function number(bits: number): Buffer {
  const bytes = randomBytes(bits / 8);
  bytes[0] = 0x7f;
  bytes[bytes.length - 1] = 1;
  return bytes;
}

function named(text: string): Buffer {
  return sequence(element(TAG.set, sequence(oid('2.5.4.3'), element(TAG.utf8String, Buffer.from(text)))));
}

function extension(id: string, value: Uint8Array): Buffer {
  return sequence(oid(id), TRUE, element(TAG.octetString, value));
}
