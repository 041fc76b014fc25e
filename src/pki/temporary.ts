// @peculiar/x509 resolves its services through decorators and throws at import without this polyfill before it.
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateFacts } from './inspect.ts';
import { type KeySpec, signingAlgorithm } from './keys.ts';

/** Who signs temporary certificates: they themselves. By this name they are told from those of other makers. */
const SIGNER = 'origin-ca-operator temporary certificate';

const LIFETIME_MS = 365 * 86_400_000;
/** So that it is valid at once, also for origins whose clock is a little behind. */
const BACKDATED_MS = 5 * 60_000;

/** A self-signed certificate in PEM for a server under these names: enough for mode Full, never for Full (strict). */
export async function createTemporaryCertificate(
  keys: webcrypto.CryptoKeyPair,
  spec: KeySpec,
  hostnames: readonly string[],
  nowMs: number,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: [{ CN: [SIGNER] }],
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + LIFETIME_MS),
    keys,
    signingAlgorithm: signingAlgorithm(spec),
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hostnames.map((value) => ({ type: 'dns', value }))),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** Whether it is a temporary certificate of ours. Who makes one by hand gains nothing: it is replaced. */
export function isTemporary({ trusted, issuer }: Pick<CertificateFacts, 'trusted' | 'issuer'>): boolean {
  return !trusted && issuer === SIGNER;
}
