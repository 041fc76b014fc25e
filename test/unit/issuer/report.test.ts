import { describe, expect, test } from 'vitest';
import type { OriginIssuer } from '../../../src/api/v1alpha1.ts';
import { type Finding, statusOf } from '../../../src/issuer/report.ts';
import { issuerWith } from './fixtures.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ZONE = { id: 'z', name: 'a.test', status: 'active', paused: false };
const PASSED: Finding = {
  outcome: 'passed',
  token: undefined,
  zones: [{ ...ZONE, account: { id: undefined, name: undefined } }],
};
const OUTAGE: Finding = { outcome: 'unavailable', message: '503', since: NOW, trouble: 'list_zones' };
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

  test('the zones of the token stay, and those of a token before it do not', () => {
    expect(after(PASSED, OUTAGE).zones).toEqual([ZONE]);
    expect(after(PASSED, { ...OUTAGE, isNewToken: true }).zones).toBeUndefined();
  });
});
