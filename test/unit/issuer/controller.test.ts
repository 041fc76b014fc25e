import { beforeEach, expect, test } from 'vitest';
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

beforeEach(() => {
  clock = new TestClock();
  sessions = new IssuerSessions(() => undefined);
  token = ONE;
  checkMs = 0;
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
      apply: () => Promise.resolve(),
    },
    stores: { issuers: { get: () => issuerWith() } },
    line: { admits: () => true, leave: () => undefined, ended: () => undefined },
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
