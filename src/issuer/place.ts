import { type IssuerKey } from '../sessions.ts';
import { placeText, type TokenPlace } from '../token-secret.ts';
import type { IssuerContext } from './context.ts';
import type { Issuer } from './subject.ts';

/** Where an issuer's token lies. */
export function placeOf(
  { operatorNamespace }: Pick<IssuerContext, 'operatorNamespace'>,
  key: IssuerKey,
  issuer: Issuer,
): TokenPlace {
  const { name, key: dataKey } = issuer.spec.apiTokenSecretRef;
  const namespace = key.kind === 'OriginIssuer' ? key.namespace : operatorNamespace;
  return { namespace, name, key: dataKey, share: 'certificates' };
}

/**
 * What certificates are told of where their issuer's token comes from. Which Secret holds that of the cluster kind is
 * no business of their namespaces.
 */
export function sourceOf(key: IssuerKey, place: TokenPlace): string {
  const issuer = `${key.kind} ${key.name}`;
  return key.kind === 'OriginIssuer' ? `${issuer}, ${placeText(place)}` : issuer;
}
