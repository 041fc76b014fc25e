import { describe, expect, test } from 'vitest';
import type { OriginResult, ProbeResult, ProbeTarget, Verdict } from '../../../src/probe/types.ts';
import { countResults, fixedLine, gateView, passes, worseFirst } from '../../../src/zone/gate.ts';
import { line, MONOTONIC, NOW } from './world-fixtures.ts';

function target(hostname: string): ProbeTarget {
  return { hostname, addresses: ['192.0.2.7:443'], source: `record A ${hostname}` };
}

function verdict(hostname: string, result: ProbeResult = 'Valid', change: Partial<Verdict> = {}): Verdict {
  return {
    hostname,
    address: '192.0.2.7:443',
    source: `record A ${hostname}`,
    result,
    message: 'as found',
    presented: undefined,
    tls: result === 'Valid',
    clientCertificate: 'no',
    redirectsToHttp: false,
    beganMs: MONOTONIC,
    at: NOW,
    ...change,
  };
}

const ignored = fixedLine({
  hostname: 'old.example.com',
  source: 'record A old.example.com',
  result: 'Ignored',
  message: 'spec.gate.ignore leaves it out.',
});

describe('the view of the gate', () => {
  test('has a line for each address and each name without one, worst first', () => {
    const view = gateView(
      { targets: [target('a.example.com'), target('b.example.com')], fixed: [ignored], complete: true },
      {
        verdicts: [
          verdict('a.example.com'),
          verdict('a.example.com', 'Expired', { address: '192.0.2.8:443' }),
          verdict('b.example.com', 'Refused'),
        ],
        missing: [],
      },
    );
    expect(view.lines.map(({ hostname, address, result }) => [hostname, address, result])).toEqual([
      ['b.example.com', '192.0.2.7:443', 'Refused'],
      ['a.example.com', '192.0.2.8:443', 'Expired'],
      ['a.example.com', '192.0.2.7:443', 'Valid'],
      ['old.example.com', undefined, 'Ignored'],
    ]);
    expect(view).toMatchObject({ complete: true, missing: [] });
  });

  test('leaves out verdicts of names that are no longer there', () => {
    const origins = { targets: [target('a.example.com')], fixed: [], complete: true };
    const seen = {
      verdicts: [verdict('a.example.com'), verdict('gone.example.com', 'Expired')],
      missing: [],
    };
    expect(gateView(origins, seen).lines.map(({ hostname }) => hostname)).toEqual(['a.example.com']);
  });

  test('misses a name that nobody looked at, even if nobody says so', () => {
    const origins = {
      targets: [target('b.example.com'), target('a.example.com')],
      fixed: [],
      complete: true,
    };
    expect(
      gateView(origins, { verdicts: [], missing: ['b.example.com', 'gone.example.com'] }).missing,
    ).toEqual(['a.example.com', 'b.example.com']);
  });

  test('tells who issued what was presented', () => {
    const presented = {
      subject: 'CN=a.example.com',
      issuer: 'CN=Some CA',
      names: ['a.example.com'],
      notBefore: NOW - 1,
      notAfter: NOW + 1,
      fingerprintSHA256: 'AA:BB',
      id: '17',
    };
    const [found] = gateView(
      { targets: [target('a.example.com')], fixed: [], complete: true },
      { verdicts: [verdict('a.example.com', 'Valid', { presented })], missing: [] },
    ).lines;
    expect(found).toEqual({
      hostname: 'a.example.com',
      address: '192.0.2.7:443',
      source: 'record A a.example.com',
      result: 'Valid',
      tls: true,
      redirectsToHttp: false,
      clientCertificate: 'no',
      issuer: 'CN=Some CA',
      notAfter: NOW + 1,
      message: 'as found',
      beganMs: MONOTONIC,
    });
  });
});

describe('what routes a name beside its record', () => {
  const NAME = 'a.example.com';
  const ofRecord = (result: ProbeResult): Verdict => verdict(NAME, result, { fromRecord: true });
  const ofRoute = (result: ProbeResult): Verdict =>
    verdict(NAME, result, { address: '10.0.0.7:443', source: 'Ingress shop/web' });
  const strictPasses = (...verdicts: readonly Verdict[]): boolean =>
    gateView({ targets: [target(NAME)], fixed: [], complete: true }, { verdicts, missing: [] }).lines.every(
      (each) => passes(each, 'strict'),
    );

  test.each<[string, ProbeResult, ProbeResult, boolean]>([
    ['both are good', 'Valid', 'Valid', true],
    ['the route alone is good: the edge goes where the record leads', 'Untrusted', 'Valid', false],
    ['what the record names is down', 'Refused', 'Valid', false],
    ['what the record names cannot be reached from here', 'Unverifiable', 'Valid', false],
    ['the route answers with another certificate', 'Valid', 'NameMismatch', false],
    ['the route answers without TLS', 'Valid', 'HandshakeFailed', false],
    ['the route leads nowhere, and the record to what is good', 'Valid', 'Refused', true],
    ['the route is never answered', 'Valid', 'Timeout', true],
    ['the route may not be contacted', 'Valid', 'Unverifiable', true],
    ['neither can be reached', 'Unverifiable', 'Refused', false],
  ])('%s', (_, record, route, expected) => {
    expect(strictPasses(ofRecord(record), ofRoute(route))).toBe(expected);
  });

  test('leads nowhere for all names that have no other address', () => {
    expect(strictPasses(ofRoute('Refused'))).toBe(false);
    const other = verdict('b.example.com', 'Valid', { fromRecord: true });
    expect(strictPasses(other, ofRoute('Refused'))).toBe(false);
  });

  test('hides no second address of the record', () => {
    expect(strictPasses(ofRecord('Valid'), ofRecord('Timeout'), ofRoute('Valid'))).toBe(false);
    expect(strictPasses(ofRecord('Valid'), ofRecord('NoOrigin'), ofRoute('Refused'))).toBe(false);
  });
});

describe('an origin passes', () => {
  test.each<[OriginResult, boolean, boolean, boolean]>([
    // result, TLS works, passes for full, passes for strict
    ['Valid', true, true, true],
    ['Untrusted', true, true, false],
    ['Expired', true, true, false],
    ['NameMismatch', true, true, false],
    ['HandshakeFailed', false, false, false],
    ['Refused', false, false, false],
    ['Timeout', false, false, false],
    ['Unverifiable', false, false, false],
    ['Unverifiable', true, false, false],
    ['NoOrigin', false, true, true],
    ['NotProxied', false, true, true],
    ['Ignored', false, true, true],
  ])('%s (TLS %s): full %s, strict %s', (result, tls, full, strict) => {
    const origin = line({ result, tls });
    expect([passes(origin, 'full'), passes(origin, 'strict'), passes(origin, 'origin_pull')]).toEqual([
      full,
      strict,
      strict,
    ]);
    expect([passes(origin, 'off'), passes(origin, 'flexible')]).toEqual([true, true]);
  });
});

test('results are counted worst first, and those that nobody has are left out', () => {
  const lines = [line(), line(), line({ result: 'Expired' }), line({ result: 'Timeout' }), ignored];
  expect(countResults(lines)).toEqual([
    { result: 'Timeout', count: 1 },
    { result: 'Expired', count: 1 },
    { result: 'Valid', count: 2 },
    { result: 'Ignored', count: 1 },
  ]);
});

test('lines of one result are ordered by name and address, so that the status does not change by itself', () => {
  const lines = [
    line({ hostname: 'b.example.com', address: '192.0.2.1:443' }),
    line({ hostname: 'a.example.com', address: '192.0.2.2:443' }),
    line({ hostname: 'a.example.com', address: '192.0.2.1:443' }),
  ];
  expect(lines.toSorted(worseFirst)).toEqual(lines.toReversed());
});
