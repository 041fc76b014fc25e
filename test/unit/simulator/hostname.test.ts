import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inCloudflareOrder, judgeHostname, liesIn, zoneOf } from '../../simulator/rules/hostname.ts';

describe('judgeHostname', () => {
  test.each([
    ['example.com', 'example.com'],
    ['*.example.com', '*.example.com'],
    ['*.secure.example.com', '*.secure.example.com'],
    ['EXAMPLE.com', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['*.Bücher.example', '*.xn--bcher-kva.example'],
    ['_dmarc.example.com', '_dmarc.example.com'],
  ])('takes %s as %s', (requested, hostname) => {
    expect(judgeHostname(requested)).toEqual({ ok: true, hostname });
  });

  test.each([
    '*.com',
    'com',
    '*.*.example.com',
    'foo.*.example.com',
    'f*.example.com',
    '**.example.com',
    '192.0.2.1',
    '2001:db8::1',
    '[2001:db8::1]',
    'example.com.',
    '-a.example.com',
    'a..example.com',
    '',
    'a b.example.com',
    `${'a'.repeat(64)}.example.com`,
    `${'a.'.repeat(130)}example.com`,
  ])('refuses "%s"', (requested) => {
    expect(judgeHostname(requested)).toMatchObject({ ok: false });
  });
});

describe('zoneOf', () => {
  const zones = [{ name: 'example.com' }, { name: 'app.example.com' }, { name: 'ample.com' }];

  test.each([
    ['example.com', 'example.com'],
    ['www.example.com', 'example.com'],
    ['app.example.com', 'app.example.com'],
    ['*.app.example.com', 'app.example.com'],
    ['x.app.example.com', 'app.example.com'],
    ['*.example.com', 'example.com'],
    ['xample.com', undefined],
    ['example.org', undefined],
  ])('finds for %s the longest zone: %s', (hostname, name) => {
    expect(zoneOf(hostname, zones)?.name).toBe(name);
  });

  test('finds the same zone in whatever order the zones stand', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(zones, { minLength: 3 }), (shuffled) => {
        expect(zoneOf('a.b.app.example.com', shuffled)?.name).toBe('app.example.com');
      }),
    );
  });

  test('takes only whole labels for a suffix', () => {
    expect(liesIn('notexample.com', 'example.com')).toBe(false);
  });
});

test('hostnames come back sorted by bytes, wildcards first', () => {
  expect(inCloudflareOrder(['example.com', 'b.example.com', '*.example.com'])).toEqual([
    '*.example.com',
    'b.example.com',
    'example.com',
  ]);
});
