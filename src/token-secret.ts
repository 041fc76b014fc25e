import type { Share } from './cloudflare/budget.ts';
import { allPermissions } from './cloudflare/operation.ts';
import { ApiToken } from './cloudflare/token.ts';
import type { KubeClient } from './kube/client.ts';
import { isObjectName } from './kube/object.ts';
import { secrets } from './kube/resource.ts';
import { decode } from './secret-facts.ts';

/** The token as its Secret holds it now. */
export type TokenRead =
  | { readonly state: 'usable'; readonly token: ApiToken; readonly digest: string }
  | { readonly state: 'missing'; readonly message: string }
  | { readonly state: 'unusable'; readonly message: string };

/** Where an API token lies. */
export interface TokenPlace {
  readonly namespace: string;
  readonly name: string;
  /** Of the Secret's data. */
  readonly key: string;
  /** What it is for: a text that is no token is told what a token for this needs. */
  readonly share: Share;
}

/** Where it lies, for the beginning of a message. */
export function placeText({ namespace, name, key }: TokenPlace): string {
  return `Secret ${name} in namespace ${namespace}, key ${key}`;
}

/**
 * Reads a token live: token Secrets belong to others and carry no label of ours, so no watch would tell of a change.
 */
export async function readToken(
  kube: Pick<KubeClient, 'get'>,
  place: TokenPlace,
  signal: AbortSignal,
): Promise<TokenRead> {
  const { namespace, name, key, share } = place;
  // `..` would be a path to something else.
  const secret = isObjectName(name) ? await kube.get(secrets, { namespace, name }, { signal }) : undefined;
  if (secret === undefined) {
    const message = `There is no Secret ${name} in namespace ${namespace}. Create it with the API token under key ${key}.`;
    return { state: 'missing', message };
  }
  const value = decode(secret.data?.[key])?.trim();
  if (!value) {
    const keys = Object.keys(secret.data ?? {});
    const found = keys.includes(key)
      ? `is empty under key ${key}`
      : `has nothing under key ${key} (its keys: ${keys.join(', ') || 'none'})`;
    const message = `Secret ${name} in namespace ${namespace} ${found}. Put the API token there.`;
    return { state: 'missing', message };
  }
  const token = new ApiToken(value);
  const problem = token.problem(allPermissions(share));
  return problem === undefined
    ? { state: 'usable', token, digest: token.digest() }
    : { state: 'unusable', message: `${placeText(place)}: ${problem}` };
}
