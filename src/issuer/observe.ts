import type { Want } from '../cloudflare/turns.ts';
import { type IssuerKey, issuerText } from '../sessions.ts';
import type { IssuerContext } from './context.ts';
import { standing } from './decide.ts';
import { placeOf } from './place.ts';
import type { Issuer } from './subject.ts';
import { readToken } from '../token-secret.ts';
import type { CheckMemory, IssuerWorld } from './world.ts';

/** The issuer from the cache, and its token as it is now. */
export async function observe(
  context: IssuerContext,
  key: IssuerKey,
  signal: AbortSignal,
): Promise<IssuerWorld> {
  const issuer = findIssuer(context, key);
  const world = {
    now: context.clock.monotonic(),
    issuer,
    token: issuer
      ? await readToken(context.kube, placeOf(context, key, issuer), signal)
      : ({ state: 'missing', message: 'the issuer is gone' } as const),
    last: context.checks.get(issuerText(key)),
  };
  const want = checkOf(context, key, world.last);
  // What is granted is kept from others: who needs no check does not ask.
  const isDue = world.token.state === 'usable' && standing(world) === undefined;
  return { ...world, want, isTurn: isDue && context.line.admits(want) };
}

/** The token's state, and the certificates of one zone. */
const REQUESTS = 2;
const ZONES_PER_REQUEST = 50;
/** One that was cut short needs more than was thought, as the first check of a token that sees thousands of zones. */
const MORE_REQUESTS = 64;

/** A check, as it waits for the process's budget: an incident of its token is met by the check itself. */
function checkOf({ sessions }: IssuerContext, key: IssuerKey, last: CheckMemory | undefined): Want {
  const pages = Math.ceil((sessions.get(key)?.zones.length ?? 0) / ZONES_PER_REQUEST);
  const more = last?.result.outcome === 'unavailable' ? Math.min(2 ** last.count, MORE_REQUESTS) : 0;
  const requests = REQUESTS + Math.max(1, pages) + more;
  return { account: '', operation: 'verify_token', asker: issuerText(key), requests };
}

function findIssuer({ stores }: IssuerContext, key: IssuerKey): Issuer | undefined {
  const found =
    key.kind === 'OriginIssuer' ? stores.issuers.get(key) : stores.clusterIssuers.get({ name: key.name });
  return found?.metadata.deletionTimestamp === undefined ? found : undefined;
}
