import { beforeEach, describe, expect, test } from 'vitest';
import { CloudflareError } from '../../../src/cloudflare/errors.ts';
import { ApiToken } from '../../../src/cloudflare/token.ts';
import { check, refuse } from '../../../src/issuer/act.ts';
import type { IssuerContext } from '../../../src/issuer/context.ts';
import { IssuerSessions } from '../../../src/sessions.ts';
import { TestClock } from '../../support/test-clock.ts';
import { issuerWith, KEY, ZONES } from './fixtures.ts';

const never = new AbortController().signal;

let clock: TestClock;
let sessions: IssuerSessions;
let context: IssuerContext;
let outages: number;
let isUp: boolean;

beforeEach(() => {
  clock = new TestClock();
  sessions = new IssuerSessions(() => undefined);
  outages = 0;
  isUp = false;
  const answer = (value: unknown): Promise<unknown> =>
    isUp ? Promise.resolve(value) : Promise.reject(unavailable());
  const client = {
    verifyToken: () => answer({ id: 't', status: 'active' }),
    listZones: () => answer(ZONES),
    probeCertificates: () => answer(undefined),
  };
  const given = {
    clock,
    sessions,
    random: () => 0,
    clientFor: () => client,
    checks: new Map(),
    signal: never,
  };
  context = given as unknown as IssuerContext;
});

function unavailable(): CloudflareError {
  const words = `Failed (Ray ID ${++outages}).`;
  return new CloudflareError(words, {
    kind: 'CloudflareUnavailable',
    operation: 'verify_token',
    definite: false,
  });
}

async function checked(value = 'token-one') {
  const { result } = await check(context, KEY, issuerWith(), new ApiToken(value), `scope ${value}`, never);
  return result;
}

describe('a check during an outage', () => {
  test('says of a token that was missing before that no verdict is on it, however often', async () => {
    refuse(context, KEY, issuerWith(), { reason: 'CredentialsMissing', message: 'There is no Secret.' });
    expect(await checked()).toMatchObject({ outcome: 'unavailable', isNewToken: true });
    expect(await checked()).toMatchObject({ outcome: 'unavailable', isNewToken: true });
  });

  test('lets the verdict stand where it is on this token, or where nobody knows on which', async () => {
    expect(await checked()).not.toHaveProperty('isNewToken');
    isUp = true;
    await checked();
    isUp = false;
    expect(await checked()).not.toHaveProperty('isNewToken');
    expect(await checked('token-two')).toMatchObject({ isNewToken: true });
  });

  test('tells those who wait for the issuer the same, with the same Ray ID, at each probe', async () => {
    await checked();
    await checked();
    expect(sessions.get(KEY)?.message).toBe('Failed (Ray ID 1).');
  });
});

test('the listing of a check is dated by its beginning, and the refresher is kept with the token', async () => {
  isUp = true;
  await clock.advance(500);
  await checked();
  const before = sessions.get(KEY);
  expect(before).toMatchObject({ ready: true, zones: ZONES, zonesListedMs: 500 });
  await clock.advance(1000);
  await checked();
  expect(sessions.get(KEY)).toMatchObject({ zonesListedMs: 1500, refreshZones: before?.refreshZones });
  await checked('token-two');
  expect(sessions.get(KEY)?.refreshZones).not.toBe(before?.refreshZones);
});
