import type { ClusterOriginIssuer, OriginIssuer } from '../api/v1alpha1.ts';
import type { IssuerKey } from '../sessions.ts';

/** Both issuer kinds: alike in everything but where their token lies and what `allow` may say. */
export type Issuer = OriginIssuer | ClusterOriginIssuer;

/** The queue key of an issuer; `namespace` is empty for the cluster kind. */
export function issuerText({ kind, namespace, name }: IssuerKey): string {
  return `${kind}/${namespace}/${name}`;
}

export function parseIssuer(text: string): IssuerKey {
  const [kind, namespace = '', name = ''] = text.split('/');
  return { kind: kind === 'ClusterOriginIssuer' ? kind : 'OriginIssuer', namespace, name };
}
