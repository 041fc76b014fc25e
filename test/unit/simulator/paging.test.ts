import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageOf } from '../../simulator/rules/paging.ts';

const all = Array.from({ length: 45 }, (_, index) => index);
const rules = { mode: 'honoured', maxPerPage: 50 } as const;

describe('pageOf', () => {
  test.each([
    [{}, 0, 20],
    [{ page: '2' }, 20, 20],
    [{ page: '3' }, 40, 5],
    [{ page: '4' }, 60, 0],
    [{ page: '2', per_page: '10' }, 10, 10],
    [{ limit: '7', offset: '3' }, 3, 7],
    [{ limit: '7' }, 0, 7],
    [{ offset: '44' }, 44, 1],
    [{ limit: '10', offset: '20', page: '1', per_page: '5' }, 20, 10],
    [{ per_page: '1000' }, 0, 45],
    [{ page: '0', per_page: '-1' }, 0, 20],
    [{ page: 'x', per_page: 'y' }, 0, 20],
  ])('answers %j with items from %d on, %d of them', (query, start, count) => {
    expect(pageOf(all, query, rules).items).toEqual(all.slice(start, start + count));
  });

  test('lowers a page size above the maximum to it', () => {
    const page = pageOf(all, { per_page: '45' }, { ...rules, maxPerPage: 20 });
    expect(page.resultInfo).toEqual({ page: 1, per_page: 20, count: 20, total_count: 45, total_pages: 3 });
  });

  test('tells of an empty list without inventing a page', () => {
    expect(pageOf([], {}, rules).resultInfo).toEqual({
      page: 1,
      per_page: 20,
      count: 0,
      total_count: 0,
      total_pages: 0,
    });
  });

  test('can ignore page parameters: the same first page again and again', () => {
    const mode = { ...rules, mode: 'firstPage' } as const;
    expect(pageOf(all, { page: '3' }, mode).items).toEqual(pageOf(all, {}, mode).items);
  });

  test('can ignore page parameters: everything at once', () => {
    expect(pageOf(all, { page: '2', per_page: '5' }, { ...rules, mode: 'whole' }).items).toEqual(all);
  });

  test('pages, one after another, are the list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 120 }),
        fc.integer({ min: 1, max: 60 }),
        (items, perPage) => {
          const pages: number[] = [];
          for (let page = 1; ; page += 1) {
            const found = pageOf(items, { page: String(page), per_page: String(perPage) }, rules).items;
            if (found.length === 0) break;
            pages.push(...found);
          }
          expect(pages).toEqual(items);
        },
      ),
    );
  });
});
