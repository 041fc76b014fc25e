import { beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../../src/probe/judge.ts';
import { bundledRoots } from '../../../src/probe/roots.ts';
import type { ProbeResult } from '../../../src/probe/types.ts';
import { TestClock } from '../../support/test-clock.ts';
import { tlsOrigin, type TlsOriginOptions } from '../../support/tls-origin.ts';
import { sign, type Signed, type Wanted } from '../../support/tls-origin-certificates.ts';
import { authorities, HOST, knockOnce, leaf, prober, type Authorities } from './scene.ts';

const DAY = 86_400_000;
let known: Authorities;
let intermediate: Signed;
let second: Signed;

beforeAll(async () => {
  known = await authorities();
  const sub = { isCa: true, algorithm: 'RSA' } as const;
  intermediate = await sign({ name: [{ CN: ['Public Sub'] }], issuer: known.publicRoot, ...sub });
  second = await sign({ name: [{ CN: ['Public Sub Sub'] }], issuer: intermediate, ...sub });
});

interface Case {
  readonly sentence: string;
  readonly result: ProbeResult;
  readonly pair: () => Promise<Signed>;
  readonly intermediates?: () => readonly Signed[];
  readonly tls?: TlsOriginOptions['tls'];
  readonly says: readonly string[];
}

const named = (names: readonly string[], more: Partial<Wanted> = {}) => leaf(known.originEcc, names, more);
const later = (days: number): number => Date.now() + days * DAY;

const CASES: readonly Case[] = [
  {
    sentence: 'an ECDSA leaf of the Origin CA is valid',
    result: 'Valid',
    pair: () => named([HOST]),
    says: ['Cloudflare Origin CA', 'issuer CN=Origin ECC', HOST],
  },
  {
    sentence: 'an RSA leaf of the Origin CA is valid',
    result: 'Valid',
    pair: () => leaf(known.originRsa, [HOST], { algorithm: 'RSA' }),
    says: ['issuer CN=Origin RSA'],
  },
  ...(['TLSv1.2', 'TLSv1.3', 'TLSv1'] as const).map((version): Case => ({
    sentence: `a leaf over ${version} is valid`,
    result: 'Valid',
    pair: () => named([HOST]),
    tls: { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' },
    says: [],
  })),
  {
    sentence: 'a wildcard covers one label',
    result: 'Valid',
    pair: () => named(['*.example.com']),
    says: ['*.example.com'],
  },
  {
    sentence: 'names are compared without regard to case',
    result: 'Valid',
    pair: () => named(['WWW.Example.COM']),
    says: [],
  },
  {
    sentence: 'a leaf of a public root is valid with its intermediate',
    result: 'Valid',
    pair: () => leaf(intermediate, [HOST]),
    intermediates: () => [intermediate],
    says: ['a public authority'],
  },
  {
    sentence: 'intermediates may come in any order, among others',
    result: 'Valid',
    pair: () => leaf(second, [HOST]),
    intermediates: () => [known.stranger, intermediate, second, known.publicRoot],
    says: ['a public authority'],
  },
  {
    sentence: 'a leaf of the zone’s own root is valid',
    result: 'Valid',
    pair: () => leaf(known.custom, [HOST]),
    says: ['trusted CA of this zone'],
  },
  {
    sentence: 'the common name counts where there are no alternative names',
    result: 'Valid',
    pair: () => sign({ name: [{ CN: [HOST] }], issuer: known.originEcc }),
    says: [],
  },
  {
    sentence: 'the common name does not count beside alternative names',
    result: 'NameMismatch',
    pair: () => named(['other.example.com'], { name: [{ CN: [HOST] }] }),
    says: ['526', 'is not for www.example.com', 'for other.example.com'],
  },
  {
    sentence: 'a leaf of a public root without its intermediate is untrusted',
    result: 'Untrusted',
    pair: () => leaf(intermediate, [HOST]),
    says: ['526', 'no intermediate certificate was presented'],
  },
  {
    sentence: 'an intermediate below the Origin CA is untrusted: its roots sign leaves themselves',
    result: 'Untrusted',
    pair: async () => {
      const sub = await sign({ name: [{ CN: ['Sub'] }], issuer: known.originEcc, isCa: true });
      return leaf(sub, [HOST]);
    },
    says: ['526'],
  },
  {
    sentence: 'a leaf signed by another leaf is untrusted',
    result: 'Untrusted',
    pair: () => leaf(notCa, [HOST]),
    intermediates: () => [notCa],
    says: ['526'],
  },
  {
    sentence: 'an unknown authority with the name of a known one is untrusted',
    result: 'Untrusted',
    pair: async () => leaf(await sign({ name: [{ CN: ['Origin ECC'] }], isCa: true }), [HOST]),
    says: ['526'],
  },
  {
    sentence: 'a self-signed certificate is untrusted',
    result: 'Untrusted',
    pair: () => sign({ name: [{ CN: [HOST] }], names: [HOST] }),
    says: ['is self-signed', '526'],
  },
  {
    sentence: 'a certificate for clients only is untrusted',
    result: 'Untrusted',
    pair: () => named([HOST], { purposes: ['1.3.6.1.5.5.7.3.2'] }),
    says: ['is not for servers'],
  },
  {
    sentence: 'an expired certificate is expired',
    result: 'Expired',
    pair: () => named([HOST], { notBefore: later(-9), notAfter: later(-2) }),
    says: ['expired at', '526', 'renewed'],
  },
  {
    sentence: 'one that is not yet valid counts as expired and says so',
    result: 'Expired',
    pair: () => named([HOST], { notBefore: later(1), notAfter: later(2) }),
    says: ['is not valid before', '526'],
  },
  {
    sentence: 'an expired intermediate makes a leaf untrusted',
    result: 'Untrusted',
    pair: () => leaf(late, [HOST]),
    intermediates: () => [late],
    says: ['outside its dates', 'CN=Late Sub'],
  },
  {
    sentence: 'a wildcard does not cover two labels',
    result: 'NameMismatch',
    pair: () => named(['*.com']),
    says: ['is not for www.example.com'],
  },
  {
    sentence: 'a wildcard does not cover the name above it',
    result: 'NameMismatch',
    pair: () => named(['*.www.example.com']),
    says: ['for *.www.example.com'],
  },
  {
    sentence: 'at most five names are shown, and how many more there are',
    result: 'NameMismatch',
    pair: () => named(Array.from({ length: 40 }, (_, at) => `n${at}.example.com`)),
    says: ['n4.example.com and 35 more'],
  },
  {
    sentence: 'ingress-nginx’s fake certificate is recognised',
    result: 'Untrusted',
    pair: () =>
      sign({
        name: [{ O: ['Acme Co'] }, { CN: ['Kubernetes Ingress Controller Fake Certificate'] }],
        names: ['ingress.local'],
      }),
    says: ['ingress-nginx makes up', 'tls entry for www.example.com', 'Secret is missing or was refused'],
  },
  {
    sentence: 'Traefik’s default certificate is recognised',
    result: 'Untrusted',
    pair: () => sign({ name: [{ CN: ['TRAEFIK DEFAULT CERT'] }], names: ['abc.traefik.default'] }),
    says: ['Traefik makes up', 'tls entry for www.example.com'],
  },
];

let notCa: Signed;
let late: Signed;
beforeAll(async () => {
  notCa = await leaf(known.publicRoot, ['leaf.example.com']);
  late = await sign({
    name: [{ CN: ['Late Sub'] }],
    issuer: known.publicRoot,
    isCa: true,
    notBefore: later(-9),
    notAfter: later(-2),
  });
});

describe('a certificate that a real server presents', () => {
  test.each(CASES)('$sentence', async ({ result, pair: make, intermediates, tls, says }) => {
    const pair = await make();
    await using origin = await tlsOrigin({
      pair,
      ...(intermediates && { intermediates: intermediates() }),
      ...(tls && { tls }),
    });
    const verdict = await knockOnce(origin.address, known.trust);
    expect(verdict).toMatchObject({
      hostname: HOST,
      address: origin.address,
      source: 'spec.probes[0]',
      result,
      tls: true,
      clientCertificate: 'no',
      redirectsToHttp: false,
    });
    expect(verdict.presented?.fingerprintSHA256).toBe(pair.certificate.fingerprint256);
    expect(verdict.presented?.id).toBe(BigInt(`0x${pair.certificate.serialNumber}`).toString());
    for (const said of says) expect(verdict.message).toContain(said);
    expect(verdict.message).toMatch(/valid from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ to/);
    expect(origin.asked).toEqual([HOST]);
  });
});

describe('dates are judged by the clock given', () => {
  test.each([
    { days: 0, result: 'Valid' },
    { days: -2, result: 'Expired' },
    { days: 2, result: 'Expired' },
    { days: 4_000, result: 'Expired' },
  ])('$days days from now: $result', async ({ days, result }) => {
    await using origin = await tlsOrigin({ pair: await named([HOST]) });
    const by = prober({ clock: new TestClock(later(days)) });
    const verdict = await knockOnce(origin.address, known.trust, { by });
    expect(verdict).toMatchObject({ result, beganMs: 0, at: expect.closeTo(later(days), -5) });
  });

  test('on the very edge a certificate is outside, as Cloudflare has it', async () => {
    const second = Math.floor(Date.now() / 1_000) * 1_000;
    await using origin = await tlsOrigin({
      pair: await named([HOST], { notBefore: second, notAfter: second + DAY }),
    });
    const at = async (ms: number): Promise<ProbeResult> =>
      (await knockOnce(origin.address, known.trust, { by: prober({ clock: new TestClock(ms) }) })).result;
    expect(await at(second)).toBe('Expired');
    expect(await at(second + 1)).toBe('Valid');
    expect(await at(second + DAY - 1)).toBe('Valid');
    expect(await at(second + DAY)).toBe('Expired');
  });

  test('a public root outside its dates is none; an Origin CA root’s own end does not count', async () => {
    const long = { notAfter: later(9_000) };
    const clock = new TestClock(later(5_000));
    const judged = async (pair: Signed): Promise<ProbeResult> => {
      await using origin = await tlsOrigin({ pair });
      return (await knockOnce(origin.address, known.trust, { by: prober({ clock }) })).result;
    };
    expect(await judged(await leaf(known.originEcc, [HOST], long))).toBe('Valid');
    expect(await judged(await leaf(known.publicRoot, [HOST], long))).toBe('Untrusted');
    expect(await judged(await leaf(known.custom, [HOST], long))).toBe('Untrusted');
  });
});

test('without public roots of its own a prober trusts those that Node carries', () => {
  const [root] = bundledRoots();
  if (root === undefined) throw new Error('Node carries no roots');
  const now = root.validFromDate.getTime() + DAY;
  const trust = { originCa: [], custom: [], publicRoots: bundledRoots() };
  expect(judge([root], { hostname: HOST, now, trust }).authority).toBe('a public authority');
});
