import type { ClusterOriginIssuer, OriginIssuer } from '../api/v1alpha1.ts';

/** Both issuer kinds: alike in everything but where their token lies and what `allow` may say. */
export type Issuer = OriginIssuer | ClusterOriginIssuer;
