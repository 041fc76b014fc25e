import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/api/duration.ts';
import { violations } from '../../support/crd-rules.ts';
import { property, readCrds } from '../../support/crds.ts';

const zone = (await readCrds()).find(({ kind }) => kind === 'OriginZone')?.schema;
const spec = property(zone, 'spec');
const probe = property(spec, 'probes').items;
const address = property(probe, 'addresses').items ?? {};

const noZoneCharacter =
  'has a character that no zone has: only letters, digits, hyphens and dots are possible';
const noHostnameCharacter =
  'has a character that no hostname has: only letters, digits, hyphens and dots are possible';
const tooFewLabels = 'has too few labels: at least two are needed, as in example.com';

describe('the name of a zone', () => {
  test.each([
    ['example.com', []],
    ['shop.example.co.uk', []],
    ['xn--bcher-kva.example', []],
    ['bücher.example', ['is not ASCII: write its xn-- form']],
    ['Example.com', ['has upper-case letters: write it in lower case']],
    ['example.com.', ['ends with a dot: leave the dot out']],
    ['*.example.com', ['is a wildcard: name the zone itself, as in example.com']],
    ['example', [tooFewLabels]],
    ['a..b', ['has an empty label: take out the dot too many']],
    ['.a.b', ['has an empty label: take out the dot too many']],
    [`${'a'.repeat(64)}.com`, ['has a label of more than 63 characters: shorten it']],
    ['exam ple.com', [noZoneCharacter]],
    ['example.com:443', [noZoneCharacter]],
    ['https://example.com', [noZoneCharacter]],
    ['under_score.com', [noZoneCharacter]],
    ['a.\u0000.com', [noZoneCharacter]],
    ['a.*.com', [noZoneCharacter]],
  ])('%s is judged in one sentence per mistake', (name, messages) => {
    expect(violations(property(spec, 'zoneName'), name)).toEqual(messages.map((message) => `: ${message}`));
  });

  test.each([
    [{ metadata: { name: 'example.com' }, spec: {} }, []],
    [{ metadata: { name: 'shop' }, spec: { zoneName: 'example.com' } }, []],
    [
      { metadata: { name: 'shop' }, spec: {} },
      ['.spec.zoneName: is missing, and metadata.name, shop, is no zone: give the zone, such as example.com'],
    ],
  ])('may be that of the object: %j', (object, messages) => {
    expect(violations(zone ?? {}, object)).toEqual(messages);
  });
});

describe('names that the gate ignores and probes speak of', () => {
  const ignored = property(spec, 'gate', 'ignore').items ?? {};
  const probed = property(probe, 'hostnames').items ?? {};

  test.each([
    ['example.com', []],
    ['*.example.com', []],
    ['localhost', []],
    ['a.*.com', ['has a * elsewhere']],
    ['**.com', ['has a * elsewhere']],
    ['a*', ['has a * elsewhere']],
    ['a..b', ['has an empty label: take out the dot too many']],
    ['a.com:443', [noHostnameCharacter]],
    ['bücher.example', ['is not ASCII: write its xn-- form']],
    ['A.com', ['has upper-case letters: write it in lower case']],
    ['a.com.', ['ends with a dot: leave the dot out']],
  ])('%s is judged alike by both', (name, messages) => {
    for (const schema of [ignored, probed])
      expect(violations(schema, name)).toEqual(messages.map((message) => expect.stringContaining(message)));
  });

  test('* is every name for probes, and too much to ignore', () => {
    expect(violations(probed, '*')).toEqual([]);
    expect(violations(ignored, '*')).toHaveLength(1);
  });
});

describe('addresses to knock at', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.constantFrom(
      'a',
      '-a',
      'a-',
      '',
      '[::1',
      '::1',
      '[a.b]',
      'a b',
      'a_b',
      'ü.de',
      '*.a',
      '\u0000',
      'a/b',
    ),
  );
  const port = fc.oneof(
    fc.integer({ min: -1, max: 70_000 }).map(String),
    fc.constantFrom('', '0', '00', '080', '65535', '65536', 'https', '1e3'),
  );

  test('are let through exactly as people write hosts and ports', () => {
    fc.assert(
      fc.property(host, port, (name, number) => {
        const text = `${name}:${number}`;
        expect(violations(address, text).length === 0).toBe(canBeDialled(name, number));
      }),
      { numRuns: 3000 },
    );
  });

  /** As people write hosts and ports: no signs, no leading zeros, IPv6 in brackets. */
  function canBeDialled(name: string, number: string): boolean {
    if (!/^[1-9][0-9]{0,4}$/.test(number) || Number(number) > 65_535) return false;
    const literal = /^\[[0-9a-fA-F:.]+\]$/.test(name);
    return literal || (/^[a-zA-Z0-9.-]+$/.test(name) && !/^[-.]|[-.]$/.test(name));
  }
});

describe('durations', () => {
  const text = fc
    .array(fc.constantFrom('0', '1', '59', '60', '12345', 'h', 'm', 's', 'd', '-', ' '), { maxLength: 8 })
    .map((parts) => parts.join(''));

  test('of restoreAfter are let through exactly where the operator itself can read them', () => {
    fc.assert(
      fc.property(text, (restoreAfter) => {
        const refused = violations(property(spec, 'restoreAfter'), restoreAfter).length > 0;
        expect(refused).toBe(parseDuration(restoreAfter) === undefined);
      }),
      { numRuns: 2000 },
    );
  });

  test('of the inventory are let through where they are a minute or more', () => {
    fc.assert(
      fc.property(text, (interval) => {
        const refused = violations(property(spec, 'inventory', 'interval'), interval).length > 0;
        expect(refused).toBe((parseDuration(interval) ?? 0) < 60_000);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('settings that browsers remember', () => {
  const hsts = property(spec, 'settings', 'hsts');
  const lockIn =
    '.preload: is true, which locks visitors to https for a year and more, in browsers not yet installed: set acknowledgeLockIn to true if that is meant';
  const tooShort = 'a maxAge of 31536000 (a year) or more: preload lists refuse less';
  const tooLittle = `.preload: is true, which needs includeSubdomains: true and ${tooShort}`;
  const year = 31_536_000;

  test.each<[object, string[]]>([
    [{ enabled: true, maxAge: year, includeSubdomains: true }, []],
    [{ enabled: false, preload: true }, []],
    [{ enabled: true, preload: false }, []],
    [{ enabled: true, preload: true }, [lockIn, tooLittle]],
    [{ enabled: true, preload: true, maxAge: year, includeSubdomains: true }, [lockIn]],
    [
      { enabled: true, preload: true, maxAge: year, includeSubdomains: true, acknowledgeLockIn: false },
      [lockIn],
    ],
    [
      { enabled: true, preload: true, maxAge: year - 1, includeSubdomains: true, acknowledgeLockIn: true },
      [`.preload: is true, which needs ${tooShort}`],
    ],
    [{ enabled: true, preload: true, maxAge: year, acknowledgeLockIn: true }, [tooLittle]],
    [
      { enabled: true, preload: true, maxAge: year, includeSubdomains: false, acknowledgeLockIn: true },
      [tooLittle],
    ],
    [{ enabled: true, preload: true, maxAge: year, includeSubdomains: true, acknowledgeLockIn: true }, []],
  ])('%j', (fields, messages) => {
    expect(violations(hsts, fields)).toEqual(messages);
  });
});

test.each<[object, string[]]>([
  [{ mode: 'Zone', caSecretRef: { name: 'a' } }, []],
  [{ mode: 'Zone' }, []],
  [
    { mode: 'Shared', caSecretRef: { name: 'a' } },
    [
      '.caSecretRef: is used only with mode Zone, and mode is Shared: set mode to Zone, or leave caSecretRef out',
    ],
  ],
  [
    { mode: 'Off', caSecretRef: { name: 'a' } },
    [
      '.caSecretRef: is used only with mode Zone, and mode is Off: set mode to Zone, or leave caSecretRef out',
    ],
  ],
])('a CA of ones own belongs to the mode that signs with it: %j', (fields, messages) => {
  expect(violations(property(spec, 'authenticatedOriginPulls'), fields)).toEqual(messages);
});
