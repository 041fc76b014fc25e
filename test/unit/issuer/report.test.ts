import { describe, expect, test } from 'vitest';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { type Finding, statusOf } from '../../../src/issuer/report.ts';
import { issuerWith, outageSince } from './fixtures.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ZONE = { id: 'z', name: 'a.test', status: 'active', paused: false };
const PASSED: Finding = {
  outcome: 'passed',
  token: undefined,
  zones: [{ ...ZONE, account: { id: undefined, name: undefined } }],
};
const OUTAGE = outageSince(NOW);
const refusal = (outcome: 'no-token' | 'refused', reason: string): Finding =>
  ({ outcome, reason, message: 'm' }) as Finding;

/** What is said of an issuer of which was said before what follows from `before`. */
function after(before: Finding | undefined, finding: Finding): NonNullable<OriginIssuer['status']> {
  const status = before && statusOf(issuerWith(), before, NOW);
  return statusOf(issuerWith({ ...(status && { status }) }), finding, NOW);
}

function ready(before: Finding | undefined, finding: Finding): string {
  const { conditions = [] } = after(before, finding);
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join(', ');
}

describe('while the check of its token waits for its turn', () => {
  const WAITING: Finding = { outcome: 'waiting', isNewToken: false };
  const NEW_TOKEN: Finding = { outcome: 'waiting', isNewToken: true };
  const UNKNOWN = 'Ready Unknown RateLimited';
  test.each<[string, Finding | undefined, Finding, string]>([
    ['a new issuer says so', undefined, WAITING, UNKNOWN],
    ['one that had no token says so', refusal('no-token', 'CredentialsMissing'), WAITING, UNKNOWN],
    [
      'one whose refused token was replaced says so',
      refusal('refused', 'PermissionMissing'),
      NEW_TOKEN,
      UNKNOWN,
    ],
    ['one whose good token was replaced says so', PASSED, NEW_TOKEN, UNKNOWN],
    ['a verdict stands', PASSED, WAITING, 'Ready True Checked'],
    [
      'a refusal stands',
      refusal('refused', 'PermissionMissing'),
      WAITING,
      'Ready False PermissionMissing, Stalled True PermissionMissing',
    ],
    ['an outage stands', OUTAGE, WAITING, 'Ready Unknown CloudflareUnavailable'],
  ])('%s', (_, before, finding, expected) => {
    expect(ready(before, finding)).toBe(expected);
  });

  test('it is said what for, and that nobody need do anything', () => {
    const [said] = after(undefined, WAITING).conditions ?? [];
    expect(said?.message).toContain('waits for its turn in the budget of requests to Cloudflare');
    expect(said?.message).toContain('Nothing needs to be done');
  });

  test('what stands is not touched, so that nothing is written: not even that another generation was seen', () => {
    const status = statusOf(issuerWith(), PASSED, NOW);
    expect(statusOf(issuerWith({ status, generation: 2 }), WAITING, NOW + 1000)).toEqual(status);
  });

  test('it is said once', () => {
    const status = statusOf(issuerWith(), WAITING, NOW);
    for (const finding of [WAITING, NEW_TOKEN])
      expect(statusOf(issuerWith({ status }), finding, NOW + 60_000)).toEqual(status);
  });
});

describe('during an outage', () => {
  test.each<[string, Finding | undefined, Finding, string]>([
    ['a verdict stands', PASSED, OUTAGE, 'Ready True Checked'],
    [
      'a refusal stands',
      refusal('refused', 'CredentialsInvalid'),
      OUTAGE,
      'Ready False CredentialsInvalid, Stalled True CredentialsInvalid',
    ],
    ['nothing is known of a new issuer', undefined, OUTAGE, 'Ready Unknown CloudflareUnavailable'],
    [
      'nothing is known of one whose token Cloudflare limits, as is said',
      undefined,
      { ...OUTAGE, reason: 'RateLimited' },
      'Ready Unknown RateLimited',
    ],
    [
      'nothing is known of a token that was missing before',
      refusal('no-token', 'CredentialsMissing'),
      OUTAGE,
      'Ready Unknown CloudflareUnavailable',
    ],
    [
      'nothing is known of a token that replaced a good one',
      PASSED,
      { ...OUTAGE, isNewToken: true },
      'Ready Unknown CloudflareUnavailable',
    ],
  ])('%s', (_, before, finding, expected) => {
    expect(ready(before, finding)).toBe(expected);
  });

  test('a refusal that stands is still told with what to do about it', () => {
    const { conditions = [] } = after(refusal('refused', 'PermissionMissing'), OUTAGE);
    for (const { message } of conditions)
      expect(message).toMatch(/could not be asked since .*503.*PermissionMissing.*spec\.apiTokenSecretRef/);
    expect(after(PASSED, OUTAGE).conditions?.[0]?.message).not.toContain('apiTokenSecretRef');
  });

  test('the zones of the token stay, and those of a token before it do not', () => {
    expect(after(PASSED, OUTAGE).zones).toEqual([ZONE]);
    expect(after(PASSED, { ...OUTAGE, isNewToken: true }).zones).toBeUndefined();
  });
});
