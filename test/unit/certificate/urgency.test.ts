import { describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import { rankOf } from '../../../src/certificate/urgency.ts';
import { issuerRank } from '../../../src/issuer/urgency.ts';
import { isIssuerText } from '../../../src/sessions.ts';
import { TestClock } from '../../support/test-clock.ts';
import { certificateFacts, NOW, originCertificate, targetFacts } from './fixtures.ts';

const HOUR = 3_600_000;
const clock = new TestClock(NOW);
const lane = 'OriginIssuer/shop/cloudflare';

function rank(key: string, certificate: OriginCertificate | undefined = originCertificate()) {
  const stores = { certificates: { get: () => certificate }, secrets: { get: () => targetFacts() } };
  return rankOf(stores as never, clock, () => false, key);
}

describe('among all that want something', () => {
  test('a certificate is as urgent as its expiry, and before that where it is being deleted', () => {
    expect(rank('shop/web')).toEqual({ group: 'shop', lane, due: certificateFacts().notAfter });
    const leaving = originCertificate({}, { deletionTimestamp: new Date(NOW).toISOString() });
    expect(rank('shop/web', leaving)).toEqual({ group: 'shop', lane, due: NOW });
  });

  test('what is left of one that is gone, and the page of a listing, count as of its namespace', () => {
    const expected = { group: 'shop', lane: '', due: NOW + HOUR };
    expect(rank('shop/web#uid-2')).toEqual(expected);
    expect(rank('shop/web reads 7', undefined)).toMatchObject({ group: 'shop' });
  });

  test('an issuer counts as of its namespace, and is before the certificates that wait for it', () => {
    expect(issuerRank('OriginIssuer/shop/cloudflare', clock)).toEqual({ group: 'shop', lane: '', due: NOW });
    expect(issuerRank('ClusterOriginIssuer//cloudflare', clock).group).toBe('');
    expect(
      ['OriginIssuer/shop/a', 'ClusterOriginIssuer//a', 'shop/web', 'shop/web#uid'].map(isIssuerText),
    ).toEqual([true, true, false, false]);
  });
});
