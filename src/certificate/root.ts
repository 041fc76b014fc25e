import { ANNOTATION } from '../api/names.ts';
import type { CertificateFacts } from '../pki/inspect.ts';

/**
 * What to say of a certificate that is valid for longer than the root that signed it; undefined for one that ends
 * before, or that no root of ours signed.
 */
export function outlivesRoot({ notAfter, rootNotAfter }: CertificateFacts): string | undefined {
  if (rootNotAfter === undefined || notAfter <= rootNotAfter) return undefined;
  const day = new Date(rootNotAfter).toISOString().slice(0, 10);
  return (
    `It outlives its root, which ends ${day}: from then on Cloudflare may refuse it. Once Cloudflare has a new root, ` +
    `give it by --origin-ca-roots and set the annotation ${ANNOTATION.renewRequestedAt}.`
  );
}
