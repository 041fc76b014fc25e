import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface PairRequest {
  readonly caName: string | x509.JsonName;
  readonly name: string;
  /** What the leaf is good for. */
  readonly usage: 'servers' | 'clients';
  readonly alternativeNames?: x509.JsonGeneralNames;
  readonly lifetimeMs: number;
}

/** A leaf with its key, and the CA that signed it; all PEM. */
export interface Pair {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Makes a CA and one leaf of it. Real dates: programs that meet it in TLS check them by the real clock. */
export async function createPair(request: PairRequest): Promise<Pair> {
  const now = Date.now();
  const dates = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + request.lifetimeMs) };
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: request.caName,
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...dates,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: request.name,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...dates,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([USAGES[request.usage]]),
      ...(request.alternativeNames === undefined
        ? []
        : [new x509.SubjectAlternativeNameExtension(request.alternativeNames)]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return {
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `${leaf.toString('pem')}\n`,
    ca: `${ca.toString('pem')}\n`,
  };
}

const USAGES = {
  servers: x509.ExtendedKeyUsage.serverAuth,
  clients: x509.ExtendedKeyUsage.clientAuth,
} as const;

/** A first byte of 01 keeps the number positive. */
function randomSerial(): string {
  return `01${randomBytes(8).toString('hex')}`;
}
