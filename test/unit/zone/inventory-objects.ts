import type { SecretFacts } from '../../../src/secret-facts.ts';

/** A Secret of ours as the caches have it, with the certificate of this id and the key `key-<id>`. */
export function secretOf(id: string | undefined, change: Partial<SecretFacts> = {}): SecretFacts {
  const keyDigest = id === undefined ? undefined : `key-${id}`;
  return {
    namespace: 'web',
    name: `s-${id}`,
    uid: `uid-${id}`,
    resourceVersion: '1',
    type: 'kubernetes.io/tls',
    immutable: false,
    deleting: false,
    labels: {},
    annotations: { 'originca.dev/certificate': 'a' },
    owners: [],
    owned: { labels: [], annotations: [], data: [], owners: [] },
    lastWriter: 'originca-certificate',
    pair:
      id === undefined
        ? { state: 'MissingData', problem: 'tls.crt missing or empty' }
        : { state: 'Matching', certificate: certificateFacts(id) },
    outputs: { combinedPem: 'absent', caBundle: 'absent' },
    keyDigest,
    hasCsr: false,
    ...change,
  };
}

function certificateFacts(id: string): Extract<SecretFacts['pair'], { state: 'Matching' }>['certificate'] {
  return {
    id,
    serialNumber: BigInt(id).toString(16).toUpperCase(),
    fingerprintSHA256: `AB:${id}`,
    hostnames: ['example.com'],
    hasOtherNames: false,
    algorithm: 'ECDSA',
    size: 256,
    publicKeyDigest: `key-${id}`,
    isCa: false,
    notBefore: 0,
    notAfter: Date.parse('2027-01-01T00:00:00Z'),
    issuer: 'CloudFlare Origin SSL ECC Certificate Authority',
    trusted: true,
    rootNotAfter: undefined,
  };
}
