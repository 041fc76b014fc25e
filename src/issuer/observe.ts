import { type IssuerKey, issuerText } from '../sessions.ts';
import type { IssuerContext } from './context.ts';
import type { Issuer } from './subject.ts';
import { readToken, type TokenPlace } from '../token-secret.ts';
import type { IssuerWorld } from './world.ts';

/** The issuer from the cache, and its token as it is now. */
export async function observe(
  context: IssuerContext,
  key: IssuerKey,
  signal: AbortSignal,
): Promise<IssuerWorld> {
  const issuer = findIssuer(context, key);
  return {
    now: context.clock.monotonic(),
    issuer,
    token: issuer
      ? await readToken(context.kube, placeOf(context, key, issuer), signal)
      : { state: 'missing', message: 'the issuer is gone' },
    last: context.checks.get(issuerText(key)),
  };
}

function findIssuer({ stores }: IssuerContext, key: IssuerKey): Issuer | undefined {
  const found =
    key.kind === 'OriginIssuer' ? stores.issuers.get(key) : stores.clusterIssuers.get({ name: key.name });
  return found?.metadata.deletionTimestamp === undefined ? found : undefined;
}

function placeOf({ operatorNamespace }: IssuerContext, key: IssuerKey, issuer: Issuer): TokenPlace {
  const { name, key: dataKey } = issuer.spec.apiTokenSecretRef;
  const namespace = key.kind === 'OriginIssuer' ? key.namespace : operatorNamespace;
  return { namespace, name, key: dataKey, share: 'certificates' };
}
