import { setImmediate as macrotask } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OriginZone } from '../../../src/api/v1alpha1.ts';
import { CloudflareError, unavailable } from '../../../src/cloudflare/errors.ts';
import type { CertificateListing, ListOptions } from '../../../src/cloudflare/requests.ts';
import { type InventoryContext, reconcileInventory } from '../../../src/zone/inventory.ts';
import { InventoryMemories } from '../../../src/zone/inventory-memory.ts';
import { intervalsOf } from '../../../src/zone/schedule.ts';
import { TestClock } from '../../support/test-clock.ts';
import { secretOf } from './inventory-objects.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

let clock: TestClock;
let context: InventoryContext;
let woken: string[];
/** What the next listings bring, in order; the last one stays. */
let answers: (CertificateListing | CloudflareError)[];
let asked: { zoneId: string; options: ListOptions }[];
let background: AbortController;
/** Why the slow check believes none of them. */
let doubt: string | undefined;

beforeEach(() => {
  clock = new TestClock();
  woken = [];
  asked = [];
  doubt = undefined;
  answers = [list('1')];
  background = new AbortController();
  context = {
    clock,
    random: () => 0.5,
    inventories: new InventoryMemories(),
    log: pino({ enabled: false }),
    signal: background.signal,
    wake: (key) => void woken.push(key),
    examine: () => doubt,
    stores: { certificates: { list: () => [] }, secrets: { list: () => [secretOf('1')] } },
  };
});

function list(...ids: string[]): CertificateListing {
  const end = Date.parse('2027-06-01T00:00:00Z');
  const certificates = ids.map((id) => ({
    id,
    certificate: 'PEM',
    hostnames: ['example.com'],
    publicKeyDigest: `key-${id}`,
    expiresOn: end,
    notBefore: undefined,
    notAfter: end,
    revokedAt: undefined,
  }));
  return { complete: true, certificates };
}

interface PassChange {
  readonly status?: OriginZone['status'];
  readonly zoneId?: string;
  readonly tokenDigest?: string;
  readonly intervalMs?: number;
}

/** One pass of the zone's controller, and what it started has ended. */
async function pass({ status, zoneId = 'z1', tokenDigest = 't1', intervalMs = 6 * HOUR }: PassChange = {}) {
  const metadata = { name: 'example.com', uid: 'u1' };
  const zone = { metadata, spec: { apiTokenSecretRef: { name: 'token' } }, status } as OriginZone;
  const listCertificates = async (id: string, options: ListOptions): Promise<CertificateListing> => {
    asked.push({ zoneId: id, options });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof CloudflareError) throw next;
    return next ?? list();
  };
  const account = { id: undefined, name: undefined };
  const report = reconcileInventory(context, {
    zone,
    facts: { id: zoneId, name: 'example.com', status: 'active', paused: false, account },
    client: { tokenDigest, listCertificates },
    now: clock.now(),
    monotonic: clock.monotonic(),
    intervals: intervalsOf(10 * MINUTE, intervalMs, 1),
  });
  await macrotask();
  return report;
}

const unanswered = (rayId: string): CloudflareError =>
  unavailable('list_certificates', 'HTTP 503', { status: 503, rayId });

describe('the inventory', () => {
  test('is listed in the background, waiting for the budget, and the zone is woken for it', async () => {
    expect(await pass()).toEqual({ status: undefined, nextMs: undefined, problems: [] });
    expect(asked).toMatchObject([{ zoneId: 'z1', options: { waitForBudget: true } }]);
    expect(woken).toEqual(['example.com']);
    expect(await pass()).toMatchObject({
      status: { total: 1, managed: 1, twins: 0, unknown: 0, expiring: 0, worst: [] },
      nextMs: 6 * HOUR,
    });
    expect(asked).toHaveLength(1);
  });

  test('is listed once per interval, however often the zone is looked at', async () => {
    for (let minutes = 0; minutes < 18 * 60; minutes += 10) {
      await pass();
      await clock.advance(10 * MINUTE);
    }
    expect(asked).toHaveLength(3);
    expect((await pass()).status?.checkedAt).toBe('2026-11-22T00:00:00Z');
  });

  test('follows another interval at once', async () => {
    await pass();
    await clock.advance(HOUR);
    expect((await pass({ intervalMs: 2 * HOUR })).nextMs).toBe(HOUR);
    await pass({ intervalMs: HOUR });
    expect(asked).toHaveLength(2);
  });

  test('varies its interval, so that zones made together are not listed together for ever', async () => {
    const chances = [0, 1, 0.25];
    context = { ...context, random: () => chances.shift() ?? 0.5 };
    await pass();
    expect((await pass()).nextMs).toBe(6 * HOUR * 1.1);
    await clock.advance(6 * HOUR * 1.1);
    await pass();
    expect((await pass()).nextMs).toBeCloseTo(6 * HOUR * 0.95);
  });

  test('is not listed anew after a restart before it is due', async () => {
    const inventory = { total: 7, checkedAt: '2026-11-21T10:00:00Z', message: 'Since then: trouble.' };
    const status = { zone: { name: 'example.com', id: 'z1' }, inventory };
    const shown = { total: 7, checkedAt: '2026-11-21T10:00:00Z' };
    expect(await pass({ status })).toEqual({ status: shown, nextMs: 4 * HOUR, problems: [] });
    expect(asked).toEqual([]);
    await clock.advance(4 * HOUR);
    await pass({ status });
    expect(asked).toHaveLength(1);
  });

  test.each<[string, OriginZone['status']]>([
    [
      'of another zone',
      { zone: { name: 'a.com', id: 'z0' }, inventory: { checkedAt: '2026-11-21T10:00:00Z' } },
    ],
    [
      'of the future',
      { zone: { name: 'example.com', id: 'z1' }, inventory: { checkedAt: '2027-11-21T10:00:00Z' } },
    ],
    ['without a time', { zone: { name: 'example.com', id: 'z1' }, inventory: { total: 5 } }],
  ])('in a status %s holds nothing back', async (_, status) => {
    expect((await pass({ status })).status).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  test.each<[string, PassChange]>([
    ['another token', { tokenDigest: 't2' }],
    ['another zone', { zoneId: 'z2' }],
  ])('is listed anew with %s', async (_, change) => {
    await pass();
    await pass(change);
    expect(asked).toHaveLength(2);
  });
});

describe('a listing that fails', () => {
  test('leaves the last numbers and says since when, in words that do not change', async () => {
    await pass();
    answers = [unanswered('ray-1'), unanswered('ray-2'), list('1', '2')];
    await clock.advance(6 * HOUR);
    await pass();
    const { status, nextMs = 0 } = await pass();
    expect(status).toMatchObject({ total: 1, checkedAt: '2026-11-21T12:00:00Z' });
    expect(status?.message).toMatch(
      /^Since 2026-11-21T18:00:00Z: .*HTTP 503.*ray-1.*The numbers are those of 2026-11-21T12:00:00Z\.$/s,
    );
    await clock.advance(nextMs);
    await pass();
    const again = await pass();
    expect(asked).toHaveLength(3);
    expect(again.status).toEqual(status);
    await clock.advance(again.nextMs ?? 0);
    await pass();
    const mended = await pass();
    expect(mended.status).toMatchObject({ total: 2, unknown: 1 });
    expect(mended.status).not.toHaveProperty('message');
  });

  test('is repeated after five minutes where the token may not list, and the words say what it lacks', async () => {
    const options = { kind: 'PermissionMissing', definite: true, operation: 'list_certificates' } as const;
    answers = [new CloudflareError('The token lacks SSL and Certificates:Read.', options)];
    await pass();
    expect(await pass()).toEqual({
      status: { message: 'Since 2026-11-21T12:00:00Z: The token lacks SSL and Certificates:Read.' },
      nextMs: 5 * MINUTE,
      problems: [],
    });
  });

  test('because it was incomplete counts nothing, and is repeated less and less often', async () => {
    answers = [{ ...list('1', '2'), complete: false }];
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      await pass();
      const { status, nextMs = 0 } = await pass();
      expect(status).toEqual({ message: expect.stringContaining('was not complete') as string });
      waits.push(nextMs / MINUTE);
      await clock.advance(nextMs);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
  });

  test('because the slow check does not believe it counts nothing, says why, and is repeated', async () => {
    await pass();
    doubt = 'The list lacks 3 of 4.';
    await clock.advance(6 * HOUR);
    await pass();
    const { status, nextMs = 0 } = await pass();
    expect(status).toMatchObject({ total: 1, checkedAt: '2026-11-21T12:00:00Z' });
    expect(status?.message).toContain('The list lacks 3 of 4.');
    expect(nextMs).toBe(MINUTE);
    doubt = undefined;
    await clock.advance(nextMs);
    await pass();
    expect((await pass()).status).not.toHaveProperty('message');
  });

  test('because the process ends is told to nobody', async () => {
    answers = [
      new CloudflareError('Stopped.', { kind: 'Aborted', definite: true, operation: 'list_certificates' }),
    ];
    background.abort();
    expect((await pass()).status).toBeUndefined();
    expect(woken).toEqual([]);
  });
});
