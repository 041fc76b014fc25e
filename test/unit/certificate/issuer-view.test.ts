import { beforeEach, describe, expect, test } from 'vitest';
import type { Zone } from '../../../src/cloudflare/results.ts';
import type { CertificateContext } from '../../../src/certificate/context.ts';
import { refusedHostnames, viewIssuer } from '../../../src/certificate/issuer-view.ts';
import type { ZoneAnswer, ZoneAsker } from '../../../src/sessions.ts';
import { issuerWith } from '../issuer/fixtures.ts';
import { originCertificate } from './fixtures.ts';

const KEY = { kind: 'OriginIssuer', namespace: 'shop', name: 'cloudflare' } as const;
const never = new AbortController().signal;
const zones: Zone[] = [zone('old.test')];

let context: CertificateContext;
let answer: ZoneAnswer;
let askers: ZoneAsker[];
let woken: string[];
let issuer: ReturnType<typeof issuerWith> | undefined;

beforeEach(() => {
  askers = [];
  woken = [];
  issuer = issuerWith();
  const session = {
    key: KEY,
    uid: 'uid-1',
    ready: true,
    client: {},
    tokenDigest: 'digest',
    zones,
    refreshZones: (asker: ZoneAsker) => {
      askers.push(asker);
      return Promise.resolve(answer);
    },
  };
  context = {
    stores: { issuers: { get: () => issuer } },
    sessions: { get: () => session },
    line: { admits: () => true },
    wake: (key: string) => void woken.push(key),
  } as unknown as CertificateContext;
});

function zone(name: string): Zone {
  return { id: name, name, status: 'active', paused: false, account: { id: undefined, name: undefined } };
}

const view = (hostnames = ['example.com']) => viewIssuer(context, originCertificate({ hostnames }), never);

describe('a hostname that is in no zone of the list at hand', () => {
  test('is asked for under the generation of its certificate, which is woken when it waits', async () => {
    answer = { zones, fresh: true };
    await view();
    for (const { wake } of askers) wake();
    expect(askers.map(({ id }) => id)).toEqual(['uid-1/1']);
    expect(woken).toEqual(['shop/web']);
  });

  test('is in none when the list is fresh', async () => {
    answer = { zones: [zone('new.test')], fresh: true };
    expect(await view()).toMatchObject({
      state: 'Ready',
      noZone: expect.stringMatching(
        /^example\.com: in none of the zones that the token of OriginIssuer cloudflare sees \(new\.test\)/,
      ),
    });
  });

  test.each<[string, ZoneAnswer, object]>([
    ['when the fresh list has it', { zones: [zone('example.com')], fresh: true }, { state: 'Ready' }],
    [
      'when the old list has it by now',
      { zones: [zone('example.com')], fresh: false, retryMs: 1, problem: undefined },
      { state: 'Ready' },
    ],
    [
      'while it waits',
      { zones, fresh: false, retryMs: 1, problem: undefined },
      { state: 'ZonesAwaited', retryMs: 1 },
    ],
    [
      'when the zones cannot be listed',
      { zones, fresh: false, retryMs: 1, problem: '503.' },
      {
        state: 'IssuerNotReady',
        message: 'The zones that the token of OriginIssuer cloudflare sees could not be listed: 503.',
        retryMs: 60_000,
      },
    ],
  ])('is not said to be in none %s', async (_, given, expected) => {
    answer = given;
    const found = await view();
    expect(found).toMatchObject(expected);
    expect('noZone' in found ? found.noZone : undefined).toBeUndefined();
  });
});

test('a hostname that is in one is asked nobody about', async () => {
  expect(await view(['a.old.test'])).toMatchObject({ state: 'Ready', noZone: undefined });
  expect(askers).toEqual([]);
});

describe('what an issuer refuses', () => {
  const refused = () => refusedHostnames(context, KEY, 'shop', ['example.com'], never);

  test('is nothing where it allows everything', async () => {
    expect(await refused()).toEqual([]);
  });

  test('is said with the first ten names that an OriginIssuer allows, and how many more there are', async () => {
    const labels = Array.from({ length: 12 }, (_, n) => `n${n}.old.test`);
    const whole = issuerWith();
    issuer = {
      ...whole,
      spec: { ...whole.spec, allow: [{ hostnames: labels }, { hostnames: ['n0.old.test'] }] },
    };
    expect(await view()).toMatchObject({
      notAllowed:
        'OriginIssuer cloudflare does not let namespace shop ask for example.com. ' +
        `It allows ${labels.slice(0, 10).join(', ')} and 2 more. ` +
        'Extend spec.allow of the issuer, or take the names out of spec.hostnames.',
    });
  });

  test('is not known when it is gone', async () => {
    issuer = undefined;
    expect(await refused()).toBeUndefined();
  });
});

describe('an issuer that is not there', () => {
  const cluster = { kind: 'ClusterOriginIssuer', name: 'shared' } as const;
  test.each([
    ['OriginIssuer', true, /^There is no OriginIssuer cloudflare in namespace shop; create it/],
    ['ClusterOriginIssuer', true, /^There is no ClusterOriginIssuer shared; create it/],
    ['ClusterOriginIssuer', false, /^This operator watches chosen namespaces and does not read/],
  ] as const)(
    'of kind %s, where cluster kinds are served: %s, is named in a sentence',
    async (kind, clusterKinds, message) => {
      const stores = { issuers: { get: () => undefined }, clusterIssuers: { get: () => undefined } };
      const alone = { ...context, clusterKinds, stores } as unknown as CertificateContext;
      const spec = kind === 'OriginIssuer' ? {} : { issuerRef: cluster };
      const found = await viewIssuer(alone, originCertificate(spec), never);
      expect(found).toMatchObject({ state: 'IssuerNotFound', message: expect.stringMatching(message) });
    },
  );
});
