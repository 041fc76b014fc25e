import { beforeEach, describe, expect, test } from 'vitest';
import { servedCondition, keptServedMs, type OriginContext } from '../../../src/certificate/origins.ts';
import { servedBy, type ServedFinding } from '../../../src/certificate/served.ts';
import { PairSightings } from '../../../src/certificate/sightings.ts';
import type { Living } from '../../../src/certificate/world.ts';
import type { OriginCertificate } from '../../../src/api/v1alpha1.ts';
import type { Presented, ProbeResult, Verdict } from '../../../src/probe/types.ts';
import { TestClock } from '../../support/test-clock.ts';
import { certificateFacts, NOW, originCertificate, record } from './fixtures.ts';

const DAY = 86_400_000;
const FRESH_MS = 1000;

const facts = certificateFacts();

/** The pair of the Secret, as an origin presents it. */
function presented(change: Partial<Presented> = {}): Presented {
  return {
    subject: 'O=CloudFlare, Inc., OU=CloudFlare Origin CA, CN=CloudFlare Origin Certificate',
    issuer: 'C=US, O=CloudFlare, Inc., OU=CloudFlare Origin SSL ECC Certificate Authority',
    names: ['example.com', '*.example.com'],
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    fingerprintSHA256: facts.fingerprintSHA256,
    id: facts.id,
    ...change,
  };
}

const fake = presented({
  subject: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
  issuer: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate',
  names: ['ingress.local'],
  fingerprintSHA256: 'FA:KE',
  id: '66',
});
const former = presented({ fingerprintSHA256: 'CC:DD', id: '1000', notBefore: facts.notBefore - 60 * DAY });
const another = presented({ issuer: 'C=US, O=Somebody, CN=R11', fingerprintSHA256: 'EE', id: '7' });

function verdict(
  hostname: string,
  shown: Presented | undefined,
  change: Partial<Verdict> & { result?: ProbeResult } = {},
): Verdict {
  return {
    hostname,
    address: '192.0.2.1:443 (ingress.example)',
    source: 'spec.probes[0]',
    result: 'Valid',
    message: 'What the probe says.',
    presented: shown,
    tls: shown !== undefined,
    clientCertificate: 'no',
    redirectsToHttp: false,
    beganMs: FRESH_MS,
    at: NOW,
    ...change,
  };
}

function found(
  verdicts: readonly Verdict[],
  formerIds: readonly string[] = [],
  othersId?: string,
): ServedFinding {
  return servedBy(verdicts, {
    certificate: facts,
    place: 'Secret shop/web-tls',
    formerIds: new Set(formerIds),
    isOthers: (id) => id === othersId,
    freshMs: FRESH_MS,
  });
}

const said = (status: string, reason: string, message: RegExp) => ({
  type: 'found',
  said: { status, reason, message: expect.stringMatching(message) as string },
});

describe('what origins present', () => {
  test.each<[string, readonly Verdict[], object]>([
    [
      'the pair of the Secret everywhere',
      [
        verdict('example.com', presented()),
        verdict('www.example.com', presented(), { address: '[::1]:443' }),
      ],
      said('True', 'Served', /^Origins serve it wherever they were looked at: 2 addresses, 2 hostnames\.$/),
    ],
    ['nothing that anybody looked at', [], { type: 'unknown' }],
    [
      'only names that Cloudflare itself serves',
      [verdict('example.com', undefined, { result: 'NoOrigin' })],
      { type: 'unknown' },
    ],
    [
      'a former certificate by its id',
      [verdict('example.com', presented({ fingerprintSHA256: 'X', id: '1000', names: [] }))],
      said(
        'False',
        'ServesOldCertificate',
        /^Renewed, but 192\.0\.2\.1:443 \(ingress\.example\) still serves certificate 1000 for example\.com\. .*Secret shop\/web-tls.*restart it\.$/,
      ),
    ],
    [
      'another authority’s certificate for the name',
      [verdict('example.com', another)],
      said(
        'Unknown',
        'ServesAnother',
        /^192\.0\.2\.1:443 \(ingress\.example\) serves another certificate than that of Secret shop\/web-tls for example\.com, and a good one.* What the probe says\.$/,
      ),
    ],
    [
      'another authority’s certificate that Cloudflare refuses',
      [verdict('example.com', another, { result: 'Expired' })],
      said(
        'False',
        'ServesAnother',
        /^192\.0\.2\.1:443 \(ingress\.example\) does not serve the certificate of Secret shop\/web-tls for example\.com\. What the probe says\.$/,
      ),
    ],
    [
      'a good certificate from elsewhere at one name, and nothing at another',
      [verdict('example.com', another), verdict('www.example.com', undefined, { result: 'Refused' })],
      said('False', 'NotServed', /www\.example\.com/),
    ],
    [
      'the fake certificate of an Ingress controller',
      [verdict('www.example.com', fake, { result: 'Untrusted' })],
      said('False', 'ServesAnother', /for www\.example\.com\. What the probe says\.$/),
    ],
    [
      'nothing, because nobody listens',
      [verdict('example.com', undefined, { result: 'Refused' })],
      said('False', 'NotServed', /serves nothing for example\.com\. What the probe says\.$/),
    ],
    [
      'what cannot be seen from here',
      [
        verdict('example.com', presented()),
        verdict('www.example.com', undefined, { result: 'Unverifiable' }),
      ],
      said('Unknown', 'Unverifiable', /cannot be seen from here\. What the probe says\.$/),
    ],
    [
      'the worst of several, with how many more there are',
      [
        verdict('z.example.com', undefined, { result: 'Timeout' }),
        verdict('b.example.com', fake, { result: 'Untrusted' }),
        verdict('a.example.com', fake, { result: 'Untrusted' }),
        verdict('c.example.com', fake, { result: 'Untrusted' }),
        verdict('y.example.com', former),
        verdict('x.example.com', presented()),
      ],
      said('False', 'ServesAnother', /for a\.example\.com\. .* The same holds for 2 more addresses\.$/),
    ],
    [
      'another certificate, before its origins can know of the pair',
      [verdict('example.com', former, { beganMs: FRESH_MS - 1 })],
      { type: 'awaited' },
    ],
    [
      'the pair of the Secret, however early that was seen',
      [verdict('example.com', presented(), { beganMs: 0 })],
      said('True', 'Served', /1 address, 1 hostname/),
    ],
    [
      'another certificate at one address now, and earlier at others',
      [
        verdict('a.example.com', former, { beganMs: 0 }),
        verdict('b.example.com', undefined, { result: 'Refused' }),
      ],
      said('False', 'NotServed', /b\.example\.com/),
    ],
    [
      'a certificate of its own for a name that only the wildcard covers',
      [verdict('example.com', presented()), verdict('www.example.com', another)],
      said('True', 'Served', /1 address, 1 hostname/),
    ],
    [
      'anything at the name that stands for a wildcard record',
      [verdict('originca-probe.example.com', fake, { result: 'Untrusted' })],
      { type: 'unknown' },
    ],
  ])('%s', (_, verdicts, finding) => {
    expect(found(verdicts, ['1000'])).toEqual(finding);
  });

  test.each<[string, Partial<Presented>, string]>([
    ['older, for the same names, by the Origin CA', {}, 'ServesOldCertificate'],
    ['younger', { notBefore: facts.notBefore + 1 }, 'ServesAnother'],
    ['for fewer names', { names: ['example.com'] }, 'ServesAnother'],
    ['for more names', { names: ['example.com', '*.example.com', 'a.com'] }, 'ServesAnother'],
    ['by another authority', { issuer: 'CN=R11' }, 'ServesAnother'],
  ])('a certificate of unknown id that is %s', (_, change, reason) => {
    expect(found([verdict('example.com', { ...former, ...change })])).toMatchObject({ said: { reason } });
  });
});

describe('of a name that routes lead to beside its DNS record', () => {
  const NAME = 'example.com';
  const pair = presented();
  const ofRecord = (result: ProbeResult, shown?: Presented, change: Partial<Verdict> = {}): Verdict =>
    verdict(NAME, shown, { result, fromRecord: true, address: '203.0.113.7:443', ...change });
  const ofRoute = (result: ProbeResult, shown?: Presented, address = '10.0.0.7:443'): Verdict =>
    verdict(NAME, shown, { result, address, source: 'Ingress shop/web' });
  const OUT_OF_REACH = ofRecord('Unverifiable');

  test.each<[string, readonly Verdict[], string, string]>([
    ['the route alone is down', [ofRecord('Valid', pair), ofRoute('Refused')], 'True', 'Served'],
    ['the route alone keeps silent', [ofRecord('Valid', pair), ofRoute('Timeout')], 'True', 'Served'],
    [
      'the route serves an old one',
      [ofRecord('Valid', pair), ofRoute('Valid', former)],
      'False',
      'ServesOldCertificate',
    ],
    ['the record leads to what is down', [ofRecord('Refused'), ofRoute('Valid', pair)], 'False', 'NotServed'],
    [
      'the record leads to an old one, and the route is down',
      [ofRecord('Valid', former), ofRoute('Refused')],
      'False',
      'ServesOldCertificate',
    ],
    ['the record is out of reach', [OUT_OF_REACH, ofRoute('Valid', pair)], 'True', 'Served'],
    [
      'the record is out of reach, and the route serves an old one',
      [OUT_OF_REACH, ofRoute('Valid', former)],
      'False',
      'ServesOldCertificate',
    ],
    [
      'the record is out of reach, and the route is down',
      [OUT_OF_REACH, ofRoute('Refused')],
      'False',
      'NotServed',
    ],
    [
      'the record is out of reach, and one of the routes is down',
      [OUT_OF_REACH, ofRoute('Valid', pair), ofRoute('Refused', undefined, '10.0.0.8:443')],
      'Unknown',
      'Unverifiable',
    ],
    [
      'one address of the record is out of reach',
      [ofRecord('Valid', pair), { ...OUT_OF_REACH, address: '203.0.113.8:443' }, ofRoute('Valid', pair)],
      'Unknown',
      'Unverifiable',
    ],
    ['the record is out of reach, and nothing routes it', [OUT_OF_REACH], 'Unknown', 'Unverifiable'],
    [
      'only another name’s record leads to what is good',
      [verdict('www.example.com', pair, { fromRecord: true }), ofRoute('Refused')],
      'False',
      'NotServed',
    ],
  ])('%s', (_, verdicts, status, reason) => {
    expect(found(verdicts)).toMatchObject({ said: { status, reason } });
  });

  test('it is told which addresses of records play no part', () => {
    const www = { ...OUT_OF_REACH, hostname: 'www.example.com' };
    const verdicts = [
      OUT_OF_REACH,
      ofRoute('Valid', pair),
      www,
      { ...ofRoute('Valid', pair), hostname: www.hostname },
    ];
    const message = 'Origins serve it wherever they were looked at: 2 addresses, 2 hostnames.';
    const beyond = 'Out of reach from here: 203.0.113.7:443';
    expect(found(verdicts)).toMatchObject({ said: { message: `${message} ${beyond} of the DNS records.` } });
    const others = verdicts.map((each) => (each === www ? { ...www, address: '203.0.113.8:443' } : each));
    expect(found(others)).toMatchObject({
      said: { message: `${message} ${beyond} and 1 more address of the DNS records.` },
    });
  });
});

test('another object’s certificate of the same names is no former one, however old', () => {
  expect(found([verdict('example.com', former)], [], former.id)).toMatchObject({
    said: { status: 'Unknown', reason: 'ServesAnother' },
  });
  expect(found([verdict('example.com', former)], [former.id], former.id)).toMatchObject({
    said: { status: 'False', reason: 'ServesOldCertificate' },
  });
});

const KEY = 'shop/web';

interface Watch {
  context: OriginContext;
  verdicts: Verdict[];
  watched: boolean;
  refreshed: number[];
  others: OriginCertificate[];
}

describe('the condition', () => {
  let clock: TestClock;
  let watch: Watch;

  beforeEach(() => {
    clock = new TestClock(NOW);
    const made: Watch = {
      verdicts: [],
      watched: true,
      refreshed: [],
      others: [],
      context: {
        clock,
        memory: { sightings: new PairSightings(clock) },
        stores: { certificates: { list: () => made.others } } as unknown as OriginContext['stores'], // Only what is asked of it.
        origins: {
          verdictsFor: () => made.verdicts,
          refresh: (_, notBeforeMs) => void made.refreshed.push(notBeforeMs),
          watches: () => made.watched,
        },
      },
    };
    watch = made;
  });

  /** Reports once, with what the status said before. */
  function report(before: string | undefined, fingerprintSHA256 = facts.fingerprintSHA256) {
    const pair = {
      facts: certificateFacts({ fingerprintSHA256 }),
      record: record({ previousCertificateId: '1000' }),
    };
    return servedCondition(watch.context, living(before), pair, KEY);
  }

  function living(before: string | undefined): Living {
    const certificate = originCertificate();
    const shared = { observedGeneration: 1, lastTransitionTime: '2026-11-01T00:00:00Z' };
    const condition = {
      type: 'Served',
      status: 'False' as const,
      reason: before ?? '',
      message: 'm',
      ...shared,
    };
    const status = { conditions: before === undefined ? [] : [condition] };
    return { certificate: { ...certificate, status }, secretName: 'web-tls' } as Living; // The rest is not looked at.
  }

  test('is absent where nobody looks', () => {
    expect(report(undefined)).toBeUndefined();
    expect(watch.refreshed).toEqual([]);
  });

  test('waits five seconds after a renewal, and has the origins looked at then', async () => {
    watch.verdicts = [verdict('example.com', presented(), { beganMs: 0 })];
    expect(report(undefined)).toMatchObject({ status: 'True' });
    await clock.advance(60_000);
    expect(report('Served', 'NEW')).toMatchObject({ status: 'Unknown', reason: 'Probing' });
    expect(watch.refreshed).toEqual([65_000]);
    await clock.advance(4000);
    watch.verdicts = [verdict('example.com', presented(), { beganMs: 64_000 })];
    expect(report('Probing', 'NEW')).toMatchObject({ reason: 'Probing' });
    expect(watch.refreshed).toEqual([65_000]);
    await clock.advance(2000);
    watch.verdicts = [verdict('example.com', presented({ fingerprintSHA256: 'NEW' }), { beganMs: 65_000 })];
    expect(report('Probing', 'NEW')).toMatchObject({ status: 'True', reason: 'Served' });
    expect(watch.refreshed).toEqual([65_000]);
  });

  test('has an origin that lags behind looked at again, less and less often', async () => {
    watch.verdicts = [verdict('example.com', presented())];
    report(undefined);
    for (let i = 0; i < 9; i++) {
      const last = watch.refreshed.at(-1) ?? 0;
      await clock.advance(last - clock.monotonic());
      watch.verdicts = [verdict('example.com', presented(), { beganMs: clock.monotonic() })];
      report('Probing', 'NEW');
      report('Probing', 'NEW');
    }
    const waits = watch.refreshed.map((at, i) => (at - (watch.refreshed[i - 1] ?? 0)) / 1000);
    expect(waits).toEqual([5, 5, 10, 20, 40, 80, 160, 300, 300]);
  });

  test('stays as it was over a restart, until somebody has looked', async () => {
    expect(report('ServesOldCertificate')).toMatchObject({ status: 'False', reason: 'ServesOldCertificate' });
    watch.verdicts = [verdict('example.com', former, { beganMs: 1000 })];
    expect(report('NotServed')).toMatchObject({ reason: 'NotServed' });
    expect(watch.refreshed).toEqual([5000]);
    await clock.advance(6000);
    watch.verdicts = [verdict('example.com', former, { beganMs: 5500 })];
    expect(report('NotServed')).toMatchObject({ reason: 'ServesOldCertificate' });
  });

  test('knows the certificate of another object, and its own', () => {
    watch.verdicts = [verdict('example.com', { ...former, id: '77' })];
    report(undefined);
    watch.verdicts = [verdict('example.com', { ...former, id: '77' }, { beganMs: 10_000 })];
    const own = originCertificate();
    const status = { certificate: { id: '77' } } as NonNullable<OriginCertificate['status']>; // The rest is not looked at.
    watch.others = [{ ...own, status }];
    expect(report('Served')).toMatchObject({ status: 'False', reason: 'ServesOldCertificate' });
    watch.others = [{ ...own, metadata: { ...own.metadata, uid: 'another' }, status }];
    expect(report('Served')).toMatchObject({ status: 'Unknown', reason: 'ServesAnother' });
  });

  test('of a former process goes where no OriginZone has the name any more', () => {
    watch.watched = false;
    expect(report('Served')).toBeUndefined();
  });

  test('of a former process goes when nobody has looked for ten minutes', async () => {
    expect(report('Served')).toMatchObject({ reason: 'Served' });
    const keptMs = keptServedMs(watch.context, living('Served'), KEY) ?? 0;
    expect(keptMs).toBeGreaterThan(10 * 60_000);
    await clock.advance(keptMs);
    expect(report('Served')).toBeUndefined();
    expect(keptServedMs(watch.context, living('Served'), KEY)).toBeUndefined();
  });
});
