import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';

interface IssuerParts {
  readonly uid?: string;
  readonly generation?: number;
  readonly status?: OriginIssuer['status'];
}

/** An OriginIssuer as the API server has it. */
export function issuerWith({ uid = 'uid-1', generation = 1, status }: IssuerParts = {}): OriginIssuer {
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginIssuer',
    metadata: { name: 'cloudflare', namespace: 'shop', uid, generation, resourceVersion: '1' },
    spec: { apiTokenSecretRef: { name: 'cloudflare', key: 'api-token' } },
    ...(status && { status }),
  } as OriginIssuer;
}
