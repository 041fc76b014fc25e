import { expect, test } from 'vitest';
import { zonesInUse } from '../../../src/slow-check/in-use.ts';
import { clusterOf, type Made, made, sessionOf, zoneOf } from './objects.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const ZONES = [zoneOf('example.com'), zoneOf('deep.example.com'), zoneOf('example.net')];

/** The ids in use by zone name. */
function inUse(all: readonly Made[], sessions = [sessionOf('cloudflare', ZONES)], now = NOW) {
  const zones = zonesInUse(clusterOf(all, sessions), now);
  return Object.fromEntries(
    [...zones.values()].map((zone) => [zone.name, zone.certificates.map(({ id }) => id)]),
  );
}

test('a certificate is in use in the zone of the longest name', () => {
  expect(inUse([made('1'), made('2', ['*.example.com']), made('3', ['a.deep.example.com'])])).toEqual({
    'example.com': ['1', '2'],
    'deep.example.com': ['3'],
  });
});

test('a certificate of several zones is in use in each, and of none alone', () => {
  const all = clusterOf([made('1', ['example.com', 'example.net'])], [sessionOf('cloudflare', ZONES)]);
  const zones = [...zonesInUse(all, NOW).values()];
  expect(zones.map(({ name }) => name)).toEqual(['example.com', 'example.net']);
  expect(zones.flatMap(({ certificates }) => certificates)).toMatchObject([
    { id: '1', isOfOneZone: false },
    { id: '1', isOfOneZone: false },
  ]);
});

test('zones of one name in two accounts are two zones, and a certificate may be in either', () => {
  const twice = [zoneOf('example.com', 'a'), zoneOf('example.com', 'b')];
  const zones = zonesInUse(clusterOf([made('1')], [sessionOf('cloudflare', twice)]), NOW);
  expect([...zones.keys()]).toEqual(['a', 'b']);
  expect(zones.get('a')?.certificates[0]?.isOfOneZone).toBe(false);
});

test('a zone is listed with any of the tokens that see it, each named once', () => {
  const other = sessionOf('other', [zoneOf('example.com')]);
  const same = sessionOf('same', [zoneOf('example.com')], {}, { tokenDigest: 'token-other' });
  const withIssuer = (id: string, name: string): Made => {
    const { certificate, secret } = made(id);
    const issuerRef = { kind: 'OriginIssuer' as const, name };
    return { secret, certificate: { ...certificate, spec: { ...certificate.spec, issuerRef } } };
  };
  const all = [made('1'), withIssuer('2', 'other'), withIssuer('3', 'same')];
  const [zone] = zonesInUse(clusterOf(all, [sessionOf('cloudflare', ZONES), other, same]), NOW).values();
  expect(zone?.sessions.map(({ tokenDigest }) => tokenDigest)).toEqual(['token-cloudflare', 'token-other']);
});

test.each<[string, Made | undefined, number?]>([
  ['whose Secret is gone', undefined],
  [
    'in a Secret that another keeps',
    made('1', undefined, { annotations: { 'originca.dev/certificate': 'x' } }),
  ],
  ['whose key does not fit', made('1', undefined, { pair: { state: 'MissingData', problem: 'no key' } })],
  ['that is past its end', made('1'), Date.parse('2027-01-01T00:00:00Z')],
  ['of a name that the token does not see', made('1', ['example.org'])],
])('a certificate %s is not in use', (_, one, now) => {
  expect(inUse(one ? [one] : [], undefined, now)).toEqual({});
});

test('nothing is in use of an object that is being deleted', () => {
  const { certificate, secret } = made('1');
  const metadata = { ...certificate.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' };
  expect(inUse([{ secret, certificate: { ...certificate, metadata } }])).toEqual({});
});

test('nothing is looked at with a token that is not known to work', () => {
  expect(inUse([made('1')], [sessionOf('cloudflare', ZONES, {}, { ready: false })])).toEqual({});
  expect(inUse([made('1')], [])).toEqual({});
});
