import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsRecord } from '../../../src/cloudflare/zone-results.ts';
import { type OriginPlan, type OriginSources, planOrigins } from '../../../src/zone/origins.ts';

let ids = 0;

/** A record as `www A 192.0.2.1`; with a minus before it, one that is not proxied. Names are below example.com. */
function record(text: string): DnsRecord {
  const [name = '', type = '', content = ''] = text.replace(/^-/, '').split(' ');
  const full = name === '@' ? 'example.com' : `${name}.example.com`;
  return { id: String(++ids), name: full, type, content, proxied: !text.startsWith('-'), proxiable: true };
}

function plan(records: readonly string[], change: Partial<OriginSources> = {}): OriginPlan {
  return planOrigins({
    zoneName: 'example.com',
    paused: false,
    records: records.map(record),
    probes: undefined,
    ignore: [],
    routes: [],
    certificateNames: [],
    ...change,
  });
}

/** Each name with where it is knocked for. */
function knocks({ targets }: OriginPlan): Record<string, readonly string[]> {
  const byName = Map.groupBy(targets, ({ hostname }) => hostname);
  return Object.fromEntries(
    [...byName].map(([hostname, ways]) => [hostname, ways.flatMap(({ addresses }) => addresses)]),
  );
}

function fixed({ fixed: lines }: OriginPlan): Record<string, string> {
  return Object.fromEntries(lines.map(({ hostname, result }) => [hostname, result]));
}

describe('by the DNS records', () => {
  test('every address of a proxied name is knocked at, by https', () => {
    const found = plan(['www A 203.0.113.1', 'www A 203.0.113.2', 'www AAAA 2001:db8::1', '@ A 203.0.113.3']);
    expect(knocks(found)).toEqual({
      'www.example.com': ['203.0.113.1:443', '203.0.113.2:443', '[2001:db8::1]:443'],
      'example.com': ['203.0.113.3:443'],
    });
    expect(found.targets.every(({ fromRecord }) => fromRecord === true)).toBe(true);
  });

  test("names that are not proxied are nobody's business", () => {
    expect(knocks(plan(['-www A 203.0.113.1', '-@ A 203.0.113.1']))).toEqual({});
  });

  test('a CNAME outside the zone is knocked at by its name', () => {
    expect(knocks(plan(['www CNAME Origin.Example.NET.']))).toEqual({
      'www.example.com': ['origin.example.net:443'],
    });
  });

  test('a CNAME inside the zone is followed, over wildcards and records that are not proxied too', () => {
    const found = plan([
      'www CNAME a.example.com',
      '-a CNAME x.w.example.com',
      '-*.w CNAME b.example.com',
      '-b A 203.0.113.9',
    ]);
    expect(knocks(found)).toEqual({ 'www.example.com': ['203.0.113.9:443'] });
  });

  test('CNAME records in a circle end, and are no origin', () => {
    const found = plan(['a CNAME b.example.com', 'b CNAME a.example.com', 'c CNAME c.example.com']);
    expect(fixed(found)).toEqual({
      'a.example.com': 'NoOrigin',
      'b.example.com': 'NoOrigin',
      'c.example.com': 'NoOrigin',
    });
    expect(found.fixed[0]?.message).toContain('circle');
  });

  test.each([
    ['a tunnel', 'www CNAME 5fa4.cfargotunnel.com'],
    ['Pages', 'www CNAME site.pages.dev'],
    ['the discard prefix', 'www AAAA 100::'],
    ['a documentation address', 'www A 192.0.2.1'],
    ["Cloudflare's own range", 'www A 104.16.1.1'],
  ])('%s has no origin, whatever spec.probes and Ingresses say', (_, text) => {
    const found = plan([text], {
      probes: [{ hostnames: ['*'], addresses: ['ingress.svc:443'] }],
      routes: [{ hostname: 'www.example.com', addresses: ['203.0.113.1:443'], source: 'Ingress a/b' }],
    });
    expect(found.targets).toEqual([]);
    expect(fixed(found)).toEqual({ 'www.example.com': 'NoOrigin' });
  });

  test('of several records those with an origin count', () => {
    expect(knocks(plan(['www AAAA 100::', 'www A 203.0.113.1']))).toEqual({
      'www.example.com': ['203.0.113.1:443'],
    });
  });
});

describe('a wildcard record', () => {
  test('is stood for by a name made up, which the message says', () => {
    const found = plan(['*.apps A 203.0.113.1']);
    expect(knocks(found)).toEqual({ 'originca-probe.apps.example.com': ['203.0.113.1:443'] });
    expect(found.targets[0]?.source).toContain('made up');
    expect(found.targets[0]?.source).toContain('*.apps.example.com');
    expect(found.targets[0]?.source).toContain('spec.gate.ignore');
  });

  test('is also stood for by names that Ingresses and certificates know, at any depth', () => {
    const found = plan(['* A 203.0.113.1', '-own A 203.0.113.2', 'deep.below A 203.0.113.3'], {
      routes: [
        { hostname: 'shop.example.com', addresses: [], source: 'Ingress a/b' },
        { hostname: '*.example.com', addresses: [], source: 'Ingress a/c' },
        { hostname: 'elsewhere.example.org', addresses: [], source: 'Ingress a/d' },
      ],
      certificateNames: ['api.v1.example.com', '*.v2.example.com', 'own.example.com', 'x.below.example.com'],
    });
    expect(Object.keys(knocks(found))).toEqual([
      'api.v1.example.com',
      'deep.below.example.com',
      'originca-probe.example.com',
      'shop.example.com',
    ]);
  });

  test('can be left out by its made-up name, and with all below it', () => {
    for (const ignore of [['originca-probe.apps.example.com'], ['*.apps.example.com']]) {
      expect(fixed(plan(['*.apps A 203.0.113.1'], { ignore }))).toEqual({
        'originca-probe.apps.example.com': 'Ignored',
      });
    }
  });
});

describe('where to knock', () => {
  const routes = [
    { hostname: 'www.example.com', addresses: ['203.0.113.5:443'], source: 'Ingress shop/web' },
    { hostname: 'www.example.com', addresses: ['203.0.113.6:443'], source: 'Ingress shop/canary' },
    { hostname: '*.example.com', addresses: ['203.0.113.7:443'], source: 'Gateway infra/gw' },
    { hostname: 'silent.example.com', addresses: [], source: 'Ingress shop/silent' },
  ];

  test('is said by spec.probes first, the first entry that names it', () => {
    const probes = [
      { hostnames: ['*.deep.example.com', 'other.example.com'], addresses: ['a.svc:443'] },
      { hostnames: ['*'], addresses: ['b.svc:443', 'c.svc:8443'] },
      { hostnames: ['www.example.com'], addresses: ['d.svc:443'] },
    ];
    const found = plan(['www A 203.0.113.1', 'x.y.deep A 203.0.113.1'], { probes, routes });
    expect(knocks(found)).toEqual({
      'www.example.com': ['b.svc:443', 'c.svc:8443'],
      'x.y.deep.example.com': ['a.svc:443'],
    });
    expect(found.targets.map(({ source, fromRecord }) => [source, fromRecord])).toEqual([
      ['spec.probes[1]', undefined],
      ['spec.probes[0]', undefined],
    ]);
  });

  test('is said by the record, and by what routes the name beside it: every Ingress of it, and the wildcards', () => {
    const found = plan(['www A 203.0.113.1', 'api A 203.0.113.1', 'silent A 203.0.113.1'], { routes });
    expect(knocks(found)).toEqual({
      'www.example.com': ['203.0.113.1:443', '203.0.113.5:443', '203.0.113.6:443', '203.0.113.7:443'],
      'api.example.com': ['203.0.113.1:443', '203.0.113.7:443'],
      'silent.example.com': ['203.0.113.1:443', '203.0.113.7:443'],
    });
    expect(
      found.targets
        .filter(({ hostname }) => hostname === 'www.example.com')
        .map(({ source, fromRecord, routedBy }) => [source, fromRecord, routedBy]),
    ).toEqual([
      ['DNS record A www.example.com', true, 'Ingress shop/web'],
      ['Ingress shop/web', undefined, undefined],
      ['Ingress shop/canary', undefined, undefined],
      ['Gateway infra/gw', undefined, undefined],
    ]);
  });

  test('is said by the record alone where it names the Ingress: what cannot be reached is an outage', () => {
    const found = plan(['www A 203.0.113.5', 'www A 198.51.100.1', 'grey A 198.51.100.2'], {
      routes: routes.slice(0, 1),
    });
    expect(found.targets.map(({ hostname, addresses, routedBy }) => [hostname, addresses, routedBy])).toEqual(
      [
        ['grey.example.com', ['198.51.100.2:443'], undefined],
        ['www.example.com', ['203.0.113.5:443', '198.51.100.1:443'], undefined],
      ],
    );
  });

  test.each([
    [
      'that of a wildcard, the Ingress of the name elsewhere hides it not',
      ['203.0.113.7'],
      ['203.0.113.7:443', '203.0.113.5:443', '203.0.113.6:443'],
    ],
    [
      'that of the name, the wildcard elsewhere plays no part',
      ['203.0.113.5'],
      ['203.0.113.5:443', '203.0.113.6:443'],
    ],
    [
      'that of a wildcard and one outside, both are looked at',
      ['203.0.113.7', '198.51.100.1'],
      ['203.0.113.7:443', '198.51.100.1:443', '203.0.113.5:443', '203.0.113.6:443'],
    ],
  ])('where the record names an address, %s', (_, recorded, expected) => {
    const found = plan(
      recorded.map((address) => `www A ${address}`),
      { routes },
    );
    expect(knocks(found)['www.example.com']).toEqual(expected);
  });
});

describe('a hostname of an OriginCertificate', () => {
  const certificateNames = [
    'grey.example.com',
    'none.example.com',
    'www.example.com',
    '*.w.example.com',
    '*.v.example.com',
    '*.u.example.com',
  ];

  test('that visitors do not reach through Cloudflare is named, with why; not a wildcard asked for ahead', () => {
    const found = plan(
      [
        'www A 203.0.113.1',
        '-grey A 203.0.113.1',
        'a.w A 203.0.113.1',
        'a.b.v A 203.0.113.1',
        '-*.u A 203.0.113.1',
      ],
      { certificateNames },
    );
    expect(fixed(found)).toEqual({
      'grey.example.com': 'NotProxied',
      'none.example.com': 'NotProxied',
      '*.u.example.com': 'NotProxied',
    });
    const said = Object.fromEntries(found.fixed.map(({ hostname, message }) => [hostname, message]));
    expect(said['grey.example.com']).toContain('grey cloud');
    expect(said['none.example.com']).toContain('no DNS record');
    const missing = found.fixed.filter(({ withoutRecord }) => withoutRecord);
    expect(missing.map(({ hostname }) => hostname)).toEqual(['none.example.com']);
  });

  test('of a paused zone is not proxied, and nobody is knocked at', () => {
    const found = plan(['www A 203.0.113.1'], {
      certificateNames: ['www.example.com', 'none.example.com'],
      paused: true,
    });
    expect(found.targets).toEqual([]);
    expect(found.fixed).toMatchObject([
      { result: 'NotProxied', message: expect.stringContaining('paused') },
      { result: 'NotProxied', message: expect.stringContaining('no DNS record') },
    ]);
  });
});

test('spec.gate.ignore leaves out a name alone, or all below one', () => {
  const found = plan(['www A 203.0.113.1', 'a.b A 203.0.113.1', '@ A 203.0.113.1'], {
    ignore: ['www.example.com', '*.b.example.com'],
  });
  expect(knocks(found)).toEqual({ 'example.com': ['203.0.113.1:443'] });
  expect(fixed(found)).toEqual({ 'www.example.com': 'Ignored', 'a.b.example.com': 'Ignored' });
});

test('5,000 names are planned, and what is beyond is counted', () => {
  const records = Array.from({ length: 5010 }, (_, n) => `n${n} A 203.0.113.1`);
  const found = plan(records, { certificateNames: ['*.example.com', 'n1.example.com'] });
  expect(found.targets).toHaveLength(5000);
  expect(found.beyond).toBe(10);
  const routes = [{ hostname: '*.example.com', addresses: ['10.0.0.7:443'], source: 'Ingress web/all' }];
  const routed = plan(records, { routes });
  expect(new Set(routed.targets.map(({ hostname }) => hostname)).size).toBe(5000);
  expect([routed.targets.length, routed.beyond]).toEqual([10_000, 10]);
});

test('whatever the records say, planning ends and names every proxied name once', () => {
  const label = fc.constantFrom('a', 'b', 'a.b', '*', '*.a', '@');
  const content = fc.constantFrom(
    'a.example.com',
    'b.example.com',
    'x.a.example.com',
    'example.com',
    'o.example.net',
  );
  const cname = fc
    .tuple(fc.boolean(), label, content)
    .map(([behind, name, to]) => `${behind ? '' : '-'}${name} CNAME ${to}`);
  fc.assert(
    fc.property(fc.array(cname, { maxLength: 12 }), (records) => {
      const { targets, fixed: lines } = plan(records);
      const names = [...targets, ...lines].map(({ hostname }) => hostname);
      const behind = new Set(
        records.filter((text) => !text.startsWith('-')).map((text) => record(text).name),
      );
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBe(behind.size);
    }),
  );
});

test('each of 5,000 records is looked at a few times, however many wildcards certificates have', () => {
  const numbers = Array.from({ length: 5000 }, (_, at) => at);
  let reads = 0;
  const watch = (each: DnsRecord): DnsRecord =>
    new Proxy(each, {
      get: (target, field): unknown => {
        reads++;
        return Reflect.get(target, field);
      },
    });
  const found = plan([], {
    records: numbers.map((at) => watch(record(`www.n${at} A 203.0.113.1`))),
    certificateNames: numbers.map((at) => `*.n${at}.example.com`),
  });
  expect(found.fixed).toEqual([]);
  expect(found.targets).toHaveLength(5000);
  expect(reads).toBeLessThan(20 * 5000);
});

describe('a record with more addresses than the Ingress that routes its name', () => {
  const records = ['www A 203.0.113.1', 'www A 198.51.100.9'];
  const to = (address: string) => ({
    routes: [{ hostname: 'www.example.com', addresses: [address], source: 'Ingress web/shop' }],
  });

  test('has origins outside of the cluster, which are knocked at too', () => {
    expect(knocks(plan(records, to('203.0.113.1:443')))).toEqual({
      'www.example.com': ['203.0.113.1:443', '198.51.100.9:443'],
    });
  });

  test('is looked at wherever it leads, whatever else the Ingress says', () => {
    expect(knocks(plan(records, to('10.0.0.7:443')))).toEqual({
      'www.example.com': ['203.0.113.1:443', '198.51.100.9:443', '10.0.0.7:443'],
    });
  });
});

describe('who may only ask for certificates and route names', () => {
  const RECORDS = [
    'www A 203.0.113.1',
    '* CNAME www.example.com',
    'api CNAME api.example.net',
    '-grey A 203.0.113.9',
  ];
  const name = fc
    .constantFrom('www', 'api', 'grey', 'a', 'b', '169.254.169.254', 'x.y')
    .map((label) => `${label}.example.com`);
  const certificateNames = fc.array(
    fc.oneof(name, fc.constantFrom('*.example.com', 'evil.test', '127.0.0.1', '')),
  );
  // Addresses are in the status, which those do not write.
  const routes = fc.array(
    fc.record({
      hostname: fc.oneof(name, fc.constant('*.example.com')),
      addresses: fc.constantFrom([], ['198.51.100.7:443']),
      source: fc.constant('Ingress mallory/web'),
    }),
  );

  test('has nothing knocked at but what records and controllers name', () => {
    fc.assert(
      fc.property(certificateNames, routes, (names, routed) => {
        const { targets } = plan(RECORDS, { certificateNames: names, routes: routed });
        const known = ['203.0.113.1:443', 'api.example.net:443', '198.51.100.7:443'];
        expect(targets.flatMap(({ addresses }) => addresses).filter((each) => !known.includes(each))).toEqual(
          [],
        );
        expect(
          targets.map(({ hostname }) => hostname).filter((each) => !each.endsWith('.example.com')),
        ).toEqual([]);
      }),
    );
  });

  test('keeps nothing from being knocked at that the records name', () => {
    fc.assert(
      fc.property(certificateNames, routes, (names, routed) => {
        const recorded = ({ targets }: OriginPlan): string[] =>
          targets
            .filter(({ fromRecord }) => fromRecord)
            .map((one) => `${one.hostname} ${one.addresses.join()}`);
        const without = recorded(plan(RECORDS, { certificateNames: names }));
        const found = recorded(plan(RECORDS, { certificateNames: names, routes: routed }));
        expect(found).toEqual(expect.arrayContaining(without));
        expect(new Set(found.map((one) => one.split(' ')[0])).size).toBe(found.length);
      }),
    );
  });

  test('has nothing knocked at for a name but what spec.probes tells, where it does', () => {
    const probes = [{ hostnames: ['*'], addresses: ['ingress.example:443'] }];
    fc.assert(
      fc.property(certificateNames, routes, (names, routed) => {
        const { targets } = plan(RECORDS, { certificateNames: names, routes: routed, probes });
        expect([...new Set(targets.flatMap(({ addresses }) => addresses))]).toEqual(['ingress.example:443']);
      }),
    );
  });
});
