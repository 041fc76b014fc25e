import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Signer } from './leaf.ts';

/** A root certificate of our own making with the name of a real one. */
interface Authority extends Signer {
  readonly certificate: string;
}

/** Both Origin CA roots: which one signs is chosen by the `request_type`. */
export interface OriginCa {
  readonly rsa: Authority;
  readonly ecc: Authority;
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The real roots' names, attribute by attribute in their order. */
const RSA_NAME: x509.JsonName = [
  { C: ['US'] },
  { O: ['CloudFlare, Inc.'] },
  { OU: ['CloudFlare Origin SSL Certificate Authority'] },
  { L: ['San Francisco'] },
  { ST: ['California'] },
];
const ECC_NAME: x509.JsonName = [
  { C: ['US'] },
  { ST: ['California'] },
  { L: ['San Francisco'] },
  { O: ['CloudFlare, Inc.'] },
  { OU: ['CloudFlare Origin SSL ECC Certificate Authority'] },
];

/** Makes both roots with fresh keys, and with the dates of the real ones. */
export async function createOriginCa(): Promise<OriginCa> {
  const [rsa, ecc] = await Promise.all([
    createRoot('rsa', RSA, RSA_NAME),
    createRoot('ecc', ECDSA, ECC_NAME),
  ]);
  return { rsa, ecc };
}

async function createRoot(
  algorithm: 'rsa' | 'ecc',
  signing: typeof RSA | typeof ECDSA,
  name: x509.JsonName,
): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const keyIdentifier = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString('hex'),
    name,
    notBefore: new Date('2019-08-23T21:08:00Z'),
    notAfter: new Date('2029-08-15T17:00:00Z'),
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.BasicConstraintsExtension(true, 2, true),
      keyIdentifier,
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    algorithm,
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: KeyObject.from(keys.privateKey),
    subject: new Uint8Array(certificate.subjectName.toArrayBuffer()),
    keyIdentifier: Buffer.from(keyIdentifier.keyId, 'hex'),
  };
}
