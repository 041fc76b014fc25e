import type { CloudflareClient } from '../cloudflare/client.ts';
import { ListingBoard } from '../cloudflare/listings.ts';
import type { Zone } from '../cloudflare/results.ts';
import type { ApiToken } from '../cloudflare/token.ts';
import { type IssuerKey, type IssuerSession, issuerText } from '../sessions.ts';
import { checkToken } from './check.ts';
import type { IssuerContext } from './context.ts';
import { remember } from './decide.ts';
import type { Issuer } from './subject.ts';
import type { CheckMemory, CheckResult } from './world.ts';

/** Checks the token and keeps the result, for the certificates of this issuer and for the next pass. */
export async function check(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  token: ApiToken,
  scope: string,
  signal: AbortSignal,
): Promise<CheckMemory> {
  const digest = token.digest();
  const before = context.sessions.get(key);
  const client = before?.tokenDigest === digest && before.client ? before.client : context.clientFor(token);
  const result = await checkToken(client, context.clock.now(), signal);
  const last = context.checks.get(issuerText(key));
  const memory = remember(last, scope, result, context.clock.monotonic(), context.random());
  context.checks.set(issuerText(key), memory);
  context.sessions.set(sessionAfter(context, key, issuer, client, digest, result));
  return memory;
}

/** The session without a usable token: whoever waits for the issuer is told why. */
export function refuse(
  { sessions, checks }: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  message: string,
): void {
  checks.delete(issuerText(key));
  sessions.set({
    key,
    uid: issuer.metadata.uid,
    ready: false,
    message,
    client: undefined,
    listings: undefined,
    tokenDigest: '',
    zones: [],
    refreshZones: () => Promise.resolve([]),
  });
}

export function forget({ sessions, checks }: IssuerContext, key: IssuerKey): void {
  checks.delete(issuerText(key));
  sessions.delete(key);
}

function sessionAfter(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  client: CloudflareClient,
  tokenDigest: string,
  result: CheckResult,
): IssuerSession {
  const before = context.sessions.get(key);
  const same = before?.tokenDigest === tokenDigest ? before : undefined;
  const zones = result.outcome === 'passed' ? result.zones : (same?.zones ?? []);
  return {
    key,
    uid: issuer.metadata.uid,
    ready: readiness(result, same),
    message: result.outcome === 'passed' ? '' : result.message,
    client,
    listings: same?.listings ?? new ListingBoard({ client, clock: context.clock, signal: context.signal }),
    tokenDigest,
    zones,
    refreshZones: zoneRefresher(context, key, tokenDigest),
  };
}

/** Only a definite answer changes the verdict. */
function readiness(result: CheckResult, same: IssuerSession | undefined): boolean | undefined {
  switch (result.outcome) {
    case 'passed':
      return true;
    case 'refused':
      return false;
    case 'unavailable':
      return same?.ready;
  }
}

const REFRESH_MS = 60_000;

/** Lists the zones for whoever misses one, at most once a minute, and for all who ask meanwhile together. */
function zoneRefresher(
  context: IssuerContext,
  key: IssuerKey,
  tokenDigest: string,
): IssuerSession['refreshZones'] {
  let refreshedAt = context.clock.monotonic();
  let running: Promise<readonly Zone[]> | undefined;
  return (signal) => {
    const session = context.sessions.get(key);
    if (session?.client === undefined || session.tokenDigest !== tokenDigest) return Promise.resolve([]);
    if (running) return running;
    if (context.clock.monotonic() - refreshedAt < REFRESH_MS) return Promise.resolve(session.zones);
    running = session.client
      .listZones({ signal })
      .then((zones) => {
        refreshedAt = context.clock.monotonic();
        const now = context.sessions.get(key);
        if (now?.tokenDigest === tokenDigest) context.sessions.set({ ...now, zones });
        return zones;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}
