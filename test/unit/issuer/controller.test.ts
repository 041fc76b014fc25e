import { beforeEach, describe, expect, test } from 'vitest';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { refusedError } from '../../../src/cloudflare/classify.ts';
import type { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { IssuerContext } from '../../../src/issuer/context.ts';
import { reconcileIssuer } from '../../../src/issuer/controller.ts';
import { encode } from '../../../src/secret-facts.ts';
import { type IssuerKey, IssuerSessions, issuerText } from '../../../src/sessions.ts';
import { TestClock } from '../../support/test-clock.ts';
import { issuerWith, KEY, ZONES } from './fixtures.ts';

const ONE = 'Working_Token-abcdefghijklmnopqrstuvwxy1';
const TWO = 'Working_Token-abcdefghijklmnopqrstuvwxy2';
const never = new AbortController().signal;

let clock: TestClock;
let sessions: IssuerSessions;
let context: IssuerContext;
/** What the Secret holds. */
let token: string;
/** What the token sees. */
let zones: typeof ZONES;
/** What Cloudflare says to a list of zones instead; undefined: nothing. */
let refusal: CloudflareError | undefined;
/** How long a check takes. */
let checkMs: number;
/** Whether the budget grants a check. */
let isTurn: boolean;
/** The statuses written. */
let written: OriginIssuer[];

beforeEach(() => {
  clock = new TestClock();
  sessions = new IssuerSessions(() => undefined);
  token = ONE;
  refusal = undefined;
  zones = ZONES;
  checkMs = 0;
  isTurn = true;
  written = [];
  const issuer = () => issuerWith({ status: written.at(-1)?.status });
  const client = {
    verifyToken: () => Promise.resolve({ id: 't', status: 'active' }),
    listZones: async () => {
      await clock.advance(checkMs);
      if (refusal) throw refusal;
      return zones;
    },
    probeCertificates: () => Promise.resolve(),
  };
  context = {
    clock,
    sessions,
    random: () => 0,
    clientFor: () => client,
    checks: new Map(),
    signal: never,
    kube: {
      get: () => Promise.resolve({ data: { 'api-token': encode(token) } }),
      apply: (_kind: unknown, issuer: OriginIssuer) => {
        written.push(issuer);
        return Promise.resolve();
      },
    },
    operatorNamespace: 'originca-system',
    stores: { issuers: { get: issuer }, clusterIssuers: { get: issuer } },
    line: { admits: () => isTurn, join: () => undefined, leave: () => undefined, ended: () => undefined },
    events: { record: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as IssuerContext;
});

const CLUSTER_KEY = { kind: 'ClusterOriginIssuer', namespace: '', name: 'cloudflare' } as const;

const pass = (key: IssuerKey = KEY) => reconcileIssuer(context, issuerText(key), never);

test('a token that takes the place of one that works is in use within a minute, its check of 20 s with it', async () => {
  const first = await pass();
  await clock.advance(first.requeueAfterMs ?? Infinity);
  const { requeueAfterMs = Infinity } = await pass();
  const replacedMs = clock.monotonic();
  token = TWO;
  checkMs = 20_000;
  await clock.advance(requeueAfterMs);
  await pass();
  expect(sessions.get(KEY)?.tokenDigest).toBe(new ApiToken(TWO).digest());
  expect(clock.monotonic() - replacedMs).toBeLessThanOrEqual(60_000);
});

test('tokens that work are read in the same moments, whenever each was first read', async () => {
  const readAt = new Set<number>();
  for (const laterMs of [0, 1234, 2500, 5001]) {
    await clock.advance(laterMs);
    context.checks.clear();
    const { requeueAfterMs = Infinity } = await pass();
    readAt.add(clock.monotonic() + requeueAfterMs);
  }
  expect([...readAt]).toEqual([40_000]);
});

test('an issuer that waits for its first check says so with one write, however often it is looked at', async () => {
  isTurn = false;
  for (let passes = 0; passes < 3; passes += 1) {
    const { requeueAfterMs = Infinity } = await pass();
    await clock.advance(requeueAfterMs);
  }
  expect(written.map(({ status }) => status?.conditions?.[0])).toMatchObject([
    { type: 'Ready', status: 'Unknown', reason: 'RateLimited' },
  ]);
  isTurn = true;
  await pass();
  expect(written.at(-1)?.status?.conditions?.[0]).toMatchObject({ status: 'True', reason: 'Checked' });
  isTurn = false;
  await clock.advance(2 * 3_600_000);
  await pass();
  expect(written).toHaveLength(2);
});

test('an issuer whose refused token was replaced does not repeat the refusal while the new one waits', async () => {
  token = 'v1.0-a-service-key';
  await pass();
  expect(written.at(-1)?.status?.conditions?.[0]).toMatchObject({ reason: 'CredentialsInvalid' });
  isTurn = false;
  token = TWO;
  await pass();
  expect(written.at(-1)?.status?.conditions).toMatchObject([{ status: 'Unknown', reason: 'RateLimited' }]);
});

describe('a token that', () => {
  const PLACE = 'Secret cloudflare in namespace shop, key api-token';
  const OPERATORS_PLACE = 'Secret cloudflare in namespace originca-system, key api-token';
  const refused = refusedError({
    operation: 'list_zones',
    share: 'certificates',
    status: 403,
    errors: [{ code: 10000, message: 'Authentication error' }],
    rayId: 'r1',
    retryAfterMs: undefined,
  });
  const trouble: [string, () => unknown, RegExp][] = [
    ['Cloudflare refuses', () => (refusal = refused), /did not accept the API token.*Ray ID r1/],
    ['sees no zone', () => (zones = []), /API token sees no zone/],
    ['is none', () => (token = 'v1.0-a-service-key'), /Origin CA key/],
    ['is missing', () => (token = ''), /is empty under key api-token/],
  ];

  test.each(trouble)(
    '%s is told with its Secret to issuer and certificates of one namespace',
    async (_, meet, words) => {
      meet();
      await pass();
      for (const message of [messageOf(written.at(-1)), sessions.get(KEY)?.message]) {
        expect(message).toMatch(words);
        expect(message).toMatch(/Secret cloudflare in namespace shop\b.*key api-token/);
        expect(message).not.toMatch(/Working_Token|v1\.0-a/);
      }
      expect(sessions.get(KEY)?.source).toBe(`OriginIssuer cloudflare, ${PLACE}`);
    },
  );

  test.each(trouble)(
    '%s is told with its Secret to a cluster issuer, and not to its certificates',
    async (_, meet, words) => {
      meet();
      await pass(CLUSTER_KEY);
      expect(messageOf(written.at(-1))).toMatch(words);
      expect(messageOf(written.at(-1))).toMatch(
        /Secret cloudflare in namespace originca-system\b.*key api-token/,
      );
      const { message, source } = sessions.get(CLUSTER_KEY) ?? {};
      expect(message).toMatch(/token/);
      expect(message).not.toMatch(/originca-system|Secret cloudflare|key api-token/);
      expect(source).toBe('ClusterOriginIssuer cloudflare');
    },
  );

  test('Cloudflare refuses stands with its Secret in Stalled too, in the words of Ready', async () => {
    refusal = refused;
    await pass(CLUSTER_KEY);
    const [ready, stalled] = written.at(-1)?.status?.conditions ?? [];
    expect(ready?.message).toMatch(new RegExp(`^${OPERATORS_PLACE}: Cloudflare did not accept`));
    expect(stalled).toMatchObject({ type: 'Stalled', message: ready?.message });
  });
});

function messageOf(issuer: OriginIssuer | undefined): string {
  return issuer?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}
