import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** The public key (DER SubjectPublicKeyInfo) of a PEM request whose own signature is good; else undefined. */
export async function publicKeyOfCsr(text: string): Promise<Uint8Array | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(text);
    return (await request.verify()) ? new Uint8Array(request.publicKey.rawData) : undefined;
  } catch {
    return undefined; // Undefined is the finding: error 1011 names no cause either.
  }
}
