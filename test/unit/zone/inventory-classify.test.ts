import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { ListedCertificate } from '../../../src/cloudflare/results.ts';
import type { SecretFacts } from '../../../src/secret-facts.ts';
import { inventoryOf, type InventoryStatus } from '../../../src/zone/inventory-classify.ts';
import { knownOf } from '../../../src/known-certificates.ts';
import { secretOf } from './inventory-objects.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY = 24 * 3_600_000;

function listed(id: string, change: Partial<ListedCertificate> = {}): ListedCertificate {
  const end = NOW + 60 * DAY;
  return {
    id,
    certificate: 'PEM',
    hostnames: [`h${id}.example.com`],
    publicKeyDigest: `key-${id}`,
    expiresOn: end,
    notBefore: NOW - 30 * DAY,
    notAfter: end,
    revokedAt: undefined,
    ...change,
  };
}

type Status = NonNullable<OriginCertificate['status']>;

interface Cluster {
  readonly secrets?: readonly SecretFacts[];
  readonly statuses?: readonly Status[];
}

function inventory(certificates: readonly ListedCertificate[], cluster: Cluster = {}): InventoryStatus {
  const objects = (cluster.statuses ?? []).map((status) => ({ status }));
  return inventoryOf(certificates, knownOf(objects, cluster.secrets ?? []), NOW);
}

const supersededAt = '2026-11-01T00:00:00Z';

describe('a certificate of the zone', () => {
  test.each<[string, Partial<InventoryStatus>, ListedCertificate, Cluster]>([
    ['that a Secret of ours holds is managed', { managed: 1 }, listed('1'), { secrets: [secretOf('1')] }],
    [
      'in a Secret whose key was damaged is managed still',
      { managed: 1 },
      listed('1'),
      { secrets: [secretOf('1', { keyDigest: undefined })] },
    ],
    [
      'in a Secret of somebody else is unknown',
      { unknown: 1 },
      listed('1'),
      { secrets: [secretOf('1', { annotations: {} })] },
    ],
    [
      'that bears the key of an unfinished issuance is managed: it is on its way',
      { managed: 1 },
      listed('1', { publicKeyDigest: 'pending' }),
      { secrets: [secretOf(undefined, { type: 'originca.dev/pending', keyDigest: 'pending' })] },
    ],
    [
      'that bears the key of a Secret of ours under another id is a twin',
      { twins: 1 },
      listed('2', { publicKeyDigest: 'key-1' }),
      { secrets: [secretOf('1')] },
    ],
    [
      'that was replaced is in the total alone',
      {},
      listed('1'),
      { statuses: [{ superseded: [{ id: '1', supersededAt }] }] },
    ],
    [
      'that was replaced just now is in the total alone, before a status says so',
      {},
      listed('1'),
      {
        secrets: [
          secretOf('2', {
            annotations: { 'originca.dev/certificate': 'a', 'originca.dev/previous-certificate-id': '1' },
          }),
        ],
      },
    ],
    [
      'that is noted for revocation is in the total alone',
      {},
      listed('1', { publicKeyDigest: 'pending' }),
      {
        secrets: [
          secretOf(undefined, {
            type: 'originca.dev/pending',
            keyDigest: 'pending',
            annotations: { 'originca.dev/certificate': 'a', 'originca.dev/revoke': '7,1' },
          }),
        ],
      },
    ],
    [
      'that only a status remembers as issued is in the total alone',
      {},
      listed('1'),
      { statuses: [{ issued: [{ id: '1', time: supersededAt }] }] },
    ],
    ['that nothing knows is unknown', { unknown: 1 }, listed('1'), {}],
    [
      'that nothing knows and that ends within 30 days is expiring',
      { expiring: 1 },
      listed('1', { notAfter: NOW + 30 * DAY }),
      {},
    ],
    [
      'of ours that ends within 30 days is managed: it will be renewed',
      { managed: 1 },
      listed('1', { notAfter: NOW + DAY }),
      { secrets: [secretOf('1')] },
    ],
    [
      'that cannot be read ends when Cloudflare says',
      { expiring: 1 },
      listed('1', { notAfter: undefined, publicKeyDigest: undefined, expiresOn: NOW + DAY }),
      {},
    ],
    [
      'whose end nobody says counts as unknown',
      { unknown: 1 },
      listed('1', { notAfter: undefined, expiresOn: undefined }),
      {},
    ],
  ])('%s', (_, counts, certificate, cluster) => {
    const none = { total: 1, managed: 0, expiring: 0, twins: 0, unknown: 0 };
    expect(inventory([certificate], cluster)).toMatchObject({ ...none, ...counts });
  });

  test.each([
    ['revoked', { revokedAt: '2026-01-01T00:00:00Z' }],
    ['expired', { notAfter: NOW }],
  ])('that is %s is not counted, whatever else it is', (_, change) => {
    const twin = listed('2', { publicKeyDigest: 'key-1', ...change });
    expect(inventory([twin], { secrets: [secretOf('1')] })).toMatchObject({ total: 0, twins: 0, worst: [] });
  });

  test('with the key of a replaced one is a twin only where that one is in the same list', () => {
    const statuses = [{ superseded: [{ id: '1', supersededAt }] }];
    const twin = listed('2', { publicKeyDigest: 'key-1' });
    expect(inventory([twin], { statuses })).toMatchObject({ total: 1, twins: 0, unknown: 1 });
    expect(inventory([listed('1'), twin], { statuses })).toMatchObject({ total: 2, twins: 1, unknown: 0 });
    // The replaced one may have expired; its key names the twin all the same.
    const expired = listed('1', { notAfter: NOW - DAY });
    expect(inventory([expired, twin], { statuses })).toMatchObject({ total: 1, twins: 1, unknown: 0 });
  });
});

describe('the worst', () => {
  const many = (count: number, from: number, change: Partial<ListedCertificate>): ListedCertificate[] =>
    Array.from({ length: count }, (_, i) => listed(String(from + i), change));

  test('are twins, then unknown ones, then expiring ones, each by their end, at most 20', () => {
    const { worst = [] } = inventory(
      [
        ...many(12, 100, { notAfter: NOW + DAY }),
        listed('8', { notAfter: NOW + 90 * DAY }),
        ...many(11, 200, { notAfter: NOW + 80 * DAY }),
        listed('9', { notAfter: NOW + 70 * DAY, publicKeyDigest: 'key-1' }),
        listed('1'),
      ],
      { secrets: [secretOf('1')] },
    );
    expect(worst).toHaveLength(20);
    expect(worst.map(({ id }) => id).slice(0, 2)).toEqual(['9', '200']);
    expect(worst.map(({ state }) => state)).toEqual([
      'Twin',
      ...Array<string>(12).fill('Unknown'),
      ...Array<string>(7).fill('Expiring'),
    ]);
    expect(worst[12]).toMatchObject({ id: '8', notAfter: '2027-02-19T12:00:00Z' });
  });

  test('name five hostnames at most', () => {
    const hostnames = Array.from({ length: 9 }, (_, i) => `h${i}.example.com`);
    expect(inventory([listed('1', { hostnames })]).worst?.[0]?.hostnames).toEqual(hostnames.slice(0, 5));
  });
});

test('every certificate in force is counted once, whatever the cluster holds', () => {
  const id = fc.integer({ min: 1, max: 12 }).map(String);
  const key = fc.integer({ min: 1, max: 6 }).map((n) => `key-${n}`);
  const certificate = fc.record({
    id,
    publicKeyDigest: fc.option(key, { nil: undefined }),
    notAfter: fc.option(fc.integer({ min: NOW - DAY, max: NOW + 60 * DAY }), { nil: undefined }),
    expiresOn: fc.constant(undefined),
    revokedAt: fc.option(fc.constant('x'), { nil: undefined }),
  });
  const cluster = fc.record({
    secrets: fc.array(
      fc.tuple(id, key).map(([held, keyDigest]) => secretOf(held, { keyDigest })),
      { maxLength: 5 },
    ),
    statuses: fc.array(
      fc.array(id, { maxLength: 3 }).map((ids) => ({
        superseded: ids.map((each) => ({ id: each, supersededAt })),
      })),
      { maxLength: 3 },
    ),
  });
  const zone = fc.uniqueArray(certificate, { maxLength: 15, selector: (each) => each.id });
  fc.assert(
    fc.property(zone, cluster, (certificates, held) => {
      const all = certificates.map(({ id: each, ...change }) => listed(each, change));
      const {
        total = 0,
        managed = 0,
        expiring = 0,
        twins = 0,
        unknown = 0,
        worst = [],
      } = inventory(all, held);
      const inForce = all.filter(
        ({ notAfter, revokedAt }) => revokedAt === undefined && (notAfter ?? Infinity) > NOW,
      );
      expect(total).toBe(inForce.length);
      expect(managed + expiring + twins + unknown).toBeLessThanOrEqual(total);
      expect(worst).toHaveLength(expiring + twins + unknown);
      const named = new Set(
        held.secrets.flatMap(({ pair }) => ('certificate' in pair ? pair.certificate.id : [])),
      );
      expect(worst.filter((each) => named.has(each.id))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
