import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';

/** Of `issuerWith`. */
export const KEY = { kind: 'OriginIssuer', namespace: 'shop', name: 'cloudflare' } as const;
/** What its token sees. */
export const ZONES = [{ id: 'z', name: 'a.test', status: 'active', paused: false }];

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
