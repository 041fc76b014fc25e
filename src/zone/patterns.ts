import { normalizeHostname } from '../api/hostname.ts';

const WILDCARD = '*.';

/** The name, then `*.` before each of its parents, nearest first: all patterns that cover it. */
export function* patternsCovering(name: string): Generator<string> {
  yield name;
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
    yield WILDCARD + name.slice(dot + 1);
}

/**
 * Hostname patterns, each with a value; the first given of equal ones counts. `example.com` is that name alone,
 * `*.example.com` everything below it at any depth, `*` every name. A look-up costs as much as the name has labels,
 * however many patterns there are: thousands of names meet them at every pass.
 */
export class Patterns<Value> {
  readonly #values = new Map<string, Value>();

  constructor(entries: Iterable<readonly [pattern: string, value: Value]>) {
    for (const [pattern, value] of entries) {
      const normal = normalizeHostname(pattern);
      if (!this.#values.has(normal)) this.#values.set(normal, value);
    }
  }

  /** Values of the patterns that cover the name, the nearest pattern first. */
  *of(name: string): Generator<Value> {
    for (const pattern of patternsCovering(name)) {
      const value = this.#values.get(pattern);
      if (value !== undefined) yield value;
    }
    const every = this.#values.get('*');
    if (every !== undefined) yield every;
  }

  covers(name: string): boolean {
    return !this.of(name).next().done;
  }
}
