import { createHash, sign, type KeyObject } from 'node:crypto';
import { TAG, bitString, element, integer, oid, pem, read, sequence, time } from './der.ts';

/** What a certificate authority brings to a leaf. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly algorithm: 'rsa' | 'ecc';
  /** DER of the authority's subject: the leaf's issuer. */
  readonly subject: Uint8Array;
  readonly keyIdentifier: Uint8Array;
}

/** What a leaf says. Times in milliseconds since the Unix epoch, whole seconds. */
export interface LeafContent {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly hostnames: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** Big-endian bytes of the serial number. */
  readonly serial: Uint8Array;
  /** True only for the wrong certificate that is an authority itself. */
  readonly isCa?: boolean;
}

const SIGNATURE_ALGORITHM = {
  rsa: sequence(oid('1.2.840.113549.1.1.11'), element(TAG.null)), // sha256WithRSAEncryption
  ecc: sequence(oid('1.2.840.10045.4.3.2')), // ecdsa-with-SHA256
} as const;

const VERSION_3 = element(0xa0, integer(Buffer.from([2])));
const TRUE = element(TAG.boolean, Buffer.from([0xff]));

/** Fixed: Cloudflare does not copy the request's subject. */
const SUBJECT = sequence(
  attribute('2.5.4.10', 'CloudFlare, Inc.'),
  attribute('2.5.4.11', 'CloudFlare Origin CA'),
  attribute('2.5.4.3', 'CloudFlare Origin Certificate'),
);

// digitalSignature and keyEncipherment: bits 0 and 2, five bits unused.
const KEY_USAGE = extension('2.5.29.15', true, element(TAG.bitString, Buffer.from([5, 0b1010_0000])));
// digitalSignature and keyCertSign: without the latter OpenSSL sees no authority.
const CA_KEY_USAGE = extension('2.5.29.15', true, element(TAG.bitString, Buffer.from([2, 0b1000_0100])));
const EXTENDED_KEY_USAGE = extension(
  '2.5.29.37',
  false,
  sequence(oid('1.3.6.1.5.5.7.3.2'), oid('1.3.6.1.5.5.7.3.1')),
);
const NOT_A_CA = extension('2.5.29.19', true, sequence());
const A_CA = extension('2.5.29.19', true, sequence(TRUE));
const OCSP = extension(
  '1.3.6.1.5.5.7.1.1',
  false,
  sequence(
    sequence(oid('1.3.6.1.5.5.7.48.1'), element(0x86, Buffer.from('http://ocsp.cloudflare.com/origin_ca'))),
  ),
);
const CRL = extension(
  '2.5.29.31',
  false,
  sequence(
    sequence(
      element(0xa0, element(0xa0, element(0x86, Buffer.from('http://crl.cloudflare.com/origin_ca.crl')))),
    ),
  ),
);

/** Signs a leaf of Cloudflare's profile; PEM, one block. */
export function signLeaf(content: LeafContent, signer: Signer): string {
  const algorithm = SIGNATURE_ALGORITHM[signer.algorithm];
  const toBeSigned = sequence(
    VERSION_3,
    integer(content.serial),
    algorithm,
    signer.subject,
    sequence(time(content.notBefore), time(content.notAfter)),
    SUBJECT,
    content.publicKey,
    element(0xa3, sequence(...extensionsOf(content, signer))),
  );
  const signature = sign('sha256', toBeSigned, signer.privateKey);
  return pem('CERTIFICATE', sequence(toBeSigned, algorithm, bitString(signature)));
}

function extensionsOf(content: LeafContent, signer: Signer): readonly Buffer[] {
  const names = content.hostnames.map((hostname) => element(0x82, Buffer.from(hostname)));
  return [
    content.isCa === true ? CA_KEY_USAGE : KEY_USAGE,
    EXTENDED_KEY_USAGE,
    content.isCa === true ? A_CA : NOT_A_CA,
    extension('2.5.29.14', false, element(TAG.octetString, keyIdentifier(content.publicKey))),
    extension('2.5.29.35', false, sequence(element(0x80, signer.keyIdentifier))),
    OCSP,
    extension('2.5.29.17', false, sequence(...names)),
    CRL,
  ];
}

/** SHA-1 of the key's bit string (RFC 5280, 4.2.1.2, method 1). */
function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  const info = read(publicKey).contents;
  const keyBits = read(info, read(info).next).contents;
  return createHash('sha1').update(keyBits.subarray(1)).digest();
}

function attribute(type: string, value: string): Buffer {
  return element(TAG.set, sequence(oid(type), element(TAG.utf8String, Buffer.from(value))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const wrapped = element(TAG.octetString, value);
  return critical ? sequence(oid(id), TRUE, wrapped) : sequence(oid(id), wrapped);
}
