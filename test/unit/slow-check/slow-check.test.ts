import { setImmediate as macrotask } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { CloudflareError, unavailable } from '../../../src/cloudflare/errors.ts';
import type { CertificateListing } from '../../../src/cloudflare/requests.ts';
import type { ListedCertificate } from '../../../src/cloudflare/results.ts';
import type { SlowCheckContext } from '../../../src/slow-check/context.ts';
import { SlowCheck } from '../../../src/slow-check/slow-check.ts';
import { TestClock } from '../../support/test-clock.ts';
import { clusterOf, type Made, made, sessionOf, zoneOf } from './objects.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ZONE = 'id-of-example.com';

let clock: TestClock;
let check: SlowCheck;
let context: SlowCheckContext;
let all: Made[];
/** Ids in force at Cloudflare, revoked there, and those that its lists do not show although they are in force. */
let stored: Set<string>;
let revoked: Set<string>;
let unlisted: Set<string>;
let isComplete: boolean;
let fails: { list?: CloudflareError; get?: CloudflareError };
let skew: string | undefined;
let sharedMs: number | undefined;
/** Of the issuer's session; `gone` where there is none. */
let ready: boolean | 'gone';
let lists: number;
let gets: string[];
let woken: string[];
let background: AbortController;

beforeEach(() => {
  clock = new TestClock();
  all = ['1', '2', '3', '4'].map((id) => made(id));
  stored = new Set(['1', '2', '3', '4', '77']);
  revoked = new Set();
  unlisted = new Set();
  isComplete = true;
  fails = {};
  skew = undefined;
  sharedMs = undefined;
  ready = true;
  lists = 0;
  gets = [];
  woken = [];
  background = new AbortController();
  check = restarted();
});

/** The check of a process that has just begun. */
function restarted(): SlowCheck {
  context = {
    ...clusterOf([], []),
    stores: {
      certificates: { list: () => all.map(({ certificate }) => certificate) },
      secrets: {
        get: ({ name }) => all.find(({ secret }) => secret.name === name)?.secret,
        list: () => all.map(({ secret }) => secret),
      },
    },
    sessions: {
      get: () =>
        ready === 'gone' ? undefined : sessionOf('cloudflare', [zoneOf('example.com')], inventory, { ready }),
    },
    clock,
    random: () => 0.5,
    log: pino({ enabled: false }),
    clockSkew: () => skew,
    zoneIntervalMs: () => sharedMs,
    wakeCertificate: (key) => void woken.push(key),
    wake: () => undefined,
    signal: background.signal,
  };
  return new SlowCheck(context);
}

const inventory = {
  listCertificates: async (): Promise<CertificateListing> => {
    lists++;
    if (fails.list) throw fails.list;
    return listing();
  },
  getCertificate: async (id: string): Promise<ListedCertificate> => {
    gets.push(id);
    if (fails.get) throw fails.get;
    if (!stored.has(id)) throw notFound();
    return listed(id, revoked.has(id) ? '2026-11-21T12:00:00Z' : undefined);
  },
};

function listing(): CertificateListing {
  const shown = [...stored].filter((id) => !revoked.has(id) && !unlisted.has(id));
  return { complete: isComplete, certificates: shown.map((id) => listed(id)) };
}

function listed(id: string, revokedAt?: string): ListedCertificate {
  const end = Date.parse('2027-06-01T00:00:00Z');
  const parts = { certificate: 'PEM', hostnames: ['example.com'], publicKeyDigest: `key-${id}` };
  return { id, ...parts, expiresOn: end, notBefore: 0, notAfter: end, revokedAt };
}

function notFound(): CloudflareError {
  const options = { kind: 'NotFound', definite: true, operation: 'get_certificate' } as const;
  return new CloudflareError('Cloudflare has none.', options);
}

/** So much time passes, and the check looks when it wants to, as its queue has it. */
async function pass(ms: number): Promise<void> {
  const endMs = clock.monotonic() + ms;
  while (clock.monotonic() <= endMs) {
    const { requeueAfterMs } = check.look();
    expect(requeueAfterMs).toBeGreaterThanOrEqual(MINUTE);
    expect(requeueAfterMs).toBeLessThanOrEqual(5 * MINUTE);
    await macrotask();
    await clock.advance(Math.min(requeueAfterMs, endMs + MINUTE - clock.monotonic()));
  }
}

const revokedHere = (): string[] => ['1', '2', '3', '4', '9'].filter((id) => check.isRevoked(id));
const series = () => check.list()[0];

describe('the slow check', () => {
  test('lists a zone some minutes after the start, and then every six hours', async () => {
    await pass(5 * MINUTE);
    expect(lists).toBe(0);
    await pass(10 * MINUTE);
    expect(lists).toBe(1);
    await pass(12 * HOUR);
    expect(lists).toBe(3);
    expect(gets).toEqual([]);
    expect(woken).toEqual([]);
    expect(series()).toMatchObject({ zone: 'example.com', checked: 4, suspected: 0, isDistrusted: false });
  });

  test('begins at another moment in every process, within a quarter of an hour', async () => {
    check = new SlowCheck({ ...context, random: () => 1 });
    await pass(14 * MINUTE);
    expect(lists).toBe(0);
    await pass(2 * MINUTE);
    expect(lists).toBe(1);
  });

  test('looks as seldom as every five minutes, as soon as a zone is due, and every minute for an issuer that is not ready', async () => {
    ready = false;
    expect(check.look()).toEqual({ requeueAfterMs: MINUTE });
    ready = true;
    expect(check.look()).toEqual({ requeueAfterMs: 5 * MINUTE });
    await clock.advance(8 * MINUTE);
    expect(check.look()).toEqual({ requeueAfterMs: 2 * MINUTE });
    await clock.advance(2 * MINUTE - 1);
    expect(check.look()).toEqual({ requeueAfterMs: MINUTE });
    expect(lists).toBe(0);
  });

  test('finds what somebody else revoked, and wakes who uses it, once', async () => {
    revoked.add('2');
    await pass(11 * MINUTE);
    expect(gets).toEqual(['2']);
    expect(revokedHere()).toEqual(['2']);
    expect(woken).toEqual(['web/c-2']);
    await pass(12 * HOUR);
    expect(gets).toEqual(['2']);
    expect(woken).toEqual(['web/c-2']);
  });

  test('forgets what is not in use any more', async () => {
    revoked.add('2');
    await pass(11 * MINUTE);
    all = all.filter(({ secret }) => secret.name !== 's-2');
    await pass(MINUTE);
    expect(check.isRevoked('2')).toBe(false);
    all = [];
    await pass(MINUTE);
    expect(check.list()).toEqual([]);
  });

  test.each([false, 'gone'] as const)(
    "remembers what it found, and since when, while the issuer's session is not ready: %s",
    async (state) => {
      revoked.add('2');
      await pass(11 * MINUTE);
      const before = series();
      ready = state;
      await pass(2 * HOUR);
      expect(revokedHere()).toEqual(['2']);
      expect(series()).toEqual(before);
      ready = true;
      await pass(HOUR);
      expect(revokedHere()).toEqual(['2']);
      expect(lists).toBe(1);
    },
  );

  test("forgets what is not in use any more while the issuer's session is not ready", async () => {
    revoked.add('2');
    await pass(11 * MINUTE);
    ready = false;
    all = all.filter(({ secret }) => secret.name !== 's-2');
    await pass(MINUTE);
    expect(check.isRevoked('2')).toBe(false);
    expect(series()).toBeDefined();
    all = [];
    await pass(MINUTE);
    expect(check.list()).toEqual([]);
  });

  test('tells since when a zone is in use that was never checked, whatever keeps it from that', async () => {
    const startedAt = clock.now();
    skew = 'ten minutes off';
    await pass(HOUR);
    ready = false;
    await pass(24 * HOUR);
    expect(series()).toMatchObject({ zone: 'example.com', usedSince: startedAt, checkedAt: undefined });
  });

  test('takes it back when Cloudflare shows it in force after all', async () => {
    revoked.add('2');
    await pass(11 * MINUTE);
    revoked.clear();
    await pass(7 * HOUR);
    expect(revokedHere()).toEqual([]);
  });

  test('asks for what a listing lacks, and believes that it is in force', async () => {
    unlisted.add('1').add('2');
    await pass(11 * MINUTE);
    expect(gets).toEqual(['1', '2']);
    expect(revokedHere()).toEqual([]);
    expect(series()).toMatchObject({ suspected: 0 });
  });

  test('believes that a certificate is not known when Cloudflare says so in two rounds', async () => {
    stored.delete('3');
    await pass(11 * MINUTE);
    expect(gets).toEqual(['3']);
    expect(revokedHere()).toEqual([]);
    expect(series()).toMatchObject({ suspected: 1 });
    await pass(6 * HOUR);
    expect(gets).toEqual(['3', '3']);
    expect(revokedHere()).toEqual(['3']);
    expect(woken).toEqual(['web/c-3']);
  });

  test('does not believe it when it was in force between the two', async () => {
    stored.delete('3');
    await pass(11 * MINUTE);
    stored.add('3');
    await pass(6 * HOUR);
    stored.delete('3');
    await pass(6 * HOUR);
    expect(gets).toEqual(['3', '3']);
    expect(revokedHere()).toEqual([]);
  });

  describe('of a certificate that is younger than an hour', () => {
    beforeEach(() => {
      const { secret, certificate } = made('9');
      if (secret.pair.state !== 'Matching') throw new Error('a pair');
      const young = { ...secret.pair.certificate, notBefore: clock.now() - 30 * MINUTE };
      all.push({ certificate, secret: { ...secret, pair: { state: 'Matching', certificate: young } } });
    });

    test('asks where the listing lacks it, and does not take it for revoked because it is not known', async () => {
      sharedMs = MINUTE;
      await pass(25 * MINUTE);
      expect(new Set(gets)).toEqual(new Set(['9']));
      expect(gets.length).toBeGreaterThan(2);
      expect(revokedHere()).toEqual([]);
    });

    test('believes that it is revoked', async () => {
      stored.add('9');
      revoked.add('9');
      await pass(11 * MINUTE);
      expect(revokedHere()).toEqual(['9']);
    });
  });

  test('rests while the clock is wrong', async () => {
    skew = 'ten minutes off';
    await pass(HOUR);
    expect(lists).toBe(0);
  });
});

describe('a listing that is of no use', () => {
  test('because it lacks too much is reported and asks for nothing, and is read again ever more rarely', async () => {
    unlisted.add('1').add('2').add('3').add('4');
    await pass(11 * MINUTE);
    expect(series()).toMatchObject({ isDistrusted: true, checkedAt: undefined });
    await pass(HOUR);
    expect(lists).toBe(6);
    expect(gets).toEqual([]);
    expect(revokedHere()).toEqual([]);
    unlisted.clear();
    await pass(HOUR);
    expect(series()).toMatchObject({ isDistrusted: false, checked: 4 });
  });

  test('because it was not complete says nothing of what it lacks', async () => {
    isComplete = false;
    revoked.add('1');
    await pass(HOUR);
    expect(gets).toEqual([]);
    expect(series()).toMatchObject({ isDistrusted: false, checkedAt: undefined });
    isComplete = true;
    await pass(HOUR);
    expect(revokedHere()).toEqual(['1']);
  });

  test('because Cloudflare failed is read again', async () => {
    fails.list = unavailable('list_certificates', 'HTTP 503', { status: 503 });
    await pass(15 * MINUTE);
    expect(lists).toBeGreaterThan(1);
    fails = {};
    await pass(HOUR);
    expect(series()).toMatchObject({ checked: 4 });
  });
});

describe('a certificate that was issued twice', () => {
  const twin = (): CertificateListing => {
    const { certificates } = listing();
    return { complete: true, certificates: [...certificates, { ...listed('12'), publicKeyDigest: 'key-2' }] };
  };

  test('is told to its object, which is woken, until that is done with it', () => {
    check.share(ZONE, twin(), clock.now());
    expect(woken).toEqual(['web/c-2']);
    expect(check.twinsOf('web/c-2')).toMatchObject([{ id: '12', of: '2' }]);
    expect(check.twinsOf('web/c-1')).toEqual([]);
    check.forgetTwin('12');
    expect(check.twinsOf('web/c-2')).toEqual([]);
    check.share(ZONE, twin(), clock.now());
    expect(check.twinsOf('web/c-2')).toHaveLength(1);
  });

  test('is no twin any more when the next listing does not show it, or the zone is not in use', async () => {
    check.share(ZONE, twin(), clock.now());
    check.share(ZONE, listing(), clock.now());
    expect(check.twinsOf('web/c-2')).toEqual([]);
    check.share(ZONE, twin(), clock.now());
    all = [];
    await pass(0);
    expect(check.twinsOf('web/c-2')).toEqual([]);
  });

  test('is not believed to be one by a listing that is not believed', () => {
    const certificates = twin().certificates.filter(({ id }) => id === '2' || id === '12');
    check.share(ZONE, { complete: true, certificates }, clock.now());
    expect(check.twinsOf('web/c-2')).toEqual([]);
  });
});

describe('a question that fails', () => {
  test('because Cloudflare failed is asked again, without another listing', async () => {
    revoked.add('1');
    fails.get = unavailable('get_certificate', 'HTTP 503', { status: 503 });
    await pass(20 * MINUTE);
    expect(gets.length).toBeGreaterThan(1);
    expect(revokedHere()).toEqual([]);
    fails = {};
    await pass(HOUR);
    expect(lists).toBe(1);
    expect(revokedHere()).toEqual(['1']);
  });

  test('because the token may not ask keeps no other from being asked', async () => {
    revoked.add('1').add('2');
    const options = { kind: 'PermissionMissing', definite: true, operation: 'get_certificate' } as const;
    fails.get = new CloudflareError('The token may not.', options);
    await pass(HOUR);
    expect(gets).toEqual(['1', '2']);
    expect(series()).toMatchObject({ suspected: 2 });
    expect(revokedHere()).toEqual([]);
  });
});

describe('a listing of an OriginZone', () => {
  beforeEach(() => {
    sharedMs = 2 * HOUR;
  });

  test('is judged like our own, and spares that', async () => {
    revoked.add('2');
    for (let round = 0; round < 5; round++) {
      expect(check.share(ZONE, listing(), clock.now())).toBeUndefined();
      await pass(2 * HOUR);
    }
    expect(lists).toBe(0);
    expect(gets).toEqual(['2']);
    expect(revokedHere()).toEqual(['2']);
  });

  test("that does not come is missed, and the zone is listed with the issuer's token", async () => {
    expect(check.share(ZONE, listing(), clock.now())).toBeUndefined();
    await pass(3 * HOUR);
    expect(lists).toBe(1);
  });

  test('that lacks too much is not believed, and it is said why', async () => {
    const empty = { complete: true, certificates: [] };
    expect(check.share(ZONE, empty, clock.now())).toMatch(/lacks 4 of the 4 .* nothing is re-issued/);
    expect(series()).toMatchObject({ isDistrusted: true });
    await pass(0);
    expect(gets).toEqual([]);
  });

  test('of a zone in which nothing is in use is let pass', () => {
    expect(check.share('other', { complete: true, certificates: [] }, clock.now())).toBeUndefined();
    expect(check.list()).toEqual([]);
  });
});
