import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { ANNOTATION, MANAGED, MANAGED_LABEL } from '../../../src/api/names.ts';
import type { CertificateFacts } from '../../../src/pki/inspect.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import { recordAnnotations, type TargetRecord } from '../../../src/certificate/record.ts';
import { ALL_TURNS, NO_INCIDENTS } from '../../../src/certificate/incidents.ts';
import type { Pending } from '../../../src/certificate/pending.ts';
import type { IssuerView, World } from '../../../src/certificate/world.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

type Spec = OriginCertificate['spec'];

/** An OriginCertificate `shop/web` for example.com, as read from the server. */
export function originCertificate(
  spec: Partial<Spec> = {},
  metadata: Partial<OriginCertificate['metadata']> = {},
): OriginCertificate {
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginCertificate',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid-1',
      generation: 1,
      resourceVersion: '100',
      creationTimestamp: '2026-11-01T00:00:00Z',
      ...metadata,
    },
    spec: {
      secretName: 'web-tls',
      hostnames: ['example.com', '*.example.com'],
      issuerRef: { kind: 'OriginIssuer', name: 'cloudflare' },
      suspend: false,
      ...spec,
    },
  };
}

/** A trusted certificate for the spec above, a tenth into its ninety days. */
export function certificateFacts(change: Partial<CertificateFacts> = {}): CertificateFacts {
  return {
    id: '1001',
    serialNumber: '03E9',
    fingerprintSHA256: 'AA:BB',
    hostnames: ['*.example.com', 'example.com'],
    hasOtherNames: false,
    algorithm: 'ECDSA',
    size: 256,
    publicKeyDigest: 'key-1',
    isCa: false,
    notBefore: NOW - 9 * DAY,
    notAfter: NOW + 81 * DAY,
    issuer: 'CloudFlare Origin SSL ECC Certificate Authority',
    trusted: true,
    rootNotAfter: Date.UTC(2029, 7, 15, 17),
    ...change,
  };
}

export function record(change: Partial<TargetRecord> = {}): TargetRecord {
  return {
    certificateName: 'web',
    certificateId: '1001',
    previousCertificateId: '',
    revision: 1,
    issuedFor: 'uid-1',
    handledRenewRequest: '',
    handledRekeyRequest: '',
    need: {
      hostnames: ['*.example.com', 'example.com'],
      algorithm: 'ECDSA',
      size: 256,
      validityDays: 90,
      issuer: { kind: 'OriginIssuer', name: 'cloudflare' },
    },
    adopted: false,
    ...change,
  };
}

/** The target Secret of the certificate above, in order. */
export function targetFacts(
  change: Partial<SecretFacts> = {},
  facts: Partial<CertificateFacts> = {},
): SecretFacts {
  const certificate = certificateFacts(facts);
  const annotations = recordAnnotations(record({ certificateId: certificate.id }));
  return {
    namespace: 'shop',
    name: 'web-tls',
    uid: 'secret-uid-1',
    resourceVersion: '50',
    type: 'kubernetes.io/tls',
    immutable: false,
    deleting: false,
    labels: { [MANAGED_LABEL]: MANAGED.target },
    annotations,
    owners: [],
    owned: {
      owners: [],
      labels: [MANAGED_LABEL],
      annotations: Object.keys(annotations),
      data: ['tls.crt', 'tls.key'],
    },
    lastWriter: 'originca-certificate',
    pair: { state: 'Matching', certificate },
    outputs: { combinedPem: 'absent', caBundle: 'absent' },
    keyDigest: certificate.publicKeyDigest,
    hasCsr: false,
    ...change,
  };
}

/** The target with some annotations changed; undefined removes one. */
export function withAnnotations(
  target: SecretFacts,
  change: Readonly<Partial<Record<keyof typeof ANNOTATION, string | undefined>>>,
): SecretFacts {
  const annotations: Record<string, string> = { ...target.annotations };
  for (const [name, value] of Object.entries(change)) {
    const key = ANNOTATION[name as keyof typeof ANNOTATION];
    if (value === undefined) delete annotations[key];
    else annotations[key] = value;
  }
  return { ...target, annotations };
}

/** An issuance for the certificate above whose POST may be out. */
export function pendingOf(change: Partial<Pending> = {}): Pending {
  return {
    namespace: 'shop',
    name: 'originca-pending-uid-1',
    uid: 'pending-uid-1',
    resourceVersion: '60',
    certificateName: 'web',
    certificateUid: 'uid-1',
    keyDigest: 'key-2',
    hasCsr: true,
    need: record().need,
    issuer: { kind: 'OriginIssuer', name: 'cloudflare', uid: 'issuer-uid' },
    requests: { renew: '', rekey: '' },
    replaces: '',
    postedAt: '2026-11-21T11:59:00.000Z',
    isCopy: false,
    revoke: [],
    parked: undefined,
    ...change,
  };
}

export const READY_ISSUER: Extract<IssuerView, { state: 'Ready' }> = {
  state: 'Ready',
  defaults: {},
  notAllowed: undefined,
  noZone: undefined,
};

/** A world in which everything is in order; change what the test is about. */
export function worldOf(change: Partial<World> = {}): World {
  const certificate = 'certificate' in change ? change.certificate : originCertificate();
  return {
    now: NOW,
    certificate,
    leaving: undefined,
    secretName: certificate?.spec.secretName ?? '',
    target: targetFacts(),
    holder: { kind: 'this' },
    formers: [],
    pending: undefined,
    waits: { postMs: 0, writeMs: 0 },
    issuer: READY_ISSUER,
    failure: undefined,
    mendFailure: undefined,
    revokeFailure: undefined,
    settleFailure: undefined,
    revocations: new Map(),
    served: 'Unknown',
    revoked: [],
    twins: [],
    issuedAt: [],
    clockSkew: undefined,
    incidents: NO_INCIDENTS,
    turns: ALL_TURNS,
    ...change,
  };
}
