import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, normalizeHostname, zoneOf, zonesOf } from '../../../src/api/hostname.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?$/);
const tld = fc.stringMatching(/^[a-z]{2,4}$/);
/** Few short labels, so that random names are often related to each other. */
const fewLabels = fc.constantFrom('a', 'b', 'xn--bcher-kva', 'com');
const relatedName = fc.array(fewLabels, { minLength: 2, maxLength: 5 }).map((labels) => labels.join('.'));
const name = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 4 }), tld)
  .map(([head, last]) => [...head, last].join('.'));
const hostname = fc.tuple(fc.boolean(), name).map(([wild, base]) => (wild ? `*.${base}` : base));

/** The same name as somebody else might write it. */
function respell(text: string, upper: readonly boolean[], dot: boolean): string {
  const cased = text.replace(/[a-z]/g, (char, i: number) =>
    upper[i % upper.length] ? char.toUpperCase() : char,
  );
  return dot ? `${cased}.` : cased;
}

describe('normalizeHostname', () => {
  test.each([
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com'],
    ['*.Example.com.', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
    ['1.2', '1.2'],
    ['', ''],
  ])('%s becomes %s', (given, normal) => {
    expect(normalizeHostname(given)).toBe(normal);
  });

  test('is the same for every spelling, and changes nothing the second time', () => {
    fc.assert(
      fc.property(hostname, fc.array(fc.boolean()), fc.boolean(), (text, upper, dot) => {
        const normal = normalizeHostname(respell(text, upper, dot));
        expect(normal).toBe(text);
        expect(normalizeHostname(normal)).toBe(normal);
      }),
    );
  });
});

describe('covers', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['example.com', 'a.example.com', false],
    ['example.com', '*.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', '*.example.com', true],
    ['*.example.com', '*.a.example.com', true],
    ['*.example.com', 'badexample.com', false],
    ['*.example.com', 'a.example.com.evil.org', false],
    ['*.EXAMPLE.com.', 'A.example.COM.', true],
    ['*.bücher.example', 'a.xn--bcher-kva.example', true],
    ['*.a.example.com', '*.example.com', false],
    ['', 'example.com', false],
  ])('%s, asked for %s: %s', (pattern, asked, expected) => {
    expect(covers(pattern, asked)).toBe(expected);
  });

  test('a wildcard entry covers exactly the names that go on before its suffix', () => {
    fc.assert(
      fc.property(relatedName, relatedName, fc.boolean(), (base, other, wild) => {
        const labels = other.split('.');
        const tail = labels.slice(-base.split('.').length).join('.');
        const below = tail === base && labels.length + (wild ? 1 : 0) > base.split('.').length;
        expect(covers(`*.${base}`, wild ? `*.${other}` : other)).toBe(below);
        expect(covers(base, wild ? `*.${other}` : other)).toBe(!wild && base === other);
      }),
    );
  });
});

describe('zoneOf', () => {
  const zones = [{ name: 'example.com' }, { name: 'app.example.com' }, { name: 'example.co.uk' }];

  test.each([
    ['example.com', 'example.com'],
    ['www.example.com', 'example.com'],
    ['*.example.com', 'example.com'],
    ['app.example.com', 'app.example.com'],
    ['a.app.example.com', 'app.example.com'],
    ['*.app.example.com', 'app.example.com'],
    ['myapp.example.com', 'example.com'],
    ['a.example.co.uk', 'example.co.uk'],
    ['A.APP.Example.com.', 'app.example.com'],
    ['co.uk', undefined],
    ['badexample.com', undefined],
    ['example.com.evil.org', undefined],
  ])('of %s is %s', (text, zone) => {
    expect(zoneOf(text, zones)?.name).toBe(zone);
    expect(zoneOf(text, zones.toReversed())?.name).toBe(zone);
  });

  test('all zones of the longest name are found when several accounts hold it', () => {
    const twice = [
      { id: 1, name: 'example.com' },
      { id: 2, name: 'com' },
      { id: 3, name: 'Example.com' },
    ];
    expect(zonesOf('a.example.com', twice).map(({ id }) => id)).toEqual([1, 3]);
  });

  test('is the longest of all zones that the name ends with, at a label boundary', () => {
    fc.assert(
      fc.property(relatedName, fc.uniqueArray(relatedName, { maxLength: 6 }), (text, names) => {
        const suffixes = text.split('.').map((_, i, labels) => labels.slice(i).join('.'));
        const longest = suffixes.find((suffix) => names.includes(suffix));
        expect(
          zoneOf(
            text,
            names.map((zone) => ({ name: zone })),
          )?.name,
        ).toBe(longest);
      }),
    );
  });
});
