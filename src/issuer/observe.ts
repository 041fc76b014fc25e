import { ApiToken } from '../cloudflare/token.ts';
import { secrets } from '../kube/resource.ts';
import { decode } from '../secret-facts.ts';
import { type IssuerKey, issuerText } from '../sessions.ts';
import type { IssuerContext } from './context.ts';
import type { Issuer } from './subject.ts';
import type { IssuerWorld, TokenRead } from './world.ts';

/**
 * The issuer and its token, the token read live: token Secrets belong to others and carry no label of ours, so no
 * watch would tell of a change.
 */
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
      ? await readToken(context, key, issuer, signal)
      : { state: 'missing', message: 'the issuer is gone' },
    last: context.checks.get(issuerText(key)),
  };
}

function findIssuer({ stores }: IssuerContext, key: IssuerKey): Issuer | undefined {
  const found =
    key.kind === 'OriginIssuer' ? stores.issuers.get(key) : stores.clusterIssuers.get({ name: key.name });
  return found?.metadata.deletionTimestamp === undefined ? found : undefined;
}

async function readToken(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  signal: AbortSignal,
): Promise<TokenRead> {
  const { name, key: dataKey } = issuer.spec.apiTokenSecretRef;
  const namespace = key.kind === 'OriginIssuer' ? key.namespace : context.operatorNamespace;
  const secret = await context.kube.get(secrets, { namespace, name }, { signal });
  if (secret === undefined) {
    const message = `There is no Secret ${name} in namespace ${namespace}. Create it with the API token under key ${dataKey}.`;
    return { state: 'missing', message };
  }
  const value = decode(secret.data?.[dataKey])?.trim();
  if (!value) {
    const keys = Object.keys(secret.data ?? {}).join(', ') || 'none';
    const message = `Secret ${name} in namespace ${namespace} has nothing under key ${dataKey} (its keys: ${keys}). Put the API token there.`;
    return { state: 'missing', message };
  }
  const token = new ApiToken(value);
  const problem = token.problem();
  return problem === undefined
    ? { state: 'usable', token, digest: token.digest() }
    : { state: 'unusable', message: problem };
}
