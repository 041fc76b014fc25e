import { beforeEach, expect, test } from 'vitest';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import type { IssuerContext } from '../../../src/issuer/context.ts';
import { reconcileIssuer } from '../../../src/issuer/controller.ts';
import { encode } from '../../../src/secret-facts.ts';
import { IssuerSessions, issuerText } from '../../../src/sessions.ts';
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
  checkMs = 0;
  isTurn = true;
  written = [];
  const client = {
    verifyToken: () => Promise.resolve({ id: 't', status: 'active' }),
    listZones: async () => {
      await clock.advance(checkMs);
      return ZONES;
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
    stores: { issuers: { get: () => issuerWith({ status: written.at(-1)?.status }) } },
    line: { admits: () => isTurn, join: () => undefined, leave: () => undefined, ended: () => undefined },
    events: { record: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as IssuerContext;
});

const pass = () => reconcileIssuer(context, issuerText(KEY), never);

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
