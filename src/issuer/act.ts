import type { CloudflareClient } from '../cloudflare/client.ts';
import { ListingBoard } from '../cloudflare/listings.ts';
import type { ApiToken } from '../cloudflare/token.ts';
import { type IssuerKey, type IssuerSession, issuerText } from '../sessions.ts';
import { checkToken } from './check.ts';
import type { IssuerContext } from './context.ts';
import { remember } from './decide.ts';
import { placeOf, sourceOf } from './place.ts';
import type { Finding } from './report.ts';
import type { Issuer } from './subject.ts';
import { placeText, type TokenPlace } from '../token-secret.ts';
import type { CheckMemory, CheckResult, IssuerAction } from './world.ts';
import { ZoneRefresher } from './zones.ts';

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
  const beganMs = context.clock.monotonic();
  // Where the token lies the issuer is told in full, and its certificates only as far as they may know.
  const result = await checkToken(context.clientFor(token), context.clock.now(), {
    signal,
    asker: issuerText(key),
  });
  const last = context.checks.get(issuerText(key));
  const found = before && before.tokenDigest !== digest ? ofAnotherToken(result) : result;
  const memory = remember(last, scope, found, context.clock.monotonic(), context.random());
  context.checks.set(issuerText(key), memory);
  const kept = before?.tokenDigest === digest ? before.client : undefined;
  const client = kept ?? context.clientFor(token, () => context.sessions.get(key)?.source);
  context.sessions.set(
    sessionAfter(context, key, issuer, { client, digest, result: memory.result, beganMs }),
  );
  return memory;
}

/** The verdict that stands was passed on the token before. */
function ofAnotherToken(result: CheckResult): CheckResult {
  return result.outcome === 'unavailable' ? { ...result, isNewToken: true } : result;
}

/** What is to be said while the check waits for its turn. */
export function awaited(
  { sessions }: Pick<IssuerContext, 'sessions'>,
  key: IssuerKey,
  digest: string,
): Finding {
  const before = sessions.get(key);
  return { outcome: 'waiting', isNewToken: before !== undefined && before.tokenDigest !== digest };
}

/** What certificates of the cluster kind are told: the issuer's own message speaks of a Secret that is not theirs. */
const UNSAID = {
  CredentialsMissing:
    "its API token is missing. Whoever keeps the issuer is told by the issuer's Ready what to do.",
  CredentialsInvalid:
    "what it was given as an API token is not one. Whoever keeps the issuer is told by the issuer's Ready what to do.",
} as const;

/** The session without a usable token: whoever waits for the issuer is told why. */
export function refuse(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  { reason, message }: Pick<Extract<IssuerAction, { type: 'Refuse' }>, 'reason' | 'message'>,
): void {
  const { sessions, checks } = context;
  checks.delete(issuerText(key));
  sessions.set({
    key,
    uid: issuer.metadata.uid,
    ready: false,
    message: key.kind === 'OriginIssuer' ? message : UNSAID[reason],
    source: sourceOf(key, placeOf(context, key, issuer)),
    client: undefined,
    listings: undefined,
    tokenDigest: '',
    zones: [],
    zonesListedMs: Number.NEGATIVE_INFINITY,
    refreshZones: () => Promise.reject(new Error('an issuer without a token has no zones')),
  });
}

export function forget({ sessions, checks }: IssuerContext, key: IssuerKey): void {
  checks.delete(issuerText(key));
  sessions.delete(key);
}

/** A check that was made. */
interface Checked {
  readonly client: CloudflareClient;
  readonly digest: string;
  readonly result: CheckResult;
  /** Monotonic ms. */
  readonly beganMs: number;
}

function sessionAfter(
  context: IssuerContext,
  key: IssuerKey,
  issuer: Issuer,
  { client, digest, result, beganMs }: Checked,
): IssuerSession {
  const before = context.sessions.get(key);
  const place = placeOf(context, key, issuer);
  const same = before?.tokenDigest === digest ? before : undefined;
  const refresher = new ZoneRefresher(context, key, digest);
  const zones =
    result.outcome === 'passed'
      ? { zones: result.zones, zonesListedMs: beganMs }
      : { zones: same?.zones ?? [], zonesListedMs: same?.zonesListedMs ?? Number.NEGATIVE_INFINITY };
  return {
    key,
    uid: issuer.metadata.uid,
    ready: readiness(result, same),
    message: key.kind === 'OriginIssuer' ? messageOf(result, place) : messageOf(result),
    source: sourceOf(key, place),
    client,
    listings: same?.listings ?? new ListingBoard({ client, clock: context.clock, signal: context.signal }),
    tokenDigest: digest,
    ...zones,
    refreshZones: same?.refreshZones ?? ((asker, signal) => refresher.ask(asker, signal)),
  };
}

/** Why it is not ready. */
function messageOf(result: CheckResult, place?: TokenPlace): string {
  if (result.outcome === 'passed') return '';
  return result.outcome === 'refused' && place ? `${placeText(place)}: ${result.message}` : result.message;
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
