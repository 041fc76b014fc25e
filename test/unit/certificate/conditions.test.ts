import { describe, expect, test } from 'vitest';
import type { Action } from '../../../src/certificate/action.ts';
import { conditionsOf } from '../../../src/certificate/conditions.ts';
import { decide } from '../../../src/certificate/decide.ts';
import type { Failure } from '../../../src/certificate/failure.ts';
import { isLiving, type World } from '../../../src/certificate/world.ts';
import { NOW, originCertificate, READY_ISSUER, targetFacts, worldOf } from './fixtures.ts';

const MINUTE = 60_000;

/** Conditions as "type=status reason", for the action that such a world leads to. */
function said(change: Partial<World>, sinceMs = NOW, action?: Action): string[] {
  const world = worldOf(change);
  if (!isLiving(world)) throw new Error('conditions are those of an object');
  return conditionsOf(world, action ?? decide(world), sinceMs).map(
    ({ type, status, reason }) => `${type}=${status} ${reason}`,
  );
}

const failure: Failure = {
  reason: 'CloudflareUnavailable',
  message: 'no answer',
  rayId: undefined,
  count: 3,
  since: NOW,
  lastTime: NOW,
  nextTime: NOW + 5000,
};
const heldByNoTime = originCertificate({}, { annotations: { 'originca.dev/hold-until': 'tomorrow' } });
const due = targetFacts({}, { notBefore: NOW - 62 * 86_400_000, notAfter: NOW + 28 * 86_400_000 });

describe('the conditions', () => {
  test.each<[string, string[], Partial<World>]>([
    ['of one in order are Ready alone', ['Ready=True Issued'], {}],
    [
      'of one that is issued for the first time',
      ['Ready=False DoesNotExist', 'Issuing=True DoesNotExist'],
      { target: undefined },
    ],
    ['of a renewal keep Ready True', ['Ready=True Issued', 'Issuing=True Renewing'], { target: due }],
    [
      'of a renewal that fails keep Ready True',
      ['Ready=True Issued', 'Issuing=False CloudflareUnavailable'],
      { target: due, failure },
    ],
    [
      'of a first issuance that fails say why in both',
      ['Ready=False CloudflareUnavailable', 'Issuing=False CloudflareUnavailable'],
      { target: undefined, failure },
    ],
    [
      'of one whose certificate somebody else revoked',
      ['Ready=False Revoked', 'Issuing=True Revoked'],
      { revoked: ['1001'] },
    ],
    [
      'of a suspended one whose certificate somebody else revoked',
      ['Ready=False Revoked', 'Issuing=False Suspended'],
      { certificate: originCertificate({ suspend: true }), revoked: ['1001'] },
    ],
    ['of one in order when somebody revoked another', ['Ready=True Issued'], { revoked: ['1'] }],
    [
      'of a suspended one without a pair name what is wrong with the Secret',
      ['Ready=False DoesNotExist', 'Issuing=False Suspended'],
      { certificate: originCertificate({ suspend: true }), target: undefined },
    ],
    [
      'of a temporary pair say so, and why there is none better',
      ['Ready=False TemporaryCertificate', 'Issuing=False CloudflareUnavailable'],
      {
        certificate: originCertificate({ temporaryCertificate: true }),
        target: targetFacts({}, { trusted: false, issuer: 'origin-ca-operator temporary certificate' }),
        failure,
      },
    ],
    [
      'of one held with a pair keep Ready True',
      ['Ready=True Issued', 'Issuing=False Held'],
      {
        certificate: originCertificate(
          {},
          { annotations: { 'originca.dev/hold-until': '2027-01-01T00:00:00Z' } },
        ),
      },
    ],
    [
      'of one held by what is no time keep Ready True, and a person is needed',
      ['Ready=True Issued', 'Issuing=False HoldUntilInvalid', 'Stalled=True HoldUntilInvalid'],
      { certificate: heldByNoTime },
    ],
    [
      'of one held by what is no time without a pair name what is wrong with the Secret',
      ['Ready=False DoesNotExist', 'Issuing=False HoldUntilInvalid', 'Stalled=True HoldUntilInvalid'],
      { certificate: heldByNoTime, target: undefined },
    ],
    [
      'of a suspended one with a pair keep Ready True',
      ['Ready=True Issued', 'Issuing=False Suspended'],
      { certificate: originCertificate({ suspend: true }) },
    ],
    [
      'of a loop name what is wrong with the Secret, and a person is needed',
      ['Ready=False DoesNotExist', 'Issuing=False IssuanceLoop', 'Stalled=True IssuanceLoop'],
      { target: undefined, issuedAt: [NOW - 1, NOW - 2, NOW - 3] },
    ],
    [
      'of a foreign Secret',
      ['Ready=False SecretNotManaged', 'Issuing=False SecretNotManaged', 'Stalled=True SecretNotManaged'],
      { holder: { kind: 'foreign' } },
    ],
    [
      'of a conflict',
      ['Ready=False SecretConflict', 'Issuing=False SecretConflict', 'Stalled=True SecretConflict'],
      { holder: { kind: 'other', name: 'api' } },
    ],
    [
      'of hostnames that are not allowed, while the old pair serves other names',
      [
        'Ready=False HostnameNotAllowed',
        'Issuing=False HostnameNotAllowed',
        'Stalled=True HostnameNotAllowed',
      ],
      {
        certificate: originCertificate({ hostnames: ['a.example.com'] }),
        issuer: { ...READY_ISSUER, notAllowed: 'no' },
      },
    ],
    [
      'of an expired pair that cannot be renewed',
      ['Ready=False CloudflareUnavailable', 'Issuing=False CloudflareUnavailable'],
      { target: targetFacts({}, { notBefore: NOW - 90 * 86_400_000, notAfter: NOW }), failure },
    ],
    [
      'of a renewBefore that does not fit',
      ['Ready=True Issued', 'Issuing=False RenewBeforeTooLong'],
      {
        certificate: originCertificate({ renewBefore: '2159h' }),
        target: targetFacts({}, { notBefore: NOW - 86_400_000, notAfter: NOW + 89 * 86_400_000 }),
      },
    ],
  ])('%s', (_, expected, change) => {
    expect(said(change)).toEqual(expected);
  });

  test('call a missing issuer Stalled only after five minutes: it may be applied a moment later', () => {
    const world = { target: undefined, issuer: { state: 'IssuerNotFound', message: '' } as const };
    const both = ['Ready=False IssuerNotFound', 'Issuing=False IssuerNotFound'];
    expect(said(world, NOW - 5 * MINUTE + 1)).toEqual(both);
    expect(said(world, NOW - 5 * MINUTE)).toEqual([...both, 'Stalled=True IssuerNotFound']);
  });

  test('never call an outage Stalled', () => {
    expect(said({ target: undefined, failure }, NOW - 86_400_000).join()).not.toContain('Stalled');
  });

  test('keep their transition time until their status changes', () => {
    const earlier = '2026-11-01T00:00:00Z';
    const before = {
      type: 'Ready',
      reason: 'x',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: earlier,
    };
    const at = (status: 'True' | 'False'): string | undefined => {
      const certificate = { ...originCertificate(), status: { conditions: [{ ...before, status }] } };
      const world = worldOf({ certificate: certificate as unknown as World['certificate'] });
      return isLiving(world) ? conditionsOf(world, decide(world), NOW)[0]?.lastTransitionTime : undefined;
    };
    expect(at('True')).toBe(earlier);
    expect(at('False')).toBe('2026-11-21T12:00:00Z');
  });
});
