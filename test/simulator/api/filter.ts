/** How Cloudflare's list routes filter and sort. */

const OPERATORS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  equal: (value, wanted) => value === wanted,
  not_equal: (value, wanted) => value !== wanted,
  starts_with: (value, wanted) => value.startsWith(wanted),
  ends_with: (value, wanted) => value.endsWith(wanted),
  contains: (value, wanted) => value.includes(wanted),
};

/**
 * Whether the values meet the filters given, each `[filter, value]`: all of them, or one with `any`. A filter
 * may begin with an operator (`starts_with:…`, `…_case_sensitive`); undefined or empty filters do not count.
 */
export function matches(any: boolean, filters: readonly (readonly [string | undefined, string])[]): boolean {
  const verdicts = filters
    .filter(([filter]) => filter !== undefined && filter !== '')
    .map(([filter = '', value]) => meets(filter, value));
  if (verdicts.length === 0) return true;
  return any ? verdicts.some(Boolean) : verdicts.every(Boolean);
}

function meets(filter: string, value: string): boolean {
  const [, name = 'equal', wanted = filter] = /^([a-z_]+):(.*)$/.exec(filter) ?? [];
  const operator = OPERATORS[name.replace(/_case_sensitive$/, '')];
  if (operator === undefined) return meets(`equal:${filter}`, value);
  if (name.endsWith('_case_sensitive')) return operator(value, wanted);
  return operator(value.toLowerCase(), wanted.toLowerCase());
}

/** The items by a key, or as they are without one. */
export function sorted<T>(
  items: readonly T[],
  key: ((item: T) => string) | undefined,
  direction: string | undefined,
): readonly T[] {
  if (key === undefined) return items;
  const ascending = items.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return direction === 'desc' ? ascending.reverse() : ascending;
}
