import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DATES = { notBefore: new Date('2020-01-01'), notAfter: new Date('2050-01-01') };

export interface ChainOptions {
  /** Whether the certificate in the middle may sign others. Default true. */
  readonly intermediateIsCa?: boolean;
  /** What the leaf is good for. Default: servers. */
  readonly usage?: 'servers' | 'clients';
}

/** A public authority's chain, as many origins have one: root, intermediate and a leaf for the hostname. */
export interface Chain {
  readonly root: string;
  /** Leaf and intermediate, as servers present them. */
  readonly cert: string;
  readonly key: string;
}

/** Makes a chain for one hostname. */
export async function publicChain(hostname: string, options: ChainOptions = {}): Promise<Chain> {
  const [rootKeys, middleKeys, leafKeys] = await Promise.all([newKeys(), newKeys(), newKeys()]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...common('CN=Public root'),
    name: 'CN=Public root',
    keys: rootKeys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const middle = await x509.X509CertificateGenerator.create({
    ...common('CN=Public root'),
    subject: 'CN=Public intermediate',
    publicKey: middleKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: [new x509.BasicConstraintsExtension(options.intermediateIsCa ?? true, undefined, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...common('CN=Public intermediate'),
    subject: `CN=${hostname}`,
    publicKey: leafKeys.publicKey,
    signingKey: middleKeys.privateKey,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: hostname }]),
      new x509.ExtendedKeyUsageExtension([
        options.usage === 'clients' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey));
  return {
    root: root.toString('pem'),
    cert: `${leaf.toString('pem')}\n${middle.toString('pem')}\n`,
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
  };
}

function common(issuer: string): {
  issuer: string;
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  signingAlgorithm: EcdsaParams;
} {
  return {
    issuer,
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    ...DATES,
    signingAlgorithm: ALGORITHM,
  };
}

type EcdsaParams = typeof ALGORITHM;

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
