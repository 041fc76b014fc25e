import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget, type Share } from '../../../src/cloudflare/budget.ts';
import type { BackgroundTurns } from '../../../src/cloudflare/turns.ts';
import { TestClock } from '../../support/test-clock.ts';

function make(ratePerSecond: number, burst: number): { clock: TestClock; budget: Budget } {
  const clock = new TestClock();
  return { clock, budget: new Budget({ ratePerSecond, burst, clock }) };
}

function drain(budget: Budget, share: Share, account: string = share): number {
  for (let granted = 0; ; granted += 1) if (!budget.take(1, account, share).granted) return granted;
}

/** How many requests are granted at once, leaving nobody waiting: asks before it takes. */
function spend(budget: Budget, share: Share): number {
  for (let granted = 0; ; granted += 1) {
    if (budget.waitMs(share, share) > 0) return granted;
    budget.take(1, share, share);
  }
}

/** Milliseconds until the next grant, as refused; fails on a grant. */
function refusal(budget: Budget, share: Share, account: string = share): number {
  const grant = budget.take(1, account, share);
  if (grant.granted) throw new Error('granted');
  return grant.retryAfterMs;
}

/** A line of so many certificates. */
function waiting(waitingForBudget: number): BackgroundTurns {
  return { waitingForBudget, turn: () => Promise.resolve(false) };
}

describe("the zones' share", () => {
  test('is a quarter of the burst, then of the rate', async () => {
    const { clock, budget } = make(4, 100);
    expect(drain(budget, 'zones')).toBe(25);
    await clock.advance(3000);
    expect(drain(budget, 'zones')).toBe(3);
    await clock.advance(600_000);
    expect(drain(budget, 'zones')).toBe(25);
  });

  test('leaves the rest to certificates, which may take all of it', () => {
    const { budget } = make(4, 100);
    drain(budget, 'zones');
    expect(spend(budget, 'certificates')).toBe(75);
    expect(make(4, 100).budget.waitMs('', 'zones')).toBe(0);
  });

  test('is one request where the burst has no quarter', () => {
    expect(drain(make(1, 1).budget, 'zones')).toBe(1);
    expect(drain(make(1, 3).budget, 'zones')).toBe(1);
  });

  test('waits for the bucket that certificates have emptied', async () => {
    const { clock, budget } = make(4, 100);
    expect(spend(budget, 'certificates')).toBe(100);
    expect(budget.waitMs('zones', 'zones')).toBe(250);
    await clock.advance(250);
    expect(budget.take(1, 'zones', 'zones').granted).toBe(true);
  });

  test('waits while a certificate does, and a moment longer', async () => {
    const { clock, budget } = make(4, 100);
    drain(budget, 'certificates');
    const turns = [refusal(budget, 'certificates'), refusal(budget, 'certificates')];
    expect(budget.waitMs('zones', 'zones')).toBe(Math.max(...turns) + 1000);
    await clock.advance(Math.max(...turns) + 999);
    expect(budget.take(1, 'zones', 'zones').granted).toBe(false);
    await clock.advance(1);
    expect(budget.take(1, 'zones', 'zones').granted).toBe(true);
  });

  test('waits for certificates that wait in their line, and no longer than a minute', () => {
    const { budget } = make(4, 100);
    budget.turns = waiting(8);
    expect(budget.waitMs('zones', 'zones')).toBe(2000);
    budget.turns = waiting(10_000);
    expect(budget.waitMs('zones', 'zones')).toBe(5000); // Its least part has its first request then.
  });

  test('is one request in twenty while certificates wait, which these leave to it', async () => {
    const { clock, budget } = make(4, 100);
    budget.turns = waiting(10_000);
    drain(budget, 'certificates');
    const granted = { certificates: 0, zones: 0 };
    let zoneMs = 0;
    for (let ms = 0; ms < 600_000; ms += 50) {
      await clock.advance(50);
      while (budget.waitMs('certificates') === 0 && budget.take(1, 'certificates').granted)
        granted.certificates += 1;
      if (clock.monotonic() < zoneMs) continue;
      const grant = budget.take(1, 'zones', 'zones');
      if (grant.granted) granted.zones += 1;
      else zoneMs = clock.monotonic() + grant.retryAfterMs;
    }
    expect(granted.zones + granted.certificates).toBeGreaterThan(4 * 600 - 10);
    expect(granted.zones).toBeGreaterThan(100);
    expect(granted.zones).toBeLessThanOrEqual(120);
  });

  test('is not taken by the next certificate while a slow one has not sent what is kept for it', async () => {
    const { clock, budget } = make(4, 100);
    budget.turns = waiting(1000);
    budget.claim('slow', 'certificates', 1);
    drain(budget, 'certificates');
    await clock.advance(10_000);
    drain(budget, 'certificates');
    const retryAfterMs = refusal(budget, 'zones');
    await clock.advance(retryAfterMs);
    expect(budget.waitMs('certificates')).toBeGreaterThan(0);
    expect(budget.take(1, 'zones', 'zones').granted).toBe(true);
  });

  test('is also had by a zone that needs ten at once', async () => {
    const { clock, budget } = make(4, 100);
    budget.turns = waiting(10_000);
    drain(budget, 'certificates');
    let zoneMs = 0;
    let rounds = 0;
    for (let ms = 0; ms < 600_000; ms += 50) {
      await clock.advance(50);
      while (budget.waitMs('certificates') === 0 && budget.take(1, 'certificates').granted);
      if (clock.monotonic() < zoneMs) continue;
      const grant = budget.take(10, 'zones', 'zones');
      if (grant.granted) rounds += 1;
      else zoneMs = clock.monotonic() + grant.retryAfterMs;
    }
    expect(rounds).toBeGreaterThan(8);
    expect(rounds).toBeLessThanOrEqual(13);
  });

  test('does not wait where a certificate lacks only what Cloudflare left to its own token', () => {
    const { budget } = make(4, 100);
    budget.answered(0, 60_000, 'poor');
    expect(budget.take(1, 'poor').granted).toBe(false);
    expect(budget.take(1, 'rich', 'zones').granted).toBe(true);
    expect(refusal(budget, 'zones', 'poor')).toBeGreaterThanOrEqual(60_000);
  });

  test('waits while certificates do for what Cloudflare left to the same token, and a moment longer', async () => {
    const { clock, budget } = make(4, 100);
    budget.answered(10, 10_000, 'poor');
    drain(budget, 'certificates', 'poor');
    const lastMs = refusal(budget, 'certificates', 'poor');
    expect(budget.waitMs('poor', 'zones')).toBe(lastMs + 1000);
    await clock.advance(lastMs + 999);
    expect(budget.take(1, 'poor', 'zones').granted).toBe(false);
    await clock.advance(1);
    expect(budget.take(1, 'poor', 'zones').granted).toBe(true);
  });

  test('tells the zones of all tokens different moments', () => {
    const { budget } = make(4, 4);
    expect(budget.take(1, 'a', 'zones').granted).toBe(true);
    const moments = ['a', 'b', 'c'].map((account) => refusal(budget, 'zones', account));
    expect(moments).toEqual([1000, 2000, 3000]);
  });

  test('holds back no certificate by the zones that wait', () => {
    const { budget } = make(4, 100);
    drain(budget, 'zones');
    for (let i = 0; i < 50; i += 1) refusal(budget, 'zones');
    expect(budget.waitMs('certificates')).toBe(0);
  });

  test('switched off, is everything, but a 429 stops its token', () => {
    const { budget } = make(0, 1);
    for (let i = 0; i < 1000; i += 1) expect(budget.take(1, 'a', 'zones').granted).toBe(true);
    budget.limited(5000, 'a');
    expect(budget.take(1, 'a', 'zones')).toEqual({
      granted: false,
      retryAfterMs: 5000,
      because: 'rate-limit',
    });
    expect(budget.take(1, 'b', 'zones').granted).toBe(true);
  });
});

describe('whoever asks for what', () => {
  const rate = fc.integer({ min: 1, max: 20 });
  const burst = fc.integer({ min: 1, max: 40 });
  const asks = fc.array(
    fc.record({
      share: fc.constantFrom<Share>('certificates', 'zones'),
      requests: fc.integer({ min: 1, max: 12 }),
      thenMs: fc.integer({ min: 0, max: 3000 }),
    }),
    { minLength: 1, maxLength: 60 },
  );

  test('zones get no more than a quarter of burst + rate × time in any stretch, all no more than the whole', async () => {
    await fc.assert(
      fc.asyncProperty(rate, burst, asks, async (ratePerSecond, size, steps) => {
        const { clock, budget } = make(ratePerSecond, size);
        const grants: { readonly share: Share; readonly ms: number }[] = [];
        for (const { share, requests, thenMs } of steps) {
          for (let i = 0; i < requests; i += 1)
            if (budget.take(1, share, share).granted) grants.push({ share, ms: clock.monotonic() });
          await clock.advance(thenMs);
        }
        const zones = grants.filter(({ share }) => share === 'zones');
        expect(excess(grants, size, ratePerSecond)).toBeLessThanOrEqual(1e-6);
        expect(excess(zones, Math.max(1, size / 4), ratePerSecond / 4)).toBeLessThanOrEqual(1e-6);
      }),
      { numRuns: 60 },
    );
  });

  test('no zone is granted more than its least part before the certificates that were refused had their moment', async () => {
    await fc.assert(
      fc.asyncProperty(rate, burst, asks, async (ratePerSecond, size, steps) => {
        const { clock, budget } = make(ratePerSecond, size);
        const early: number[] = [];
        let waitingUntilMs = 0;
        for (const { share, requests, thenMs } of steps) {
          for (let i = 0; i < requests; i += 1) {
            const nowMs = clock.monotonic();
            const grant = budget.take(1, share, share);
            if (share === 'zones' && grant.granted && nowMs < waitingUntilMs) early.push(nowMs);
            if (share === 'certificates' && !grant.granted)
              waitingUntilMs = Math.max(waitingUntilMs, nowMs + grant.retryAfterMs);
          }
          await clock.advance(thenMs);
        }
        expect(early.length).toBeLessThanOrEqual(1 + (clock.monotonic() / 1000) * (ratePerSecond / 20));
      }),
      { numRuns: 60 },
    );
  });

  test('a lone zone that comes back when told is granted', async () => {
    await fc.assert(
      fc.asyncProperty(
        rate,
        burst,
        fc.integer({ min: 1, max: 40 }),
        async (ratePerSecond, size, requests) => {
          const { clock, budget } = make(ratePerSecond, size);
          drain(budget, 'zones');
          await clock.advance(200_000);
          for (let sent = 0; sent < requests; sent += 1) {
            const grant = budget.take(1, 'a', 'zones');
            if (grant.granted) continue;
            await clock.advance(grant.retryAfterMs);
            expect(budget.take(1, 'a', 'zones').granted).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** By how many the grants between any two of them exceed `size + rate × time`; negative where they do not. */
function excess(grants: readonly { readonly ms: number }[], size: number, ratePerSecond: number): number {
  const each = grants.flatMap(({ ms: from }, i) =>
    grants.slice(i).map(({ ms: to }, j) => j + 1 - size - ((to - from) / 1000) * ratePerSecond),
  );
  return Math.max(-Infinity, ...each);
}
