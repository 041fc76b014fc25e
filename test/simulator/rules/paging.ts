/** How list routes treat page parameters: as documented, or as a server that does not know them. */
export type PagingMode = 'honoured' | 'whole' | 'firstPage';

export interface PagingRules {
  readonly mode: PagingMode;
  readonly maxPerPage: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly resultInfo: {
    readonly page: number;
    readonly per_page: number;
    readonly count: number;
    readonly total_count: number;
    readonly total_pages: number;
  };
}

const DEFAULT_PER_PAGE = 20;

/**
 * One page of `all`. `limit` and `offset` count items and win over `page` and `per_page`; values that are
 * not positive integers count as absent; a page size above the maximum is lowered to it.
 */
export function pageOf<T>(
  all: readonly T[],
  query: Readonly<Record<string, string>>,
  rules: PagingRules,
): Page<T> {
  const perPage = Math.min(
    integer(query['limit'], 1) ?? integer(query['per_page'], 1) ?? DEFAULT_PER_PAGE,
    rules.maxPerPage,
  );
  const offset = integer(query['offset'], 0);
  const askedPage =
    offset === undefined ? (integer(query['page'], 1) ?? 1) : Math.floor(offset / perPage) + 1;
  switch (rules.mode) {
    case 'honoured':
      return page(all, offset ?? (askedPage - 1) * perPage, perPage, askedPage);
    case 'firstPage':
      return page(all, 0, perPage, 1);
    case 'whole':
      return page(all, 0, Math.max(all.length, 1), 1);
  }
}

function page<T>(all: readonly T[], start: number, perPage: number, number: number): Page<T> {
  const items = all.slice(start, start + perPage);
  const totalPages = Math.ceil(all.length / perPage);
  return {
    items,
    resultInfo: {
      page: number,
      per_page: perPage,
      count: items.length,
      total_count: all.length,
      total_pages: totalPages,
    },
  };
}

function integer(text: string | undefined, least: number): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least ? value : undefined;
}
