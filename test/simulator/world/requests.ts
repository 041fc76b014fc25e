import type { Operation, RequestCount, RequestFilter, RequestView } from '../protocol.ts';

/** A request while it is answered: the log shows it from its arrival on. */
export type RequestEntry = { -readonly [K in keyof RequestView]: RequestView[K] };

/** Older lines are dropped beyond this many: a soak run must not grow the simulator. Counts go on. */
const KEPT = 100_000;

/** What was asked of the API, in order of arrival. */
export class RequestLog {
  #entries: RequestEntry[] = [];
  readonly #counts = new Map<string, { operation: Operation; tokenId?: string; count: number }>();

  open(entry: RequestEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > KEPT * 1.1) this.#entries = this.#entries.slice(-KEPT);
  }

  /** Counts the entry, once its token is known. */
  count({ operation, tokenId }: RequestEntry): void {
    const key = `${operation} ${tokenId ?? ''}`;
    const counted = this.#counts.get(key);
    if (counted === undefined) this.#counts.set(key, { operation, ...(tokenId && { tokenId }), count: 1 });
    else counted.count += 1;
  }

  find(filter: RequestFilter): readonly RequestView[] {
    return this.#entries.filter(
      (entry) =>
        (filter.operation === undefined || entry.operation === filter.operation) &&
        (filter.tokenId === undefined || entry.tokenId === filter.tokenId) &&
        (filter.status === undefined || entry.status === filter.status),
    );
  }

  counts(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }
}
