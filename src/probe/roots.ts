import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

let parsed: readonly X509Certificate[] | undefined;

/** The public authorities that Node carries (Mozilla's), parsed once. */
export function bundledRoots(): readonly X509Certificate[] {
  parsed ??= rootCertificates.map((pem) => new X509Certificate(pem));
  return parsed;
}
