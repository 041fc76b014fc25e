import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import type { CheckResult } from '../../../src/issuer/world.ts';

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

/** What a check finds while Cloudflare does not answer; `since` in ms since the epoch. */
export function outageSince(since: number) {
  return {
    outcome: 'unavailable',
    reason: 'CloudflareUnavailable',
    message: '503',
    since,
    trouble: 'list_zones',
  } as const satisfies CheckResult;
}
