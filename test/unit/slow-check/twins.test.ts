import { describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { ListedCertificate } from '../../../src/cloudflare/results.ts';
import { findTwins } from '../../../src/slow-check/twins.ts';
import { type Made, made } from './objects.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

function listed(id: string, key: string, change: Partial<ListedCertificate> = {}): ListedCertificate {
  return {
    id,
    certificate: 'PEM',
    hostnames: ['example.com'],
    publicKeyDigest: key,
    expiresOn: undefined,
    notBefore: Number(id),
    notAfter: NOW + 1,
    revokedAt: undefined,
    ...change,
  };
}

const found = (certificates: readonly ListedCertificate[], all: readonly Made[]) =>
  findTwins(
    certificates,
    all.map(({ certificate }) => certificate),
    all.map(({ secret }) => secret),
    NOW,
  );

/** The object with another status, or another uid. */
function changed(one: Made, status: OriginCertificate['status'], uid = one.certificate.metadata.uid): Made {
  const metadata = { ...one.certificate.metadata, uid };
  return { ...one, certificate: { ...one.certificate, metadata, ...(status && { status }) } };
}

const HELD = listed('1', 'key-1');
const TWIN = listed('2', 'key-1');
const at = '2026-11-21T12:00:00Z';

describe('a certificate that bears the key of one of ours', () => {
  test('is a twin, and belongs to the object that the key was made for', () => {
    expect(found([HELD, TWIN, listed('3', 'key-3')], [made('1'), made('5')])).toEqual([
      { id: '2', keyDigest: 'key-1', key: 'web/c-1', of: '1', notBefore: 2, ofNotBefore: 0 },
    ]);
  });

  test('that was replaced, seen in the same listing, is a twin', () => {
    const superseded = [{ id: '1', supersededAt: at, issuedFor: 'uid-c-9' }];
    expect(found([HELD, TWIN], [changed(made('9'), { superseded })])).toMatchObject([
      { id: '2', of: '1', key: 'web/c-9', ofNotBefore: 1 },
    ]);
  });

  test.each<[string, readonly ListedCertificate[], readonly Made[]]>([
    ['is revoked', [HELD, { ...TWIN, revokedAt: at }], [made('1')]],
    ['is past its end', [HELD, { ...TWIN, notAfter: NOW }], [made('1')]],
    ['cannot be read', [HELD, { ...TWIN, publicKeyDigest: undefined }], [made('1')]],
    ['bears a key that waits for its certificate still', [HELD, TWIN], [made('1'), pendingWith('key-1')]],
    ['is held by another Secret of ours', [HELD, TWIN], [made('1'), made('2')]],
    [
      'is named by a status',
      [HELD, TWIN],
      [made('1'), changed(made('5'), { issued: [{ id: '2', time: at }] })],
    ],
    [
      'bears a key that was issued for an object that is gone',
      [HELD, TWIN],
      [changed(made('1'), undefined, 'new')],
    ],
    ['bears a key of an object that is being deleted', [HELD, TWIN], [deleted(made('1'))]],
    [
      'bears the key of a replaced one that is not in the listing',
      [TWIN],
      [changed(made('9'), { superseded: [{ id: '1', supersededAt: at, issuedFor: 'uid-c-9' }] })],
    ],
    [
      'bears the key of one that was issued for another object, as the status of a copy may say',
      [HELD, TWIN],
      [changed(made('9'), { superseded: [{ id: '1', supersededAt: at, issuedFor: 'uid-old' }] })],
    ],
  ])('and %s is no twin', (_, certificates, all) => {
    expect(found(certificates, all)).toEqual([]);
  });
});

function pendingWith(key: string): Made {
  const { certificate, secret } = made('8');
  const pair = { state: 'MissingData', problem: '' } as const;
  return { certificate, secret: { ...secret, type: 'originca.dev/pending', keyDigest: key, pair } };
}

function deleted(one: Made): Made {
  const metadata = { ...one.certificate.metadata, deletionTimestamp: at };
  return { ...one, certificate: { ...one.certificate, metadata } };
}
