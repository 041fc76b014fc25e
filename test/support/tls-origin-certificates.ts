import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export type Algorithm = 'ECDSA' | 'RSA';

/** An authority of our own making, or a leaf: both are certificates with their keys. */
export interface Signed {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly keyPem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: Algorithm;
  readonly name: x509.JsonName;
}

export interface Wanted {
  readonly name: x509.JsonName;
  readonly algorithm?: Algorithm;
  /** Undefined: it signs itself. */
  readonly issuer?: Signed;
  readonly isCa?: boolean;
  /** Alternative names of kind DNS; undefined leaves the extension out. */
  readonly names?: readonly string[];
  /** Extended key usages, by OID. */
  readonly purposes?: readonly string[];
  /** Milliseconds since the Unix epoch. Default: a day around now for leaves, ten years for authorities. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

const DAY = 86_400_000;
const SIGNING = {
  ECDSA: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const;

/** Makes a key and signs a certificate for it. */
export async function sign(wanted: Wanted): Promise<Signed> {
  const { issuer, algorithm = 'ECDSA', isCa = false, name } = wanted;
  const keys = await webcrypto.subtle.generateKey(SIGNING[algorithm], true, ['sign', 'verify']);
  const life = isCa ? 3_650 * DAY : DAY;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject: name,
    issuer: (issuer ?? wanted).name,
    notBefore: new Date(wanted.notBefore ?? Date.now() - life),
    notAfter: new Date(wanted.notAfter ?? Date.now() + life),
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: SIGNING[issuer?.algorithm ?? algorithm],
    extensions: extensionsOf(wanted),
  });
  const pem = `${certificate.toString('pem')}\n`;
  const keyPem = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate: new X509Certificate(pem), pem, keyPem, keys, algorithm, name };
}

function extensionsOf({ isCa = false, names, purposes }: Wanted): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(isCa, undefined, true),
    ...(isCa
      ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)]
      : []),
    ...(names
      ? [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))]
      : []),
    ...(purposes ? [new x509.ExtendedKeyUsageExtension([...purposes])] : []),
  ];
}

/** A root authority. */
export function authority(name: string, algorithm: Algorithm = 'ECDSA'): Promise<Signed> {
  return sign({ name: [{ CN: [name] }], algorithm, isCa: true });
}

/** A leaf for these names. */
export function leaf(issuer: Signed, names: readonly string[], more: Partial<Wanted> = {}): Promise<Signed> {
  return sign({ name: [{ O: ['Test'] }, { CN: ['leaf'] }], issuer, names, ...more });
}
