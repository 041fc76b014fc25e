// @peculiar/x509 resolves its services through decorators and throws at import without this polyfill before it.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { type KeySpec, signingAlgorithm } from './keys.ts';

/**
 * A PKCS#10 certificate signing request in PEM. The subject is empty because the Origin CA replaces it; the
 * names are repeated as subject alternative names so that the request says the same as the API call around it.
 */
export async function createCsr(
  keys: webcrypto.CryptoKeyPair,
  spec: KeySpec,
  hostnames: readonly string[],
): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: signingAlgorithm(spec),
    extensions: [new SubjectAlternativeNameExtension(hostnames.map((value) => ({ type: 'dns', value })))],
  });
  return `${request.toString('pem')}\n`;
}
