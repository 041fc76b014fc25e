import { afterEach, describe, expect, test } from 'vitest';
import { Budget } from '../../../src/cloudflare/budget.ts';
import { readPages } from '../../../src/cloudflare/paging.ts';
import type { ApiAnswer } from '../../../src/cloudflare/transport.ts';
import { TestClock } from '../../support/test-clock.ts';
import { answer, failure, Wire } from './wire.ts';

const signal = new AbortController().signal;

let wire: Wire;
afterEach(() => wire.stop());

describe('listing', () => {
  const items = (from: number, to: number): { id: string }[] =>
    Array.from({ length: to - from }, (_, i) => ({ id: String(from + i) }));
  const pageOf = (url: URL): number => Number(url.searchParams.get('page'));

  /** Serves `count` certificates, at most `size` a page, saying `total(page)`. */
  function pages(count: number, size: number, total: (page: number) => number | undefined = () => count) {
    return Wire.start(({ url }, response) => {
      const page = pageOf(url);
      const result = items((page - 1) * size, Math.min(page * size, count));
      answer(response, result, {
        result_info: { page, per_page: size, count: result.length, total_count: total(page) },
      });
    });
  }

  test('reads all pages of the size that the server allows', async () => {
    wire = await pages(45, 20);
    const { complete, certificates } = await wire.client.listCertificates('zone/1', { signal });
    expect(complete).toBe(true);
    expect(certificates.map(({ id }) => id)).toEqual(items(0, 45).map(({ id }) => id));
    expect(wire.seen.map(({ url }) => url.searchParams.get('zone_id'))).toEqual([
      'zone/1',
      'zone/1',
      'zone/1',
    ]);
  });

  test.each<[string, number, number, (page: number) => number | undefined, boolean, number]>([
    ['an empty zone', 0, 20, () => 0, true, 1],
    ['a last page that is full', 40, 20, () => 40, true, 2],
    ['no total', 30, 20, () => undefined, false, 3],
    ['a total that grew meanwhile', 40, 20, (page) => 39 + page, false, 3],
    ['a total that shrank meanwhile', 40, 20, (page) => 42 - page, false, 3],
    ['fewer than the total', 40, 20, () => 60, false, 3],
    ['more than the total', 40, 20, () => 30, false, 3],
  ])('%s', async (_, count, size, total, complete, requests) => {
    wire = await pages(count, size, total);
    const listing = await wire.client.listCertificates('z', { signal });
    expect(listing.complete).toBe(complete);
    expect(listing.certificates).toHaveLength(count);
    expect(wire.seen).toHaveLength(requests);
  });

  test('ends on a server that ignores the page, and counts what it got', async () => {
    wire = await Wire.start((_, response) =>
      answer(response, items(0, 20), { result_info: { total_count: 45 } }),
    );
    expect(await wire.client.listCertificates('z', { signal })).toMatchObject({ complete: false });
    expect(wire.seen).toHaveLength(2);
  });

  test('is complete on a server that ignores the page size and sends all at once', async () => {
    wire = await Wire.start((_, response) =>
      answer(response, items(0, 300), { result_info: { total_count: 300 } }),
    );
    expect(await wire.client.listCertificates('z', { signal })).toMatchObject({ complete: true });
    expect(wire.seen).toHaveLength(1);
  });

  test('gives others their turn while it reads thousands in one piece', async () => {
    const all = JSON.stringify(items(0, 10_000));
    let turns = 0;
    let reading = true;
    const count = (): void => {
      turns += 1;
      if (reading) setImmediate(count);
    };
    const fetchPage = (): Promise<ApiAnswer> => {
      count(); // From here on nothing but the reading of what came could let anybody in.
      const result: unknown = JSON.parse(all);
      return Promise.resolve({ result, totalCount: 10_000, rayId: undefined });
    };
    const { complete } = await readPages(fetchPage, (value) => value as { id: string });
    reading = false;
    expect(complete).toBe(true);
    expect(turns).toBeGreaterThanOrEqual(100);
  });

  test('is not complete with an entry that names no certificate', async () => {
    wire = await Wire.start((_, response) =>
      answer(response, [...items(0, 2), {}], { result_info: { total_count: 2 } }),
    );
    expect((await wire.client.listCertificates('z', { signal })).complete).toBe(false);
  });

  test('pays for every page, and waits for the budget between pages where it may', async () => {
    const clock = new TestClock();
    const budget = new Budget({ ratePerSecond: 1, burst: 1, clock });
    wire = await Wire.start(
      ({ url }, response) => {
        answer(response, items(pageOf(url) * 10, pageOf(url) * 10 + 10), {
          result_info: { total_count: 30 },
        });
      },
      { budget, clock },
    );
    let done = false;
    const listing = wire.client.listCertificates('z', { signal, waitForBudget: true }).finally(() => {
      done = true;
    });
    for (const sent of [1, 2, 3]) {
      await expect.poll(() => wire.seen.length + clock.waiting).toBe(sent === 3 ? 3 : sent + 1);
      expect(wire.seen).toHaveLength(sent);
      if (sent < 3) await clock.advance(1000);
    }
    expect((await listing).complete).toBe(true);
    expect(done).toBe(true);
  });

  test('that may not wait fails in the middle instead', async () => {
    const budget = new Budget({ ratePerSecond: 1, burst: 1, clock: new TestClock() });
    wire = await Wire.start(
      ({ url }, response) => {
        answer(response, items(pageOf(url) * 10, pageOf(url) * 10 + 10), {
          result_info: { total_count: 30 },
        });
      },
      { budget },
    );
    expect(await failure(wire.client.listCertificates('z', { signal }))).toMatchObject({
      kind: 'BudgetExhausted',
      retryAfterMs: 1000,
    });
  });

  test('a wait for the budget ends with the caller', async () => {
    const clock = new TestClock();
    const controller = new AbortController();
    const budget = new Budget({ ratePerSecond: 1, burst: 1, clock });
    wire = await Wire.start(
      (_, response) => answer(response, items(0, 1), { result_info: { total_count: 9 } }),
      { budget, clock },
    );
    const listing = failure(
      wire.client.listCertificates('z', { signal: controller.signal, waitForBudget: true }),
    );
    await expect.poll(() => clock.waiting).toBe(1);
    controller.abort(new Error('done'));
    expect((await listing).kind).toBe('Aborted');
    expect(clock.waiting).toBe(0);
  });

  test('of zones fails rather than miss one', async () => {
    wire = await Wire.start((_, response) => {
      answer(response, [{ id: 'z1', name: 'Example.com', status: 'active' }], {
        result_info: { total_count: 2 },
      });
    });
    const error = await failure(wire.client.listZones({ signal }));
    expect(error.message).toContain('a list of 1 zones that says it has 2');
  });

  test('of zones needs no total', async () => {
    wire = await Wire.start((_, response) =>
      answer(response, [{ id: 'z1', name: 'Example.com', status: 'active' }]),
    );
    expect(await wire.client.listZones({ signal })).toMatchObject([
      { id: 'z1', name: 'example.com', status: 'active' },
    ]);
  });
});
