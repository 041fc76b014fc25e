import { setImmediate as othersTurn } from 'node:timers/promises';
import type { ApiAnswer } from './transport.ts';

/** Clients of many years ask for 50; a server that allows less says so by the page it sends. */
const PAGE_SIZE = 50;

/** A certificate takes a tenth of a millisecond: after so many of one page others have their turn. */
const PARSED_AT_ONCE = 100;

/** A server that always has one page more ends the listing here: 100,000 items are 250 MB of certificates. */
const MAX_PAGES = 2000;

export interface PageLimits {
  /** How many items to ask for at once. */
  readonly pageSize?: number;
  /** After so many pages the listing ends incomplete. Default 2,000. */
  readonly maxPages?: number;
}

export interface Pages<Item> {
  /** Distinct by id, in the order read. */
  readonly items: readonly Item[];
  /** True only where every page named the same total and that many distinct items were read. */
  readonly complete: boolean;
  /** `total_count` of the last page; absent where the server does not count. */
  readonly total: number | undefined;
}

/**
 * Reads pages until a page brings nothing new, so that a server that ignores `page` ends the loop as surely as an
 * empty page does, or until all of an unchanged total are read.
 *
 * A listing that changed while it was read is reported as incomplete, never repaired: whether to start over is
 * for the caller to decide.
 */
export async function readPages<Item extends { readonly id: string }>(
  fetchPage: (query: string) => Promise<ApiAnswer>,
  parse: (value: unknown) => Item | undefined,
  { pageSize = PAGE_SIZE, maxPages = MAX_PAGES }: PageLimits = {},
): Promise<Pages<Item>> {
  const items = new Map<string, Item>();
  let total: number | undefined;
  let steady = true;
  for (let page = 1; ; page += 1) {
    const answer = await fetchPage(`page=${page}&per_page=${pageSize}`);
    if (page > 1 && answer.totalCount !== total) steady = false;
    total = answer.totalCount;
    const before = items.size;
    const values: readonly unknown[] = Array.isArray(answer.result) ? answer.result : [];
    for (const [index, value] of values.entries()) {
      if (index % PARSED_AT_ONCE === PARSED_AT_ONCE - 1) await othersTurn();
      const item = parse(value);
      if (item === undefined) steady = false;
      else if (!items.has(item.id)) items.set(item.id, item);
    }
    const complete = steady && total !== undefined && items.size === total;
    if (complete || items.size === before || page >= maxPages)
      return { items: [...items.values()], complete, total };
  }
}
