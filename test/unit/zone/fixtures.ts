import type { OriginZone } from '../../../src/api/v1alpha1.ts';

/** An OriginZone for example.com as the API server would hand it out: with its defaults. */
export function originZone(
  spec: Partial<OriginZone['spec']> = {},
  metadata: Partial<OriginZone['metadata']> = {},
): OriginZone {
  return {
    apiVersion: 'originca.dev/v1alpha1',
    kind: 'OriginZone',
    metadata: {
      name: 'example.com',
      uid: 'uid-1',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-11-21T12:00:00Z',
      ...metadata,
    },
    spec: {
      apiTokenSecretRef: { name: 'cloudflare', key: 'api-token' },
      mode: 'Observe',
      allowDowngrade: false,
      restoreAfter: '15m',
      gate: { origins: 'Verified' },
      authenticatedOriginPulls: { mode: 'Unmanaged' },
      inventory: { interval: '6h' },
      ...spec,
    },
  };
}
