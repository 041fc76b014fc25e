import type { X509Certificate } from 'node:crypto';

/**
 * The root among `roots` that signed `certificate`, or undefined. The Origin CA signs leaves directly by its
 * roots, so one step is the whole chain. Dates are not judged here: a leaf may outlive its root on purpose. Of
 * several, as where a root was made anew with its old key, it is the one that ends last.
 */
export function issuingRoot(
  certificate: X509Certificate,
  roots: readonly X509Certificate[],
): X509Certificate | undefined {
  return roots
    .filter((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey))
    .toSorted((a, b) => b.validToDate.getTime() - a.validToDate.getTime())[0];
}
