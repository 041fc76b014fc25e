import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rfc3339 } from '../../../src/api/conditions.ts';
import { formatDuration, parseDuration } from '../../../src/api/duration.ts';
import { holdUntil } from '../../../src/api/hold-until.ts';
import { ANNOTATION } from '../../../src/api/names.ts';
import { renewalOf } from '../../../src/certificate/renewal.ts';
import { graceOf } from '../../../src/certificate/revoke-time.ts';
import { duration } from '../../../src/flag-kinds.ts';
import { decide } from '../../../src/zone/decide.ts';
import { holdOf } from '../../../src/zone/hold.ts';
import { inventoryIntervalOf } from '../../../src/zone/subject.ts';
import { anyText, fuzz } from '../../support/fuzz.ts';
import { inTime } from '../../support/in-time.ts';
import { certificateFacts, originCertificate } from '../certificate/fixtures.ts';
import { originZone } from '../zone/fixtures.ts';
import { DAY, MONOTONIC, worldOf } from '../zone/world-fixtures.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const SECOND = 1000;
const MIB = 2 ** 20;

/** Numbers of hours, minutes and seconds, and what is almost one: signs, fractions, other digits, units in disorder. */
const digits = fc.oneof(
  fc.nat({ max: 99_999_999 }).map(String),
  fc.constantFrom('', '0', '007', '-1', '+1', '1.5', '1e9', 'Infinity', 'NaN', '٣', '0x10', '9'.repeat(400)),
);
const durationLike = fc
  .array(fc.tuple(digits, fc.constantFrom('h', 'm', 's', 'd', 'ms', 'H', ' ', '\n', '')), { maxLength: 4 })
  .map((parts) => parts.flat().join(''));
const anyDuration = fc.oneof(durationLike, anyText);

/** Whether it can be waited for, and reckoned with. */
const isSpan = (ms: number): boolean => Number.isSafeInteger(ms) && ms >= 0;

describe('a duration', () => {
  test('of any text is none, or a whole number of seconds that is not negative', () => {
    fc.assert(
      fc.property(anyDuration, (text) => {
        const ms = parseDuration(text);
        expect(ms === undefined || (isSpan(ms) && ms % SECOND === 0)).toBe(true);
      }),
      fuzz(2000),
    );
  });

  test('is the same when it was written out and read again', () => {
    const part = (max: number, unit: string) =>
      fc.option(fc.nat({ max }), { nil: undefined }).map((n) => (n === undefined ? '' : `${n}${unit}`));
    // Minutes and seconds beyond sixty make hours, of which six figures can be written.
    const written = fc.tuple(part(999_000, 'h'), part(9999, 'm'), part(9999, 's')).map((all) => all.join(''));
    fc.assert(
      fc.property(written, (text) => {
        const ms = parseDuration(text);
        expect(ms).toBe(text === '' ? undefined : parseDuration(formatDuration(ms ?? Number.NaN)));
      }),
      fuzz(500),
    );
  });

  test('of any number of milliseconds is text that is read again', () => {
    fc.assert(
      fc.property(fc.double({ max: 999_999 * 3_600_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms > 0 ? Math.floor(ms / SECOND) * SECOND : 0);
      }),
      fuzz(500),
    );
  });

  test.each([
    ['digits', '1'.repeat(MIB)],
    ['parts', '1h1m1s'.repeat(MIB / 6)],
    ['hours without a unit at the end', `${'0'.repeat(MIB)}x`],
  ])('of a megabyte of %s is none', async (_, text) => {
    const module = new URL('../../../src/api/duration.ts', import.meta.url);
    expect(await inTime(module, 'parseDuration', text)).toBeNull();
  });
});

describe('where the spec has any text for a duration', () => {
  test('a certificate is renewed at a time within its life', () => {
    const lifetimes = fc.constantFrom(1, 7, 90, 5475).map((days) => days * DAY);
    fc.assert(
      fc.property(anyDuration, lifetimes, anyText, fc.nat(), (renewBefore, lifetimeMs, uid, revision) => {
        const facts = certificateFacts({ notBefore: NOW, notAfter: NOW + lifetimeMs });
        const { at } = renewalOf(originCertificate({ renewBefore }, { uid }), facts, revision);
        expect(isSpan(at)).toBe(true);
        expect(at).toBeGreaterThanOrEqual(NOW + lifetimeMs / 10);
        expect(at).toBeLessThanOrEqual(NOW + lifetimeMs);
      }),
      fuzz(1000),
    );
  });

  test('what was replaced, and what is listed, waits for a span of time', () => {
    fc.assert(
      fc.property(anyDuration, (text) => {
        const certificate = originCertificate({ revocation: { superseded: 'Revoke', gracePeriod: text } });
        expect(isSpan(graceOf(certificate))).toBe(true);
        const interval = inventoryIntervalOf(originZone({ inventory: { interval: text } }));
        expect(isSpan(interval) && interval > 0).toBe(true);
      }),
      fuzz(1000),
    );
  });

  test('a lowered strict is looked at again at a moment that comes', () => {
    fc.assert(
      fc.property(anyDuration, fc.constantFrom('off', 'flexible', 'full'), (restoreAfter, ssl) => {
        const actions = decide(
          worldOf({
            spec: { restoreAfter },
            settings: { ssl: 'strict' },
            values: { ssl },
            history: { ssl: { lastInSync: 'strict', differsSinceMs: MONOTONIC - 1 } },
          }),
        );
        for (const action of actions) {
          if (action.type !== 'Hold') continue;
          const { againMs = MONOTONIC, probeSinceMs = MONOTONIC } = action;
          expect([againMs, probeSinceMs].every(Number.isFinite)).toBe(true);
          expect(againMs).toBeGreaterThanOrEqual(MONOTONIC);
        }
      }),
      fuzz(300),
    );
  });

  test('a flag is one that is long enough, or it is said what is wrong', () => {
    const flag = duration({ minMs: 5000 }, 60_000, '');
    fc.assert(
      fc.property(anyDuration, (text) => {
        const parsed = flag.parse(text);
        expect(
          'problem' in parsed ? parsed.problem : isSpan(parsed.value) && parsed.value >= 5000,
        ).toBeTruthy();
      }),
      fuzz(500),
    );
  });
});

describe('the annotation hold-until', () => {
  const pad = (n: number, length = 2): string => String(n).padStart(length, '0');
  const number = (max: number) => fc.nat({ max });
  /** Times with parts that may be too large, and in forms that may be wrong. */
  const timeLike = fc
    .tuple(
      fc.oneof(number(9999), fc.constantFrom(0, 2026, 2027, 9999)).map((year) => pad(year, 4)),
      number(13).map((n) => pad(n)),
      number(32).map((n) => pad(n)),
      fc.constantFrom('T', 't', ' ', '', '  '),
      fc.tuple(number(25), number(61), number(61)).map((parts) => parts.map((n) => pad(n)).join(':')),
      fc.constantFrom('', '.5', '.', `.${'9'.repeat(500)}`),
      fc.oneof(
        fc.constantFrom('Z', 'z', '', '+99:99', '-23:59', '+23:59', '-00:00'),
        fc.tuple(number(24), number(60)).map(([h, m]) => `+${pad(h)}:${pad(m)}`),
      ),
    )
    .map(
      ([year, month, day, between, time, fraction, zone]) =>
        `${year}-${month}-${day}${between}${time}${fraction}${zone}`,
    );
  const held = (text: string, now = NOW) => holdUntil({ [ANNOTATION.holdUntil]: text }, now);

  /** What is wrong with it: a moment comes to stand in messages, and what is unreadable too. */
  function faultOf(hold: ReturnType<typeof holdUntil>): string | undefined {
    if (hold === undefined) return undefined;
    if ('unreadable' in hold)
      return hold.unreadable.length < 420 && !/\p{C}/u.test(hold.unreadable) ? undefined : 'not to be shown';
    const { untilMs } = hold;
    if (!Number.isSafeInteger(untilMs) || untilMs <= NOW) return 'no moment to come';
    const text = rfc3339(untilMs);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return 'not to be written';
    const again = held(text, 0);
    const isSame =
      again !== undefined && 'untilMs' in again && Math.floor(untilMs / SECOND) * SECOND === again.untilMs;
    return isSame ? undefined : 'another when it is read again';
  }

  test('of any text is a moment to come that can be written, or shown in a few words that can be printed', () => {
    fc.assert(
      fc.property(fc.oneof(timeLike, anyText), (text) => {
        expect(faultOf(held(text))).toBeUndefined();
      }),
      fuzz(2000),
    );
  });

  test('is the moment that was written, in every way to write it', () => {
    const moment = fc
      .date({ min: new Date(NOW + DAY), max: new Date('9998-12-31T00:00:00Z'), noInvalidDate: true })
      .map((date) => Math.floor(date.getTime() / SECOND) * SECOND);
    const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(moment, offset, fc.constantFrom('T', 't', ' '), (ms, minutes, between) => {
        const [day, time] = new Date(ms + minutes * 60_000).toISOString().slice(0, 19).split('T');
        const size = Math.abs(minutes);
        const zone = `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
        expect(held(` ${day}${between}${time}${zone}\n`)).toEqual({ untilMs: ms });
      }),
      fuzz(500),
    );
  });

  test.each([
    '2027-02-29T00:00:00Z',
    '2027-02-30T00:00:00Z',
    '2027-04-31T00:00:00+02:00',
    '2027-00-01T00:00:00Z',
    '2027-01-00T00:00:00Z',
  ])('names no day that there is not: %s', (text) => {
    expect(held(text)).toHaveProperty('unreadable');
  });

  test('of the last day there is ends with it', () => {
    expect(held('9999-12-31T23:59:59-23:59')).toEqual({ untilMs: Date.parse('9999-12-31T23:59:59Z') });
  });

  test('of a zone holds, or does not: it never leaves in between', () => {
    fc.assert(
      fc.property(fc.oneof(timeLike, anyText), (text) => {
        const zone = originZone({ mode: 'Enforce' }, { annotations: { [ANNOTATION.holdUntil]: text } });
        const { enforce, hindrance, untilMs, invalid } = holdOf(zone, NOW);
        expect(enforce).toBe(hindrance === undefined);
        expect([untilMs, invalid].filter((one) => one !== undefined)).toHaveLength(enforce ? 0 : 1);
      }),
      fuzz(500),
    );
  });

  test.each([
    ['digits', '1'.repeat(MIB)],
    ['a fraction', `2027-01-01T00:00:00.${'1'.repeat(MIB)}x`],
    ['blanks', ' '.repeat(MIB)],
    ['halves of characters', '\ud800'.repeat(MIB)],
  ])('of a megabyte of %s is unreadable', async (_, text) => {
    const module = new URL('../../../src/api/hold-until.ts', import.meta.url);
    const found = await inTime(module, 'holdUntil', { [ANNOTATION.holdUntil]: text }, NOW);
    expect(found).toHaveProperty('unreadable');
  });
});
