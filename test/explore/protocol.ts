/** What of the operator is explored: bundled by `loadProtocol`, with paper for keys and certificates. */
export { reconcileCertificate } from '../../src/certificate/controller.ts';
export { CertificateMemory } from '../../src/certificate/memory.ts';
export { IssuerSessions } from '../../src/sessions.ts';
export { Listing } from '../../src/cloudflare/listings.ts';
export { CloudflareError } from '../../src/cloudflare/errors.ts';
export { KubeError } from '../../src/kube/errors.ts';
export { secretFacts } from '../../src/secret-facts.ts';
export { makeKeysBy } from './paper.ts';
