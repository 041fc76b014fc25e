import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  badness,
  difference,
  formatNeed,
  issuanceNeed,
  type Need,
  parseNeed,
  sameNames,
} from '../../../src/certificate/need.ts';
import { certificateFacts, NOW, originCertificate, record } from './fixtures.ts';

const spec = originCertificate().spec;
const complete = fc.record({
  hostnames: fc.uniqueArray(fc.domain(), { minLength: 1, maxLength: 5 }).map((names) => names.toSorted()),
  algorithm: fc.constantFrom('ECDSA', 'RSA'),
  size: fc.constantFrom(256, 384, 2048),
  validityDays: fc.constantFrom(7, 90, 5475),
  issuer: fc.record({
    kind: fc.constantFrom('OriginIssuer' as const, 'ClusterOriginIssuer' as const),
    name: fc.stringMatching(/^[a-z0-9][-.a-z0-9]{0,20}[a-z0-9]$/),
  }),
});

describe('the need', () => {
  test('survives being written down and read back, with any of its fields missing', () => {
    fc.assert(
      fc.property(
        complete,
        fc.subarray(['algorithm', 'size', 'validityDays', 'issuer'] as const),
        (need, without) => {
          const partial: Need = Object.fromEntries(
            Object.entries(need).filter(([key]) => !(without as readonly string[]).includes(key)),
          ) as unknown as Need;
          expect(parseNeed(formatNeed(partial))).toEqual(partial);
        },
      ),
    );
  });

  test('of any text at all is a need or nothing, and never an error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const need = parseNeed(text);
        expect(need === undefined || Array.isArray(need.hostnames)).toBe(true);
      }),
    );
  });

  test('takes what the spec leaves out from the issuer, and then from us', () => {
    expect(issuanceNeed(spec)).toMatchObject({ algorithm: 'ECDSA', size: 256, validityDays: 90 });
    const defaults = { validityDays: 7, privateKey: { algorithm: 'RSA', size: 4096 } };
    expect(issuanceNeed(spec, defaults)).toMatchObject({ algorithm: 'RSA', size: 4096, validityDays: 7 });
    const own = {
      ...spec,
      validityDays: 365 as const,
      privateKey: { algorithm: 'ECDSA' as const, size: 384 as const },
    };
    expect(issuanceNeed(own, defaults)).toMatchObject({ algorithm: 'ECDSA', size: 384, validityDays: 365 });
  });

  test.each<[string, Partial<Need>]>([
    ['other hostnames', { hostnames: ['example.com'] }],
    ['another algorithm', { algorithm: 'RSA' }],
    ['another size', { size: 384 }],
    ['another lifetime', { validityDays: 30 }],
  ])('that says %s than the certificate beside it counts as lost', (_, change) => {
    expect(parseNeed(formatNeed(record().need), certificateFacts())).toEqual(record().need);
    expect(parseNeed(formatNeed({ ...record().need, ...change }), certificateFacts())).toBeUndefined();
  });
});

describe('a difference', () => {
  test('is none where spec or record is silent', () => {
    expect(difference(spec, { hostnames: ['example.com', '*.example.com'] })).toBeUndefined();
    expect(
      difference(spec, { ...record().need, validityDays: 7, algorithm: 'RSA', size: 4096 }),
    ).toBeUndefined();
  });

  test('of names is one of sets', () => {
    expect(sameNames(['a', 'b'], ['b', 'a'])).toBe(true);
    expect(sameNames(['a'], ['a', 'b'])).toBe(false);
    expect(sameNames(['a', 'b'], ['a'])).toBe(false);
  });
});

test('a certificate with a name of another kind beside its hostnames is not for these hostnames', () => {
  expect(badness(spec, certificateFacts(), { now: NOW, revoked: [] })).toBeUndefined();
  expect(badness(spec, certificateFacts({ hasOtherNames: true }), { now: NOW, revoked: [] })).toBe(
    'HostnamesChanged',
  );
});
