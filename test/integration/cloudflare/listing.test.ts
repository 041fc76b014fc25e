import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloudflareApi } from '../../../src/cloudflare/api.ts';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { ListingBoard } from '../../../src/cloudflare/listings.ts';
import { systemClock } from '../../../src/clock.ts';
import type { Simulator } from '../../simulator/client.ts';
import { apiFor, clientFor, startTrusted, wanted } from './simulated.ts';

const signal = new AbortController().signal;

let simulator: Simulator;
let api: CloudflareApi;
beforeAll(async () => {
  simulator = await startTrusted();
  await simulator.settings({ budget: { quota: 100_000 } });
  api = apiFor(simulator);
});
afterAll(async () => {
  await api.close();
  await simulator.stop();
});

async function listRequests(): Promise<number> {
  return (await simulator.requests({ operation: 'listCertificates' })).length;
}

describe('a large zone', () => {
  test('of 8,000 certificates, 20 a page, is read whole', async () => {
    const { id } = await simulator.seedZone({ name: 'large.test' });
    const client = await clientFor(simulator, api);
    const request = await wanted(['www.large.test']);
    await client.createCertificate(request, { signal });
    await simulator.seedCertificates(id, { count: 7999 });
    await simulator.settings({ maxPerPage: 20 });
    const before = await listRequests();
    const board = new ListingBoard({ client, clock: systemClock, signal: AbortSignal.timeout(60_000) });
    const listing = await board.since(id, systemClock.monotonic());
    expect(listing.complete).toBe(true);
    expect(listing.certificates).toHaveLength(8000);
    expect(listing.byPublicKey(request.keyDigest)).toHaveLength(1);
    expect((await listRequests()) - before).toBe(400);
    await simulator.settings({ maxPerPage: 50 });
  });

  test.each([
    ['sends its first page again and again', 'firstPage', { complete: false, length: 20 }],
    ['sends everything at once', 'whole', { complete: true, length: 60 }],
  ] as const)('of a server that %s ends', async (_, paging, expected) => {
    const { id } = await simulator.seedZone({ name: `${paging.toLowerCase()}.test` });
    const client = await clientFor(simulator, api);
    await simulator.seedCertificates(id, { count: 60 });
    await simulator.settings({ paging, maxPerPage: 20 });
    const { complete, certificates } = await client.listCertificates(id, { signal });
    await simulator.settings({ paging: 'honoured', maxPerPage: 50 });
    expect({ complete, length: certificates.length }).toEqual(expected);
  });
});

describe('the limiter', () => {
  test("makes what is left of the user's budget last", async () => {
    await simulator.settings({ budget: { quota: 20, windowMs: 60_000 } });
    const budget = new Budget({ ratePerSecond: 1000, burst: 1000, clock: systemClock });
    const careful = apiFor(simulator, { budget });
    const client = await clientFor(simulator, careful, { user: 'thrifty' });
    const outcomes: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      const outcome = client.verifyToken({ signal }).then(
        () => 'sent',
        (error: unknown) => (error instanceof Error && 'kind' in error ? String(error.kind) : 'other'),
      );
      outcomes.push(await outcome);
    }
    await careful.close();
    await simulator.settings({ budget: { quota: 100_000 } });
    expect(new Set(outcomes)).toEqual(new Set(['sent', 'BudgetExhausted']));
    expect(outcomes.filter((outcome) => outcome === 'sent').length).toBeLessThanOrEqual(20);
  });
});
