import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, type Fate, fateOf, judgeListing } from '../../../src/slow-check/judge.ts';

const ids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => String(from + at));
const inForce = (listed: readonly string[]) => listed.map((id) => ({ id, revokedAt: undefined }));
const inUse = (used: readonly string[], isYoung = false) =>
  used.map((id) => ({ id, isOfOneZone: true, isYoung }));

/** What a zone with so many certificates in use is judged to be when these are absent from its listing. */
function judged(total: number, absent: readonly string[]) {
  const all = ids(total);
  return judgeListing(inForce(all.filter((id) => !absent.includes(id))), inUse(all));
}

describe('a complete listing', () => {
  test('that has all that is in use suspects nothing', () => {
    expect(judged(3, [])).toEqual({ verdict: 'trusted', suspects: [], inForce: ids(3) });
  });

  test('has nothing to say of a zone in which nothing is in use', () => {
    expect(judgeListing(inForce(ids(5)), [])).toEqual({ verdict: 'trusted', suspects: [], inForce: [] });
  });

  test.each<[string, number, number, 'trusted' | 'distrusted']>([
    ['one of one', 1, 1, 'trusted'],
    ['two of two, for two are few', 2, 2, 'trusted'],
    ['three of three', 3, 3, 'distrusted'],
    ['three of 60, which is 5 %', 60, 3, 'trusted'],
    ['three of 59, which is more', 59, 3, 'distrusted'],
    ['50 of 1000', 1000, 50, 'trusted'],
    ['51 of 1000', 1000, 51, 'distrusted'],
    ['all of 1000: it is empty', 1000, 1000, 'distrusted'],
  ])('that lacks %s', (_, total, absent, verdict) => {
    const judgement = judged(total, ids(absent));
    expect(judgement.verdict).toBe(verdict);
    expect(judgement).toMatchObject(
      verdict === 'trusted' ? { suspects: ids(absent) } : { absent, expected: total },
    );
  });

  test('that shows certificates as revoked is believed, however many: each is asked for', () => {
    const listed = ids(10).map((id) => ({ id, revokedAt: '2026-11-21T12:00:00Z' }));
    expect(judgeListing(listed, inUse(ids(10)))).toMatchObject({ verdict: 'trusted', suspects: ids(10) });
  });

  test('that shows a young certificate as revoked, or lacks one, has it asked for', () => {
    const listed = [{ id: '1', revokedAt: '2026-11-21T12:00:00Z' }];
    expect(judgeListing(listed, inUse(['0', '1'], true))).toMatchObject({ suspects: ['0', '1'] });
  });

  test('that lacks many young certificates is only slow: those are let be, and it is believed about the others', () => {
    const old = inUse(ids(10));
    const young = inUse(ids(50, 100), true);
    expect(judgeListing(inForce(ids(9)), [...old, ...young])).toMatchObject({
      verdict: 'trusted',
      suspects: ['9'],
    });
  });

  test('counts a certificate that two Secrets hold once', () => {
    expect(judgeListing([], inUse(['1', '1', '1', '2']))).toMatchObject({ suspects: ['1', '2'] });
  });

  test('need not have certificates of several zones, of which any may list them', () => {
    const spread = ids(10).map((id) => ({ id, isOfOneZone: false, isYoung: false }));
    expect(judgeListing([], spread)).toMatchObject({ verdict: 'trusted', suspects: ids(10) });
  });

  test('never has more than 5 % of what is in use suspected, or two', () => {
    const zone = fc.nat(300).chain((total) => fc.tuple(fc.constant(ids(total)), fc.subarray(ids(total))));
    fc.assert(
      fc.property(zone, ([used, listed]) => {
        const judgement = judgeListing(inForce(listed), inUse(used));
        const suspects = judgement.verdict === 'trusted' ? judgement.suspects : [];
        expect(suspects.length).toBeLessThanOrEqual(Math.max(2, used.length * 0.05));
        expect(suspects.filter((id) => listed.includes(id))).toEqual([]);
      }),
    );
  });

  test('of others beside ours changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(200), (total, absent, others) => {
        const shown = inForce(ids(total).slice(absent));
        const more = [...shown, ...inForce(ids(others, 1000))];
        expect(judgeListing(more, inUse(ids(total)))).toEqual(judgeListing(shown, inUse(ids(total))));
      }),
    );
  });
});

describe('a suspect', () => {
  test.each<[string, Fate, Answer, number | undefined]>([
    ['that Cloudflare shows is in force', 'in-force', 'in-force', 0],
    ['that Cloudflare says is revoked is revoked at once', 'revoked', 'revoked', undefined],
    ['that is not known stays suspected', 'suspected', 'not-found', undefined],
    ['that is not known again too soon stays suspected', 'suspected', 'not-found', 1],
    ['that is not known an interval later is revoked', 'revoked', 'not-found', 0],
  ])('%s', (_, fate, answer, missedMs) => {
    expect(fateOf(answer, { missedMs, nowMs: 100, intervalMs: 100 })).toBe(fate);
  });
});
