import { describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { isOurKey } from '../../../src/certificate/twins.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import { NOW, originCertificate, targetFacts } from './fixtures.ts';

const twin = { of: '1001', keyDigest: 'key-1' };
const at = new Date(NOW).toISOString();

type Status = NonNullable<OriginCertificate['status']>;

function isOurs(secrets: readonly SecretFacts[], status?: Status): boolean {
  return isOurKey({ ...originCertificate(), ...(status && { status }) }, twin, secrets);
}

describe('the key of a twin is ours', () => {
  test('when a Secret of this object holds it with what was issued for this object', () => {
    expect(isOurs([targetFacts()])).toBe(true);
  });

  test('when the status lists what bore it as replaced, and as issued for this object', () => {
    const entry = { id: '1001', supersededAt: at };
    expect(isOurs([], { superseded: [{ ...entry, issuedFor: 'uid-1' }] })).toBe(true);
    expect(isOurs([], { superseded: [entry], issued: [{ id: '1001', time: at }] })).toBe(true);
  });
});

describe('the key of a twin is not ours', () => {
  test.each<[string, readonly SecretFacts[], Status?]>([
    ['when no Secret holds it', []],
    ['when the pair was issued for another object, as a copied Secret says', [withIssuedFor('uid-0')]],
    ['when nobody knows for whom it was issued, as of an adopted pair', [withIssuedFor('')]],
    [
      'when another OriginCertificate keeps the Secret',
      [targetFacts({ annotations: { ...targetFacts().annotations, 'originca.dev/certificate': 'other' } })],
    ],
    ['when the Secret holds another certificate by now', [targetFacts({}, { id: '1003' })]],
    ['when the Secret holds another key by now', [targetFacts({}, { publicKeyDigest: 'key-9' })]],
    ['when its key does not fit', [targetFacts({ pair: { state: 'MissingData', problem: '' } })]],
    ['when the status lists it as issued for another', [], superseded('uid-0')],
    ['when the status lists it and does not say for whom', [], superseded(undefined)],
  ])('%s', (_, secrets, status) => {
    expect(isOurs(secrets, status)).toBe(false);
  });
});

function withIssuedFor(uid: string): SecretFacts {
  const target = targetFacts();
  return { ...target, annotations: { ...target.annotations, 'originca.dev/issued-for': uid } };
}

function superseded(issuedFor: string | undefined): Status {
  return { superseded: [{ id: '1001', supersededAt: at, ...(issuedFor !== undefined && { issuedFor }) }] };
}
